"""Operators that reduce many elements to one."""
