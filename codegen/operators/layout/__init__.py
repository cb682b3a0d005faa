"""Operators that move bytes and change none: the layout of data."""
