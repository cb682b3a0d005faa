"""Choice of the kernel file for an instruction set: its own, a shared one, or the reference.

One rule for code generation, firmware images (`targets.build`) and the standalone folder.
"""

from pathlib import Path
from typing import Literal, get_args

from targets.errors import SafeError
from targets.places import SDK

KERNELS = SDK / "src" / "kernel"
REFERENCE = "ref"

Isa = Literal["ref", "dsp", "mve", "rv32", "v6m"]
ISAS: tuple[Isa, ...] = get_args(Isa)

CHAIN: dict[Isa, tuple[str, ...]] = {
    "ref": (),
    "dsp": ("dsp", "shared"),
    "mve": ("mve", "dsp", "shared"),
    "rv32": ("rv32", "shared"),
    "v6m": ("v6m", "shared"),
}
"""The folders that an instruction set looks through for a form of an operator, best first.

The same folders hold C (`sdk/src/kernel/<folder>`) and what prepares its call
(`codegen/backends/native/<folder>`). The plain C of `ref` comes last, always.
"""


def folders(isa: str) -> tuple[str, ...]:
    """Return the folders of C that `isa` is compiled from, best first; ends with `ref`."""
    return (*next((chain for name, chain in CHAIN.items() if name == isa), (isa,)), REFERENCE)


def exists(isa: str, source: str) -> bool:
    """Return whether `source` (a stem such as `conv_2d`) has a file for `isa` or as reference."""
    return _find(isa, source) is not None


def variant(isa: str, source: str) -> str:
    """Return the folder that `source` is compiled from: the first of the chain that has it."""
    return path(isa, source).parent.name


def path(isa: str, source: str) -> Path:
    """Return the kernel file; raises `SafeError` when not even the reference has it."""
    found = _find(isa, source)
    if found is None:
        raise SafeError(f"kernel source {source}.c does not exist for {isa}; a defect of SAFE")
    return found


def sources(isa: str, kernels: Path = KERNELS) -> list[Path]:
    """Return every kernel file that `isa` compiles, sorted by name: of each name the first."""
    chosen: dict[str, Path] = {}
    for folder in reversed(folders(isa)):
        chosen |= {p.name: p for p in (kernels / folder).glob("*.c")}
    return [chosen[name] for name in sorted(chosen)]


def _find(isa: str, source: str) -> Path | None:
    found = (KERNELS / folder / f"{source}.c" for folder in folders(isa))
    return next((p for p in found if p.is_file()), None)
