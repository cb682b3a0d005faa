"""The native backend: SAFE's own C kernels."""
