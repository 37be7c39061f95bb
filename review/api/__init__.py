"""The HTTP API: the same functions and rules as the pages, in JSON."""
