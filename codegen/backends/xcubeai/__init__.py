"""X-CUBE-AI: the C that ST's tool generates, behind the same functions as SAFE's own kernels."""
