"""Stored addresses: the words of an image that may be pointers to code."""

import struct
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

VECTORS = ".vectors"


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


def read(elf_path: Path) -> Words:
    """Return all aligned words; code is read as well, for it holds constants."""
    stored: set[int] = set()
    vectors: tuple[int, ...] = ()
    with elf_path.open("rb") as stream:
        elf = ELFFile(stream)
        for section in elf.iter_sections():
            if not section["sh_flags"] & SH_FLAGS.SHF_ALLOC or section["sh_type"] != "SHT_PROGBITS":
                continue
            data = section.data()[-section["sh_addr"] % 4 :]
            found = struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])
            if section.name == VECTORS:
                vectors = found
            else:
                stored.update(found)
        return Words(frozenset(stored), vectors, elf["e_machine"] == "EM_ARM")
