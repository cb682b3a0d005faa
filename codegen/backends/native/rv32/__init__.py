"""Tuned forms for RV32IM."""
