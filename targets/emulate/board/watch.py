"""Count and stop: the native hook of `watch.c`, compiled on first use, and what it checks.

A hook in Python at every instruction would be a thousand times slower than one in C.
"""

import ctypes
from functools import lru_cache
from pathlib import Path

from targets import native

SOURCE = Path(__file__).with_name("watch.c")
NOWHERE = 1
"""Address of no instruction: every instruction has an even one."""
MARK_FLOAT, MARK_PROCESS_STACK, MARK_NARROW = 0x80, 0x40, 0x20
MARK_SYSTEM, MARK_ACCESS = 0x01, 0x02
"""Marks of a program for RISC-V."""
_PIECE_BYTES = 4096
_PC = 15
_SP = 13


class Watch(ctypes.Structure):
    """Structure `safe_watch_t` of watch.c."""

    _fields_ = (
        ("instructions", ctypes.c_uint64),
        ("limit", ctypes.c_uint64),
        ("address", ctypes.c_uint64),
        ("refused", ctypes.c_uint64),
        ("pardoned", ctypes.c_uint64),
        ("code_start", ctypes.c_uint64),
        ("code_bytes", ctypes.c_uint64),
        ("float_off", ctypes.c_uint64),
        ("marks", ctypes.c_void_p),
        ("read_register", ctypes.c_void_p),
        ("stop", ctypes.c_void_p),
        ("register_numbers", ctypes.c_void_p),
        ("code", ctypes.c_void_p),
    )
    instructions: int
    limit: int
    address: int
    refused: int
    pardoned: int
    code_start: int
    code_bytes: int
    float_off: int


def _base(first: int, second: int) -> int | None:
    """Return the base register of a load or store that must be aligned to words, else None.

    DDI 0403E section A3.2.1: LDRD, STRD, LDM, STM, VLDR, VSTR, VLDM, VSTM (and PUSH, POP, whose
    base is the stack pointer, always aligned) fault unless aligned.
    """
    register = first & 15
    if first & 0xF000 == 0xC000:  # LDM, STM of 16 bits
        return first >> 8 & 7
    if first & 0xFE40 == 0xE840 and first & 0x0120:  # LDRD, STRD; without P and W: exclusives
        return register
    if first & 0xFE40 == 0xE800:  # LDM, STM
        return register
    if first & 0xFE00 == 0xEC00 and second & 0x0E00 == 0x0A00 and first & 0x01A0:
        return register  # VLDR, VSTR, VLDM, VSTM; without P, U and W: moves of register pairs
    return None


def _is_float(first: int, second: int) -> bool:
    """Return whether this is an instruction of coprocessor 10 or 11: DDI 0403E section A6.4."""
    return first & 0xEC00 == 0xEC00 and second & 0x0E00 == 0x0A00


def _is_process_stack(first: int, second: int) -> bool:
    """Return whether this is MSR to PSP, PSPLIM or CONTROL: DDI 0403E B5.2.3, DDI 0553 C2.4.126."""
    return first & 0xFFF0 == 0xF380 and second in (0x8809, 0x880B, 0x8814)


def _is_narrow(first: int) -> bool:
    """Return whether this is a load or store of 16 bits that moves a word or halfword.

    At an offset from the stack or program counter it is always aligned: DDI 0419E section A5.2.4.
    """
    kind = first >> 12
    moves_byte = kind == 5 and first >> 9 & 7 in (2, 3, 6)  # STRB, LDRSB, LDRB
    return kind in (5, 6, 8) and not moves_byte


def marks(code: bytes, *, baseline: bool = False) -> bytes:
    """Return one byte a halfword of `code`: bits, and 1 + the base register to check; see watch.c.

    With `baseline` the core is one of Armv6-M, on which nothing may be unaligned.

    Data between instructions may look like one: the mark is harmless, nothing runs there.
    """
    code = code[: len(code) // 4 * 4]
    starts = range(0, len(code), _PIECE_BYTES)
    pieces = (_marks_of_piece(code[at : at + _PIECE_BYTES + 2], baseline) for at in starts)
    return b"".join(pieces).ljust(len(code) // 2 + 1, b"\0")


@lru_cache(maxsize=4096)
def _marks_of_piece(code: bytes, baseline: bool) -> bytes:
    """Return the marks of a piece of code, which the first halfword behind it follows.

    Most of a flash is erased, and a board marks its flash at every start: few pieces are new.
    """
    halves = memoryview(code).cast("H").tolist()
    following = [*halves[1:], 0]
    halves = halves[: _PIECE_BYTES // 2]
    found = bytearray(len(halves))
    for i, (first, second) in enumerate(zip(halves, following, strict=False)):
        if first >= 0xC000:
            register = _base(first, second)
            if register is not None and register not in (_SP, _PC):
                found[i] = 1 + register
            if _is_float(first, second):
                found[i] |= MARK_FLOAT
            elif _is_process_stack(first, second):
                found[i] |= MARK_PROCESS_STACK
        elif baseline and _is_narrow(first):
            found[i] = MARK_NARROW
    return bytes(found)


def _mark_riscv(first: int) -> int:
    """Return the mark of an instruction that begins with halfword `first`.

    Its opcode, or quadrant and function: RISC-V unprivileged ISA, "RV32/64G Instruction Set
    Listings" and "RVC Instruction Set Listings". What is relative to the stack pointer is aligned.
    """
    if first & 0x7F == 0x73 or first == 0x9002:  # SYSTEM, C.EBREAK
        return MARK_SYSTEM
    if first & 0x7F in (0x03, 0x23):  # LOAD, STORE
        return MARK_ACCESS if first >> 12 & 3 else 0
    return MARK_ACCESS if first & 3 == 0 and first >> 13 in (2, 6) else 0  # C.LW, C.SW


def marks_riscv(code: bytes) -> bytes:
    """Return one byte a halfword of `code` for RISC-V: what is system, what must be aligned."""
    return bytes(map(_mark_riscv, memoryview(code[: len(code) // 2 * 2]).cast("H")))


def load(folder: Path) -> int:
    """Compile the hook for Arm into `folder` unless it is there; return the function's address.

    Raises BuildError when there is no compiler or it fails.
    """
    return _function(folder, "safe_watch")


def load_riscv(folder: Path) -> int:
    """Return the address of the hook for RISC-V; see `load`."""
    return _function(folder, "safe_watch_riscv")


def _function(folder: Path, name: str) -> int:
    library = ctypes.CDLL(str(native.build(SOURCE, folder, "the soft board")))
    return ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0
