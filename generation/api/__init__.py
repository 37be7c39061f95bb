"""The API of machine work."""
