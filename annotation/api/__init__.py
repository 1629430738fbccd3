"""The HTTP API of what comes in: files sent in parts, and what became of each batch."""
