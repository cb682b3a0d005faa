"""Backends: native C, TensorFlow Lite Micro, X-CUBE-AI."""
