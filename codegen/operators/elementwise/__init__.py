"""Operators that compute each element by itself, with the helpers that they share."""
