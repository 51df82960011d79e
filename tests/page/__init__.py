"""The built-in page, as people meet it."""
