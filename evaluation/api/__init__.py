"""The HTTP API of results: the same numbers as pages, commands and releases."""
