"""SUB has ADD's affine form, with the second factor negative."""

from codegen.backends.native.mve.add import replace

__all__ = ["replace"]
