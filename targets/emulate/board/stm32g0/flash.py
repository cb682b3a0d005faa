"""Flash interface: RM0444 chapter FLASH: read access latency, and the pages of store and slots as
bank_flash.py says. Times: DS13560, "Flash memory characteristics", typical.
"""

from targets.emulate.board.peripheral.bank_flash import Bank, BankFlash
from targets.emulate.board.peripheral.bus import Register

_MOST_MHZ = (24, 48, 64)
"""Most megahertz of HCLK by the number of wait states, in voltage range 1."""


class Flash(BankFlash):
    """Flash interface: wait states, and programming of store and slots."""

    registers = (
        Register(0x00, "ACR", 0x00050B07, reset=0x00040600),
        Register(0x08, "KEYR", 0xFFFFFFFF),
        Register(0x10, "SR", 0x0007C3FB, read_only=0x00070000),
        Register(0x14, "CR", 0xFF07BFFF, reset=0xC0000000),
        Register(0x1C, "ECC2R", 0xC1103FFF, read_only=0x00103FFF),
    )
    bank = Bank(
        key="KEYR",
        status="SR",
        control="CR",
        ecc="ECC2R",
        errors=0x3FA,
        busy=1 << 17,
        incomplete=1 << 18,
        bank_bit=13,
        page_bits=10,
        first_page=256,
        page_bytes=0x800,
        unit_bytes=8,
        unit="double word",
        page_seconds=22e-3,
        unit_seconds=85e-6,
    )

    @property
    def max_hz(self) -> int:
        """Fastest core clock with these wait states; PWR_CR1 is left in range 1."""
        return 1_000_000 * _MOST_MHZ[min(self.field("ACR", 0, 3), len(_MOST_MHZ) - 1)]
