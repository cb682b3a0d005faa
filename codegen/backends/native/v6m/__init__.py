"""Tuned forms for Armv6-M and Armv8-M Baseline: two products in one multiplication."""
