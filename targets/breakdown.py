"""Flash and RAM of an image by owner: operator, kernel, runtime, driver, library.

Every byte of the linked image has one owner, so the columns add up to the totals of `size.py`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from targets.elf import Image, Section
from targets.linkmap import MapEntry

GROUPS = {
    "operator": "each operator: its weights, tables and parameters, and the function that calls",
    "kernel": "arithmetic, which operators share",
    "model": "what the operators of the model share, and the detector's constants",
    "runtime": "sdk/src",
    "application": "main, and the memory that it gives to model and detector",
    "driver": "clock and UART of the chip",
    "start-up": "vectors, faults, timebase of the core",
    "library": "archives: the toolchain's C library and compiler support, and a foreign runtime",
    "other": "what is of no known file: with lto=1, all but operators and kernels",
    "alignment": "unused bytes between parts",
    "stack": "reserved",
}
_STACK = ".stack"
_FOLDERS = {
    "sdk/src/kernel/": "kernel",
    "sdk/src/app/": "application",
    "app/": "application",
    "sdk/src/": "runtime",
    "targets/driver/": "driver",
    "targets/arch/": "start-up",
}
_ARCHIVE = re.compile(r".*/([^/]+)\.a\([^)]*\)")
_KERNEL = re.compile(r"\.safe_kernel_([a-z0-9_]+)")
_ALIGNMENT = ("alignment", "between parts")
_RESERVED = ("stack", "reserved")

Owner = tuple[str, str]
"""Owner of a piece of the image: its group, and its name in the group."""


@dataclass(frozen=True)
class SizePart:
    """Bytes that one owner takes; initial values of variables count as flash and as RAM."""

    group: str
    name: str
    flash_bytes: int
    ram_bytes: int


class Owners:
    """Assignment of the pieces of an image to owners, by the model's manifest."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        """Read the operators of `manifest`."""
        self._stem = f"safe_{manifest['name']}"
        self._operator = re.compile(rf"(?:\b{self._stem}_|\.)op(\d+)_")
        self._kinds = {int(o["index"]): str(o["kind"]) for o in manifest.get("operators", ())}

    def _of_operator(self, name: str) -> Owner | None:
        match = self._operator.search(name)
        if match is None:
            return None
        index = int(match[1])
        return "operator", f"{index} {self._kinds.get(index, '')}".rstrip()

    def _generated(self, piece: MapEntry, stem: str) -> Owner:
        if stem == "safe_app_model":
            return "application", stem
        if stem.startswith(self._stem):
            return self._of_operator(piece.name) or ("model", stem)
        return "model", stem

    def _unnamed(self, piece: MapEntry) -> Owner:
        """Return the owner of what is of no object of ours: start files, or all with lto=1."""
        if ".ltrans" not in piece.file:
            return "library", "start files" if "crt" in piece.file else "linker"
        kernel = _KERNEL.search(piece.name)
        own = ("kernel", kernel[1]) if kernel else ("other", "link-time optimized")
        return self._of_operator(piece.name) or own

    def of(self, piece: MapEntry) -> Owner:
        """Return the owner of a piece."""
        if match := _ARCHIVE.fullmatch(piece.file):
            return "library", match[1]
        _, found, path = piece.file.rpartition("/obj/")
        if not found:
            return self._unnamed(piece)
        source = PurePosixPath(path).with_suffix("")
        if path.startswith("gen/"):
            return self._generated(piece, source.name)
        for folder, group in _FOLDERS.items():
            if path.startswith(folder):
                return group, path.removeprefix(folder).removesuffix(".o")
        return "other", path


def _spans(
    section: Section, pieces: Iterable[MapEntry], owners: Owners
) -> Iterator[tuple[Owner, int]]:
    """Cut a section into owners and sizes, from its first byte to its last."""
    at, end = section.address, section.address + section.size
    unused = _RESERVED if section.name == _STACK else _ALIGNMENT
    for piece in sorted(pieces, key=lambda p: p.address):
        start, stop = max(piece.address, at), min(piece.address + piece.size, end)
        if stop > start:
            yield unused, start - at
            yield owners.of(piece), stop - start
            at = stop
    yield unused, end - at


def parts(
    image: Image, pieces: Iterable[MapEntry], manifest: Mapping[str, Any], padding: int
) -> tuple[SizePart, ...]:
    """Return the owners of every byte of `image`, by group and then by size.

    `padding` bytes lie between the stored sections, and are stored, too.
    """
    owners = Owners(manifest)
    of_section: dict[str, list[MapEntry]] = defaultdict(list)
    for piece in pieces:
        of_section[piece.section].append(piece)
    flash: dict[Owner, int] = defaultdict(int, {_ALIGNMENT: padding})
    ram: dict[Owner, int] = defaultdict(int)
    for section in image.sections:
        for owner, size in _spans(section, of_section[section.name], owners):
            flash[owner] += size if section.has_contents else 0
            ram[owner] += size if section.in_ram else 0
    order = list(GROUPS)
    found = [SizePart(*o, flash[o], ram[o]) for o in {*flash, *ram} if flash[o] or ram[o]]
    return tuple(
        sorted(found, key=lambda p: (order.index(p.group), -p.flash_bytes, -p.ram_bytes, p.name))
    )
