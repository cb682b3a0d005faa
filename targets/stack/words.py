"""Stored addresses: the words of an image that may be pointers to code."""

import re
import struct
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

VECTORS = ".vectors"
_NUMBERS = re.compile(r"safe_\w+_op\d+_\w+")
"""Objects that hold an operator's weights and other numbers, never an address of code. Where flash
begins at 0, a small number among them can look like one."""

_VENEER = re.compile(r"__\w.*_veneer")
"""The linker's long branches, which hold the address of the function that they go to."""


@dataclass(frozen=True)
class Words:
    """Words of everything that is stored but the vector table, and those of the vector table."""

    stored: frozenset[int]
    vectors: tuple[int, ...]
    is_thumb: bool

    def addresses(self) -> frozenset[int]:
        """Return the stored words as addresses of code."""
        if not self.is_thumb:
            return self.stored
        return frozenset(word - 1 for word in self.stored if word & 1)


def _numbers(elf: ELFFile) -> set[int]:
    """Return the aligned addresses of what is followed by its name: see the patterns above."""
    table = elf.get_section_by_name(".symtab")
    return {
        address
        for symbol in (table.iter_symbols() if table is not None else ())
        if (symbol["st_info"]["type"] == "STT_OBJECT" and _NUMBERS.fullmatch(symbol.name))
        or _VENEER.fullmatch(symbol.name)
        for address in range(symbol["st_value"] & ~3, symbol["st_value"] + symbol["st_size"], 4)
    }


def read(elf_path: Path) -> Words:
    """Return all aligned words but an operator's numbers; code is read, for it holds constants."""
    stored: set[int] = set()
    vectors: tuple[int, ...] = ()
    with elf_path.open("rb") as stream:
        elf = ELFFile(stream)
        numbers = _numbers(elf)
        for section in elf.iter_sections():
            if not section["sh_flags"] & SH_FLAGS.SHF_ALLOC or section["sh_type"] != "SHT_PROGBITS":
                continue
            skipped = -section["sh_addr"] % 4
            start, data = section["sh_addr"] + skipped, section.data()[skipped:]
            found = struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])
            if section.name == VECTORS:
                vectors = found
            else:
                stored.update(w for i, w in enumerate(found) if start + 4 * i not in numbers)
        return Words(frozenset(stored), vectors, elf["e_machine"] == "EM_ARM")
