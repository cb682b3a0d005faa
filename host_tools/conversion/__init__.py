"""Conversion of trained networks: export, quantization to int8, and checks of the result."""
