"""Workflows from end to end: train, build, run, count, compare, report."""
