"""Machine mode: its registers, exceptions, interrupts, and the instructions that work on them.

RISC-V privileged architecture 1.11, and the Bumblebee Core Architecture Manual, "CSR" and "ECLIC":
in its mode of mtvec the interrupt level and what mstatus held lie in mcause, too.
"""

from collections.abc import Callable

from targets.emulate.board.eclic import Eclic
from targets.emulate.board.hart import Hart

FETCH, ILLEGAL, BREAKPOINT, LOAD_UNALIGNED, LOAD, STORE_UNALIGNED, STORE, CALL = (
    1, 2, 3, 4, 5, 6, 7, 11,
)  # fmt: skip
_MSTATUS, _MISA, _MIE, _MTVEC, _MTVT = 0x300, 0x301, 0x304, 0x305, 0x307
_MCOUNTINHIBIT = 0x320
_MSCRATCH, _MEPC, _MCAUSE, _MTVAL, _MIP = 0x340, 0x341, 0x342, 0x343, 0x344
_MMISC_CTL, _MTVT2 = 0x7D0, 0x7EC
_MCYCLE, _MINSTRET, _MCYCLEH, _MINSTRETH = 0xB00, 0xB02, 0xB80, 0xB82
_MHARTID = 0xF14
_WRITABLE = {
    _MSTATUS: 0x1888,
    _MIE: 0,
    _MTVEC: 0xFFFFFFFF,
    _MTVT: 0xFFFFFFC0,
    _MCOUNTINHIBIT: 0x5,
    _MSCRATCH: 0xFFFFFFFF,
    _MEPC: 0xFFFFFFFE,
    _MCAUSE: 0xFFFFFFFF,
    _MTVAL: 0xFFFFFFFF,
    _MMISC_CTL: 1 << 9,
    _MTVT2: 0xFFFFFFFD,
}
"""Bits that a program can change, by number; mie does nothing in the ECLIC's mode."""
_FIXED = {_MISA: 0x40001105, _MIP: 0, _MHARTID: 0, 0xF11: 0, 0xF12: 0, 0xF13: 0}
_MSTATUS_MIE, _MSTATUS_MPIE, _MSTATUS_MPP = 1 << 3, 1 << 7, 3 << 11
_ECLIC_MODE, _MODE_BITS = 3, 0x3F
_ECALL, _EBREAK, _MRET, _WFI, _C_EBREAK = 0x00000073, 0x00100073, 0x30200073, 0x10500073, 0x9002


class Traps:
    """State of machine mode since a reset."""

    def __init__(self, hart: Hart, eclic: Eclic, cycles: Callable[[], int]) -> None:
        """Serve `hart`, whose counters follow `cycles()`."""
        self._hart = hart
        self._eclic = eclic
        self._cycles = cycles
        self._csr = dict.fromkeys(_WRITABLE, 0) | {_MSTATUS: _MSTATUS_MPP, _MCOUNTINHIBIT: 5}
        self._level = 0
        """Level of the interrupt that runs, 0 outside: mintstatus.mil."""

    # ---- how a trap begins and ends ---------------------------------------------------------

    @property
    def _is_masked(self) -> bool:
        return not self._csr[_MSTATUS] & _MSTATUS_MIE

    def is_held_back(self) -> bool:
        """Return whether an interrupt waits that only a mask or a handler holds back."""
        return self._eclic.is_waiting()

    def take(self) -> bool:
        """Enter the handler of an interrupt if one may come now; tell whether."""
        request = None if self._is_masked else self._eclic.best(self._level)
        if request is None or self._csr[_MTVEC] & _MODE_BITS != _ECLIC_MODE:
            return False
        self._enter(1 << 31 | request.source, self._hart.pc)
        self._level = request.level
        if request.is_vectored:
            words = self._hart.read_words(self._csr[_MTVT] + 4 * request.source, 1)
            self._hart.pc = words[0] & ~1 if words else 0
        else:
            common = self._csr[_MTVT2]
            self._hart.pc = common & ~3 if common & 1 else self._csr[_MTVEC] & ~_MODE_BITS
        return True

    def fault(self, cause: int, address: int, value: int = 0) -> None:
        """Enter the exception handler because of the instruction at `address`."""
        self._csr[_MTVAL] = value
        self._enter(cause, address)
        self._hart.pc = self._csr[_MTVEC] & ~_MODE_BITS

    def _enter(self, cause: int, return_address: int) -> None:
        status = self._csr[_MSTATUS]
        was_on = bool(status & _MSTATUS_MIE)
        self._csr[_MSTATUS] = _MSTATUS_MPP | (_MSTATUS_MPIE if was_on else 0)
        self._csr[_MEPC] = return_address
        self._csr[_MCAUSE] = cause | 3 << 28 | was_on << 27 | self._level << 16

    def _return(self) -> None:
        cause = self._csr[_MCAUSE]
        on = bool(cause >> 27 & 1)
        self._csr[_MSTATUS] = _MSTATUS_MPP | _MSTATUS_MPIE | (_MSTATUS_MIE if on else 0)
        self._level = cause >> 16 & 0xFF if cause >> 31 else self._level
        self._hart.pc = self._csr[_MEPC]

    # ---- system instructions ------------------------------------------------------------------

    def execute(self, code: int, address: int) -> bool:
        """Do the system instruction `code` at `address`; return whether the core sleeps now."""
        if code & 0xFFFF == _C_EBREAK:
            self.fault(BREAKPOINT, address)
        elif code in (_ECALL, _EBREAK):
            self.fault(CALL if code == _ECALL else BREAKPOINT, address)
        elif code == _MRET:
            self._return()
        elif code == _WFI:
            self._hart.pc = address + 4
            return True
        elif code >> 12 & 3 == 0 or not self._access(code):
            self.fault(ILLEGAL, address, code)
        else:
            self._hart.pc = address + 4
        return False

    def _access(self, code: int) -> bool:
        """Do CSRRW, CSRRS, CSRRC or its immediate form; return whether the register exists."""
        number, source, kind = code >> 20, code >> 15 & 31, code >> 12 & 3
        operand = source if code >> 14 & 1 else self._hart.get(source)
        writes = kind == 1 or source != 0
        old = self._read(number)
        if old is None or (writes and number >> 10 == 3):
            return False
        if writes:
            new = {1: operand, 2: old | operand, 3: old & ~operand}[kind]
            mask = _WRITABLE.get(number, 0)
            self._csr[number] = (
                old & ~mask | new & mask | (_MSTATUS_MPP if number == _MSTATUS else 0)
            )
        self._hart.set(code >> 7 & 31, old)
        return True

    def _read(self, number: int) -> int | None:
        """Return a register; None where there is none. The counters count instructions."""
        if number in (_MCYCLE, _MINSTRET, _MCYCLEH, _MINSTRETH):
            count = self._cycles() if number in (_MCYCLE, _MCYCLEH) else self._hart.executed
            return count >> (32 if number >= _MCYCLEH else 0) & 0xFFFFFFFF
        return self._csr.get(number, _FIXED.get(number))
