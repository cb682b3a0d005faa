"""The static libraries of a package, for users who want no sources: one per core and float ABI."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import DataError
from host_tools.package.request import Request
from host_tools.package.sources import FOLDER, Sources
from targets import build
from targets.command import run
from targets.errors import BuildError
from targets.suggest import did_you_mean

_ARM, _RISCV = "arm-none-eabi-", "riscv64-unknown-elf-"
_THUMB = ("-mthumb", "-mfloat-abi=soft")
_RISCV_LIBC = "--specs=picolibc.specs"
CFLAGS = ("-std=c99", "-O2", "-ffunction-sections", "-fdata-sections", "-fno-common", "-Wall")
_SECONDS = 300

Say = Callable[[str], None]


@dataclass(frozen=True)
class Core:
    """A processor core and how it passes floats: what every object of an image must agree on."""

    prefix: str
    """Beginning of the names of its tools."""
    flags: tuple[str, ...]


def _hard(fpu: str) -> tuple[str, ...]:
    return ("-mthumb", f"-mfpu={fpu}", "-mfloat-abi=hard")


CORES: Mapping[str, Core] = {
    "cortex-m0plus": Core(_ARM, ("-mcpu=cortex-m0plus", *_THUMB)),
    "cortex-m3": Core(_ARM, ("-mcpu=cortex-m3", *_THUMB)),
    "cortex-m4": Core(_ARM, ("-mcpu=cortex-m4", *_THUMB)),
    "cortex-m4-hard": Core(_ARM, ("-mcpu=cortex-m4", *_hard("fpv4-sp-d16"))),
    "cortex-m7-hard": Core(_ARM, ("-mcpu=cortex-m7", *_hard("fpv5-d16"))),
    "cortex-m33": Core(_ARM, ("-mcpu=cortex-m33", *_THUMB)),
    "cortex-m33-hard": Core(_ARM, ("-mcpu=cortex-m33", *_hard("fpv5-sp-d16"))),
    "rv32imac": Core(_RISCV, ("-march=rv32imac", "-mabi=ilp32", _RISCV_LIBC)),
    "rv32imafc": Core(_RISCV, ("-march=rv32imafc", "-mabi=ilp32f", _RISCV_LIBC)),
}
"""Name to core. Without `-hard` floats travel in integer registers, as by `-mfloat-abi=soft`."""


def cores(words: Sequence[str]) -> tuple[str, ...]:
    """Return the cores that some words name, each with commas between several, in their order.

    Raises DataError for one that is not known.
    """
    asked = [part.strip() for word in words for part in word.split(",") if part.strip()]
    for name in asked:
        if name not in CORES:
            raise DataError(
                f"--library {name!r}: known are {', '.join(CORES)}{did_you_mean(name, CORES)}"
            )
    return tuple(name for name in CORES if name in asked)


def path(request: Request, core: str) -> str:
    """Return where a library lies in the package."""
    return f"lib/{core}/lib{request.name}.a"


def libraries(request: Request, sources: Sources, work: Path, say: Say) -> dict[str, bytes]:
    """Return the libraries of a request by path, built in the folder `work`.

    The same compiler gives the same bytes: no debug information, no path, no date. `say` takes one
    line of news for the user. Raises BuildError when a tool is missing or fails.
    """
    if not request.libraries:
        return {}
    for name, text in sources.files.items():
        place = work / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    found = {}
    for core in request.libraries:
        say(f"compiling {path(request, core)}")
        found[path(request, core)] = _built(core, sources, work)
    return found


def _built(core: str, sources: Sources, work: Path) -> bytes:
    about, folder = CORES[core], work / core
    folder.mkdir()
    package = f"gcc-{about.prefix}".removesuffix("-")
    compiler, archiver = (build.program(about.prefix + n, package) for n in ("gcc", "ar"))
    names = [f"../{path}" for path in sources.names(".c")]
    _call([compiler, *about.flags, *CFLAGS, f"-I../{FOLDER}", "-c", *names], folder)
    objects = [Path(name).with_suffix(".o").name for name in names]
    archive = folder / "library.a"
    _call([archiver, "rcsD", archive.name, *objects], folder)
    return archive.read_bytes()


def _call(command: Sequence[str], folder: Path) -> None:
    done = run(command, _SECONDS, timeout=BuildError, cwd=folder)
    if done.returncode != 0 or done.stderr:
        lines = [line for line in done.stderr.splitlines() if re.search("error|warning", line)]
        raise BuildError(f"{Path(command[0]).name}: {(lines or [done.stderr or 'failed'])[0]}")
