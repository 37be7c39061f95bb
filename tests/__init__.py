"""A package of its own: libraries that bring a `tests` with them would otherwise be found first."""
