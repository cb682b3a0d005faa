"""Formats of the files that are written and read, one module each."""
