"""SUB has ADD's affine form, with the second factor negative."""

from codegen.backends.native.shared.add import replace

__all__ = ["replace"]
