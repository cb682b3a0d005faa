"""Flash interface: RM0456 chapter FLASH: read access latency, and the pages of store and slots as
bank_flash.py says. Times: DS13737, "Flash memory characteristics", typical.
"""

from collections.abc import Callable, Sequence

from targets.emulate.board.peripheral.bank_flash import Bank, BankFlash
from targets.emulate.board.peripheral.bus import Register
from targets.emulate.board.peripheral.programming import StoreMemory, Timing

_MHZ_PER_STATE = {3: 32, 2: 30, 1: 24, 0: 8}
"""Megahertz of HCLK that each wait state, and the first access, allow: by voltage range
(PWR_VOSR.VOS)."""


class Flash(BankFlash):
    """Flash interface: wait states, and programming of store and slots."""

    registers = (
        Register(0x00, "ACR", 0x0000790F, reset=0x1),
        Register(0x08, "NSKEYR", 0xFFFFFFFF),
        Register(0x20, "NSSR", 0x003F20FB, read_only=0x003F0000),
        Register(0x28, "NSCR", 0xCB03CBFF, reset=0xC0000000),
        Register(0x30, "ECCR", 0xC17FFFFF, read_only=0x007FFFFF),
    )
    bank = Bank(
        key="NSKEYR",
        status="NSSR",
        control="NSCR",
        ecc="ECCR",
        errors=0x20FA,
        busy=1 << 16,
        incomplete=1 << 17,
        bank_bit=11,
        page_bits=7,
        first_page=0,
        page_bytes=0x2000,
        unit_bytes=16,
        unit="quad-word",
        page_seconds=1.5e-3,
        unit_seconds=118e-6,
    )

    def __init__(
        self,
        base: int,
        voltage: Callable[[], int],
        kept: Sequence[StoreMemory],
        timing: Timing,
        raise_nmi: Callable[[], None],
    ) -> None:
        """Make the flash interface; `voltage()` returns the field PWR_VOSR.VOS."""
        self._voltage = voltage
        super().__init__(base, kept, timing, raise_nmi)

    @property
    def max_hz(self) -> int:
        """Fastest core clock with these wait states in the present range."""
        return 1_000_000 * _MHZ_PER_STATE[self._voltage()] * (self.field("ACR", 0, 4) + 1)
