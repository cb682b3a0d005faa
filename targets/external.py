"""A runtime that is installed elsewhere: where it lies, and whether its archive fits an image.

An archive that was built for another core, or with flags under which its objects have another
shape, may link and then compute nonsense. So it is read with the toolchain's own `readelf` and `nm`
before the link, and what does not match is said in one line.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from targets import build, output
from targets.command import run
from targets.errors import BuildError, ExternalError
from targets.load import Target

_SECONDS = 120
_ATTRIBUTE = re.compile(r"^\s+Tag_(\w+): (.+)$", re.MULTILINE)
_HEADER = re.compile(r"^\s+(Class|Machine|Flags):\s+(.+)$", re.MULTILINE)
_SYMBOL = re.compile(r"^(?:[0-9a-f]+)?\s+([A-Za-z]) (\S+)$", re.MULTILINE)
_UNDEFINED = "Uwv"
"""Kinds of nm for a name that is used and is defined elsewhere."""
_HARD = "VFP registers"


@dataclass(frozen=True)
class Build:
    """What an object tells of how it was built; the values are readelf's own words."""

    machine: str
    cpu: str
    """Architecture of the core: Tag_CPU_arch of Arm, Tag_RISCV_arch; empty where there is none."""
    floats: str
    """How floats are passed to functions."""


@dataclass(frozen=True)
class Symbols:
    """Names that an archive defines, and that its objects use."""

    defined: frozenset[str]
    used: frozenset[str]


def folder(
    variable: str, environ: Mapping[str, str], what: str, expected: str, option: str = ""
) -> Path:
    """Return the folder that `variable` names.

    Raises ExternalError when it is not set, is no folder or lacks `expected`, a path inside of it
    by which it is known. `what` says what belongs there, `option` is scons's name of it (default:
    the variable's in lower case).
    """
    hint = f"set {variable} (or {option or variable.lower()}= of scons) to {what}"
    text = environ.get(variable, "")
    if not text:
        raise ExternalError(f"{variable} is not set: {hint}")
    path = Path(text).expanduser().resolve()
    if not path.is_dir():
        raise ExternalError(f"{variable}={text}: no such folder: {hint}")
    if not (path / expected).exists():
        raise ExternalError(f"{variable}={text}: holds no {expected}: {hint}")
    return path


def builds(archive: Path, target: Target) -> frozenset[Build]:
    """Return the kinds of objects in an archive; ExternalError when it is none or is empty."""
    stamp = archive.stat()
    return _builds(archive, build.tool(target, "readelf"), stamp.st_mtime_ns, stamp.st_size)


@cache
def _builds(archive: Path, readelf: str, changed: int, size: int) -> frozenset[Build]:
    del changed, size  # an archive that was built anew is read anew
    text = _tool([readelf, "-h", "-A", "-W", str(archive)], archive)
    members = text.split("\nFile: ")[1:] if "\nFile: " in f"\n{text}" else [text]
    found = {_build(member) for member in members if "Machine:" in member}
    if not found:
        raise ExternalError(f"{archive}: holds no object files")
    return frozenset(found)


def _build(text: str) -> Build:
    header, tags = dict(_HEADER.findall(text)), dict(_ATTRIBUTE.findall(text))
    cpu = str(tags.get("CPU_arch") or tags.get("RISCV_arch", "")).strip('"')
    flags = header.get("Flags", "")
    floats = tags.get("ABI_VFP_args", "soft") if "CPU_arch" in tags else flags
    return Build(f"{header['Class']} {header['Machine']}", cpu, floats)


def wanted(target: Target) -> Build:
    """Return what an object is like that is compiled with the target's own flags."""
    with output.scratch("external") as work:
        source, made = work / "empty.c", work / "empty.o"
        source.write_text("int safe_empty;\n")
        command = [build.tool(target, "gcc"), *target.cpu.flags, *target.toolchain.cflags]
        _tool([*command, "-c", str(source), "-o", str(made)], made)
        text = _tool([build.tool(target, "readelf"), "-h", "-A", "-W", str(made)], made)
    return _build(text)


def check(archive: Path, target: Target, advice: str) -> None:
    """Raise ExternalError when an object of the archive was built for another core or float ABI.

    `advice` says by which setting of the runtime's own build that is chosen.
    """
    expected = wanted(target)
    flags = " ".join(target.cpu.flags) or target.cpu.name
    for found in sorted(builds(archive, target), key=str):
        if found.machine != expected.machine:
            raise ExternalError(
                f"{archive}: is for {found.machine}, target {target.name} is {expected.machine}:"
                f" {advice}"
            )
        if not _same_cpu(found.cpu, expected.cpu):
            raise ExternalError(
                f"{archive}: is built for core {found.cpu or 'unknown'}, target {target.name} is"
                f" {expected.cpu} ({flags}): {advice}"
            )
        if found.floats != expected.floats:
            raise ExternalError(
                f"{archive}: passes floats in {_words(found.floats)}, target {target.name} in"
                f" {_words(expected.floats)} ({flags}): {advice}"
            )


def _same_cpu(found: str, expected: str) -> bool:
    """Return whether code of one core runs on the other; of RISC-V, fewer extensions do."""
    if expected.startswith("rv"):
        ours, theirs = _extensions(expected), _extensions(found)
        return found[:4] == expected[:4] and theirs <= ours
    return found == expected


def _extensions(text: str) -> set[str]:
    names = {re.sub(r"\d+p\d+$", "", part) for part in text[4:].split("_")}
    return names - {"zicsr", "zifencei", "zmmul"}  # split off by the specification of 2019


def _words(floats: str) -> str:
    if floats == _HARD:
        return "registers of the FPU"
    return "core registers (soft-float)" if floats == "soft" else f"the way of ABI {floats}"


def symbols(archive: Path, target: Target) -> Symbols:
    """Return the symbols of an archive, mangled as they stand there."""
    stamp = archive.stat()
    return _symbols(archive, build.tool(target, "nm"), stamp.st_mtime_ns, stamp.st_size)


@cache
def _symbols(archive: Path, nm: str, changed: int, size: int) -> Symbols:
    del changed, size
    pairs = _SYMBOL.findall(_tool([nm, str(archive)], archive))
    used = frozenset(name for kind, name in pairs if kind in _UNDEFINED)
    return Symbols(frozenset(name for kind, name in pairs if kind not in _UNDEFINED), used)


def one(archives: Iterable[Path], target: Target, place: Path, advice: str) -> Path:
    """Return the one archive that fits the target; ExternalError when none or several do.

    Where there is only one, that it does not fit is told by `check`, more closely.
    """
    found = sorted(archives)
    if not found:
        raise ExternalError(f"{place}: holds no archive: {advice}")
    if len(found) == 1:
        check(found[0], target, advice)
        return found[0]
    fitting = [archive for archive in found if _fits(archive, target)]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(str(archive.relative_to(place)) for archive in fitting or found)
    if fitting:
        raise ExternalError(f"{place}: several archives fit {target.name}: {names}: keep one")
    raise ExternalError(f"{place}: none of its archives fits {target.name} ({names}): {advice}")


def _fits(archive: Path, target: Target) -> bool:
    try:
        check(archive, target, "")
    except ExternalError:
        return False
    return True


def _tool(command: list[str], about: Path) -> str:
    done = run(command, _SECONDS, timeout=BuildError)
    if done.returncode != 0:
        first = (done.stderr.strip().splitlines() or ["no message"])[0]
        raise ExternalError(f"{about}: cannot be read: {first}")
    return done.stdout
