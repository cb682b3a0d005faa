"""Instructions of a linked image that a Cortex-M0+ does not have: DDI 0419E chapter A5."""

import struct
from bisect import bisect_right

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

# Second halfwords of the 32-bit instructions, by the first: mask and value (A5.3.1, A6.7).
_CONTROL = {
    0xF3BF: ((0xFFF0, 0x8F40), (0xFFF0, 0x8F50), (0xFFF0, 0x8F60)),  # DSB, DMB, ISB
}
_SPECIAL = (0, 1, 2, 3, 5, 6, 7, 8, 9, 16, 20)  # B4.2: no BASEPRI, FAULTMASK, MSPLIM


def is_wide(first):
    """Return whether a halfword begins an instruction of 32 bits."""
    return first >> 11 in (0b11101, 0b11110, 0b11111)


def is_known(first, second):
    """Return whether the core has the instruction; `second` is None for one of 16 bits."""
    if second is None:
        compare_and_branch = first & 0xF500 == 0xB100  # CBZ, CBNZ
        if_then = first & 0xFF00 == 0xBF00 and first & 0xF != 0
        return not (compare_and_branch or if_then or first & 0xFFF7 == 0xB650)  # SETEND
    if first & 0xF800 == 0xF000 and second & 0xD000 == 0xD000:
        return True  # BL
    if first & 0xFFF0 == 0xF380:
        return second & 0xFF00 == 0x8800 and second & 0xFF in _SPECIAL  # MSR
    if first == 0xF3EF:
        return second & 0xF000 == 0x8000 and second & 0xFF in _SPECIAL  # MRS
    if first & 0xFFF0 == 0xF7F0:
        return second & 0xF000 == 0xA000  # UDF.W
    return any(second & mask == value for mask, value in _CONTROL.get(first, ()))


def _kinds(elf):
    """Return the addresses of mapping symbols and what follows each: `t` code, `d` data."""
    symbols = elf.get_section_by_name(".symtab").iter_symbols()
    found = {s["st_value"]: s.name[1] for s in symbols if s.name[:2] in ("$t", "$d", "$a")}
    return sorted(found.items())


def foreign(path):
    """Return how many instructions an image has, and address and code of each foreign one."""
    number, found = 0, []
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        kinds = _kinds(elf)
        places = [address for address, _ in kinds]
        for section in elf.iter_sections():
            if not section["sh_flags"] & SH_FLAGS.SHF_EXECINSTR:
                continue
            data, start = section.data(), section["sh_addr"]
            halves = struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2])
            at = 0
            while at < len(halves):
                address = start + 2 * at
                kind = kinds[max(bisect_right(places, address) - 1, 0)][1]
                assert kind != "a", f"Arm code at {address:#x}"
                if kind == "d":
                    at += 1
                    continue
                second = halves[at + 1] if is_wide(halves[at]) else None
                number += 1
                if not is_known(halves[at], second):
                    found.append((address, halves[at], second))
                at += 1 if second is None else 2
    return number, found
