"""System control block: DDI 0403E section B3.2, floating point context B3.2.20 to B3.2.22
(Armv8-M: DDI 0553 section D1.2), MPU B3.5. Not modelled: sleep modes beyond WFI, VECTRESET; of the
MPU the registers are declared, and writing one is refused.
"""

from collections.abc import Callable
from dataclasses import replace

from targets.emulate.board.peripheral.bus import Peripheral, Register

VECTOR_KEY = 0x05FA
SYSRESETREQ = 1 << 2
_WRITE_ONE_TO_CLEAR = ("CFSR", "HFSR", "DFSR")
_ALL = 0xFFFFFFFF
_PENDSV, _SYSTICK, _NMI = 14, 15, 2
CPUID = {"cortex-m0plus": 0x410CC601, "cortex-m4": 0x410FC241, "cortex-m33": 0x410FD214}
"""Value of CPUID by core: r0p1 as on an STM32F4 (PM0214 section 4.4.2), r0p4 as on an STM32U5
(PM0264), r0p1 as on an STM32G0 (PM0223)."""
BASELINE = ("cortex-m0plus",)
"""Cores of Armv6-M: every fault is a HardFault, and no register tells its cause."""
_MAINLINE = ("SHPR1", "SHCSR", "CFSR", "HFSR", "DFSR", "MMFAR", "BFAR", "CPACR")
"""Registers that Armv6-M does not have: DDI 0419E section B3.2.2."""


_MPU = (
    Register(0x90, "MPU_TYPE", _ALL, reset=0x800, read_only=_ALL),  # eight regions
    *(
        Register(0x94 + 4 * i, f"MPU_{name}", _ALL, modelled=False)
        for i, name in enumerate(
            (
                *("CTRL", "RNR", "RBAR", "RASR", "RBAR_A1", "RASR_A1", "RBAR_A2", "RASR_A2"),
                *("RBAR_A3", "RASR_A3"),
            )
        )
    ),
    # Armv8-M alone: DDI 0553 section D1.2.167.
    Register(0xC0, "MPU_MAIR0", _ALL, modelled=False),
    Register(0xC4, "MPU_MAIR1", _ALL, modelled=False),
)


class Scb(Peripheral):
    """Registers of the exceptions; what they mean is in exceptions.py."""

    name = "SCB"
    registers = (
        Register(0x00, "CPUID", _ALL, read_only=_ALL),
        Register(0x04, "ICSR", _ALL, read_only=0x01FFFFFF),
        Register(0x08, "VTOR", 0xFFFFFF80),
        Register(0x0C, "AIRCR", _ALL, read_only=0x8000),
        Register(0x10, "SCR", 0x1E),
        # BFHFNMIGN, DIV_0_TRP, UNALIGN_TRP, USERSETMPEND, NONBASETHRDENA, STKALIGN; Armv8-M:
        # STKOFHFNMIGN, caches.
        Register(0x14, "CCR", 0x0007071B, reset=0x200),
        Register(0x18, "SHPR1", _ALL),
        Register(0x1C, "SHPR2", 0xFF000000),
        Register(0x20, "SHPR3", 0xFFFF00FF),
        Register(0x24, "SHCSR", 0x003FFDFF),
        Register(0x28, "CFSR", 0x031FBFBF),
        Register(0x2C, "HFSR", 0xC0000002),
        Register(0x30, "DFSR", 0x1F),
        Register(0x34, "MMFAR", _ALL),
        Register(0x38, "BFAR", _ALL),
        # Caches, which these cores do not have: the size is 0, and invalidating does nothing.
        Register(0x80, "CCSIDR", _ALL, read_only=_ALL),
        Register(0x84, "CSSELR", 0xF),
        Register(0x88, "CPACR", 0x00F0FFFF),
        *_MPU,
        Register(0x250, "ICIALLU", _ALL),
        Register(0x260, "DCISW", _ALL),
        Register(0x234, "FPCCR", 0xFC0007FF, reset=0xC0000000),
        Register(0x238, "FPCAR", 0xFFFFFFF8),
        Register(0x23C, "FPDSCR", 0x07C00000),
    )

    def __init__(
        self,
        base: int,
        cpu: str,
        vectors: int,
        *,
        active: Callable[[], int],
        changed: Callable[[], None],
        switch_float: Callable[[bool], None],
    ) -> None:
        """Belong to core `cpu`, whose vector table lies at `vectors` after reset.

        `active()` returns the number of the exception that runs; `changed()` is called when the
        program pended one or asked for a reset; `switch_float(on)` follows CPACR.
        """
        self._cpu = cpu
        self._vectors = vectors
        self._active = active
        self._changed = changed
        self._switch_float = switch_float
        if cpu in BASELINE:
            self.registers = tuple(
                replace(r, modelled=r.modelled and r.name not in _MAINLINE) for r in self.registers
            )
        super().__init__(base)

    def reset(self) -> None:
        """Take the values after a system reset."""
        super().reset()
        self.value["CPUID"] = CPUID[self._cpu]
        self.value["VTOR"] = self._vectors
        self.pending: set[int] = set()
        """System exceptions that wait, by number."""
        self.reset_requested = False
        self._switch_float(False)

    def read(self, name: str) -> int:
        """Return a register."""
        if name == "ICSR":
            return (
                self._active()
                | (_PENDSV in self.pending) << 28
                | (_SYSTICK in self.pending) << 26
                | (_NMI in self.pending) << 31
            )
        if name == "AIRCR":
            return 0xFA050000 | self.value["AIRCR"] & 0x700
        return self.value[name]

    def write(self, name: str, value: int) -> None:
        """Apply a write to a register."""
        if name in _WRITE_ONE_TO_CLEAR:
            self.value[name] &= ~value
        elif name == "ICSR":
            self._pend(value)
        elif name == "AIRCR":
            self._control(value)
        else:
            self.value[name] = value
        if name == "CPACR":  # 1 or 3: privileged code may use CP10, and no other runs here
            self._switch_float(bool(value >> 20 & 1))

    def _pend(self, value: int) -> None:
        for bit, number, on in (
            (31, _NMI, True),
            (28, _PENDSV, True),
            (27, _PENDSV, False),
            (26, _SYSTICK, True),
            (25, _SYSTICK, False),
        ):
            if value >> bit & 1:
                (self.pending.add if on else self.pending.discard)(number)
        self._changed()

    def _control(self, value: int) -> None:
        if value >> 16 != VECTOR_KEY:
            self.complain(f"write of {value:#010x} to SCB_AIRCR: without the key it is ignored")
            return
        self.value["AIRCR"] = value & 0x700
        if value & SYSRESETREQ:
            self.reset_requested = True
            self._changed()
