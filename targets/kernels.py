"""Which kernel file an instruction set compiles: its own, or the reference's where it has none.

The same rule as `targets.build`, which compiles firmware images, and as the standalone folder.
"""

from pathlib import Path

from targets.errors import SafeError

KERNELS = Path(__file__).resolve().parents[1] / "sdk" / "src" / "kernel"
REFERENCE = "ref"


def exists(isa: str, source: str) -> bool:
    """Return whether `source` (a stem such as `conv_2d`) has a file for `isa` or as reference."""
    return _find(isa, source) is not None


def variant(isa: str, source: str) -> str:
    """Return the folder that `source` is compiled from: `isa`, or `ref` where `isa` has none.

    `OperatorSpec.lower` packs weights for the kernel that will read them, so it asks this.
    """
    return path(isa, source).parent.name


def path(isa: str, source: str) -> Path:
    """Return the kernel file; raises `SafeError` when not even the reference has it."""
    found = _find(isa, source)
    if found is None:
        raise SafeError(f"kernel source {source}.c does not exist for {isa}; a defect of SAFE")
    return found


def _find(isa: str, source: str) -> Path | None:
    found = (KERNELS / folder / f"{source}.c" for folder in (isa, REFERENCE))
    return next((p for p in found if p.is_file()), None)
