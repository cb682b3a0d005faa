"""Tuned forms in portable C, and helpers that all instruction sets share."""
