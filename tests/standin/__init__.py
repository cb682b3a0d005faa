"""Stand-ins for libraries that a test machine cannot have, written over SAFE's own kernels."""
