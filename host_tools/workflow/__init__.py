"""What a user asks for, from end to end: train, build, run, count, compare, report."""
