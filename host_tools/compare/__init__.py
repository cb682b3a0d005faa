"""Comparison of device, generated C, reference, oracle and float."""
