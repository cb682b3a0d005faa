"""Operators with a state that moves from step to step."""
