"""Reader of ELF files: sections that end up in memory, and sized symbols."""

from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from targets.errors import BuildError


@dataclass(frozen=True)
class Section:
    """A section that takes memory on the target."""

    name: str
    address: int
    size: int
    writable: bool
    executable: bool
    has_contents: bool
    """Whether the file holds the section's bytes; false for sections that start-up clears or leaves
    alone (`.bss`, `.noinit`, `.stack`)."""

    @property
    def in_ram(self) -> bool:
        """Whether it takes RAM: all that is written, and what start-up copies there to be read."""
        return self.writable or self.name.startswith(".hot_")


@dataclass(frozen=True)
class Symbol:
    """A function or object; `address` without the Thumb bit."""

    name: str
    address: int
    size: int
    section: str
    is_function: bool
    file: str
    """Source file of a local symbol; empty for a global one."""


@dataclass(frozen=True)
class Image:
    """Sections and symbols of one ELF file, by address."""

    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]

    def functions(self) -> tuple[Symbol, ...]:
        """Return the function symbols."""
        return tuple(s for s in self.symbols if s.is_function)


def _sections(elf: ELFFile) -> list[Section]:
    return [
        Section(
            name=section.name,
            address=section["sh_addr"],
            size=section["sh_size"],
            writable=bool(section["sh_flags"] & SH_FLAGS.SHF_WRITE),
            executable=bool(section["sh_flags"] & SH_FLAGS.SHF_EXECINSTR),
            has_contents=section["sh_type"] != "SHT_NOBITS",
        )
        for section in elf.iter_sections()
        if section["sh_flags"] & SH_FLAGS.SHF_ALLOC and section["sh_size"]
    ]


def _symbols(elf: ELFFile) -> list[Symbol]:
    thumb = 1 if elf["e_machine"] == "EM_ARM" else 0
    found = []
    for table in elf.iter_sections():
        if not isinstance(table, SymbolTableSection):
            continue
        file = ""
        for symbol in table.iter_symbols():
            # The local symbols of a file follow its STT_FILE entry.
            if symbol["st_info"]["type"] == "STT_FILE":
                file = symbol.name
            kind, index = symbol["st_info"]["type"], symbol["st_shndx"]
            if kind not in ("STT_FUNC", "STT_OBJECT") or not isinstance(index, int):
                continue
            is_function = kind == "STT_FUNC"
            found.append(
                Symbol(
                    name=symbol.name,
                    address=symbol["st_value"] & ~(thumb if is_function else 0),
                    size=symbol["st_size"],
                    section=elf.get_section(index).name,
                    is_function=is_function,
                    file=file if symbol["st_info"]["bind"] == "STB_LOCAL" else "",
                )
            )
    return found


def read(path: Path) -> Image:
    """Read an ELF file; BuildError when it is missing or not one."""
    try:
        with path.open("rb") as stream:
            elf = ELFFile(stream)
            sections, symbols = _sections(elf), _symbols(elf)
    except OSError as error:
        raise BuildError(f"{path}: {error.strerror}: build it first") from error
    except ELFError as error:
        raise BuildError(f"{path}: not an ELF file: {error}") from error
    return Image(
        tuple(sorted(sections, key=lambda s: (s.address, s.name))),
        tuple(sorted(symbols, key=lambda s: (s.address, s.name))),
    )
