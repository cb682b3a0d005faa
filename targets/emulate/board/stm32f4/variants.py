"""The STM32F4 parts: which bits of RCC and PWR exist, and what limits the core's clock.

Bits: the manual named in each row; they equal those of ST's CMSIS device headers, and
tests/unit/targets/board/test_svd.py compares them with SVD files. Limits: the chapters "Read access
latency" of FLASH and "Voltage regulator" of PWR.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from targets.emulate.board.peripheral.variant import Variant

_COLUMNS = (
    "CR",
    "PLLCFGR",
    "CFGR",
    "AHB1RSTR",
    "APB1RSTR",
    "APB2RSTR",
    "AHB1ENR",
    "AHB2ENR",
    "AHB3ENR",
    "APB1ENR",
    "APB2ENR",
    "BDCR",
    "PWR_CR",
    "PWR_CSR",
)
_BASE_MHZ = {0: 144, 1: 168}
_SMALL_MHZ = {0: 60, 1: 60, 2: 84, 3: 84}
_ACCESS_MHZ = {0: 64, 1: 64, 2: 84, 3: 100}
_DRIVE_MHZ = {0: 120, 1: 120, 2: 144, 3: 168}
_OVERDRIVE_MHZ = {0: 120, 1: 120, 2: 168, 3: 180}
_BY_30 = (30, 60, 90, 120, 150, 180)
_BY_25 = (25, 50, 75, 100)
_BY_64 = (30, 64, 90, 100)


@dataclass(frozen=True)
class F4(Variant):
    """Limits and register bits of one STM32F4 sub-family."""

    voltage_mhz: Mapping[int, int]
    """Fastest core clock by PWR_CR.VOS (one bit where the regulator has two scales)."""
    wait_states_mhz: tuple[int, ...]
    """Fastest core clock by FLASH_ACR.LATENCY at 2.7 to 3.6 V."""

    @property
    def has_overdrive(self) -> bool:
        """Whether PWR has over-drive, which lets the core run faster at scales 1 and 2."""
        return bool(self.bits["PWR_CR"] >> 16 & 1)

    @property
    def overdrive_mhz(self) -> Mapping[int, int]:
        """Fastest core clock by PWR_CR.VOS with over-drive."""
        return _OVERDRIVE_MHZ if self.has_overdrive else self.voltage_mhz

    @property
    def flash_control_bits(self) -> int:
        """Bits of FLASH_CR; a second flash bank has bits of its own: RM0090 section 3.9.7."""
        has_two_banks = any(part.startswith(("STM32F42", "STM32F43")) for part in self.parts)
        return 0x8301837F | 0x80 if has_two_banks else 0x8301037F

    @property
    def latency_bits(self) -> int:
        """Bits of FLASH_ACR.LATENCY: four where the core runs at 180 MHz, else three."""
        return 0xF if self.has_overdrive else 0x7


def _row(
    parts: str, manual: str, voltage: Mapping[int, int], states: tuple[int, ...], words: str
) -> F4:
    values = (int(word, 16) for word in words.split())
    bits = dict(zip(_COLUMNS, values, strict=True))
    return F4(tuple(f"STM32F{p}" for p in parts.split()), manual, bits, voltage, states)


VARIANTS = (
    _row(
        "401",
        "RM0368",
        _SMALL_MHZ,
        _BY_30,
        "0F0FFFFB 0F437FFF FFFFFCFF 0060109F 10E2C80F 00077931 0060109F 00000080 00000000"
        " 10E2C80F 00077931 00018307 0000EFFF 0000430F",
    ),
    _row(
        "405",
        "RM0090",
        _BASE_MHZ,
        _BY_30,
        "0F0FFFFB 0F437FFF FFFFFCFF 206011FF 36FEC9FF 00075933 607411FF 000000C0 00000001"
        " 36FEC9FF 00075F33 00018307 000043FF 0000430F",
    ),
    _row(
        "407",
        "RM0090",
        _BASE_MHZ,
        _BY_30,
        "0F0FFFFB 0F437FFF FFFFFCFF 226011FF 36FEC9FF 00075933 7E7411FF 000000C1 00000001"
        " 36FEC9FF 00075F33 00018307 000043FF 0000430F",
    ),
    _row(
        "415",
        "RM0090",
        _BASE_MHZ,
        _BY_30,
        "0F0FFFFB 0F437FFF FFFFFCFF 206011FF 36FEC9FF 00075933 607411FF 000000F0 00000001"
        " 36FEC9FF 00075F33 00018307 000043FF 0000430F",
    ),
    _row(
        "417",
        "RM0090",
        _BASE_MHZ,
        _BY_30,
        "0F0FFFFB 0F437FFF FFFFFCFF 226011FF 36FEC9FF 00075933 7E7411FF 000000F1 00000001"
        " 36FEC9FF 00075F33 00018307 000043FF 0000430F",
    ),
    _row(
        "410",
        "RM0401",
        _ACCESS_MHZ,
        _BY_64,
        "030FFFFB 7F437FFF FF7FFFFF 80601087 31624A18 00155131 80601087 00000000 00000000"
        " 31624E18 0015D131 0001830F 0030EFFF 000043CF",
    ),
    _row(
        "411",
        "RM0383",
        _ACCESS_MHZ,
        _BY_64,
        "0F0FFFFB 0F437FFF FFFFFCFF 0060109F 10E2C80F 00177931 0060109F 00000080 00000000"
        " 10E2C80F 00177931 0001830F 0030EFFF 0000430F",
    ),
    _row(
        "412",
        "RM0402",
        _ACCESS_MHZ,
        _BY_64,
        "0F0FFFFB 7F437FFF FF7FFCFF 006010FF 17E6C9FF 01177933 006010FF 000000C0 00000003"
        " 17E6CDFF 0117F933 0001830F 0030EFFF 000043CF",
    ),
    _row(
        "413",
        "RM0430",
        _ACCESS_MHZ,
        _BY_25,
        "0F0FFFFB 7F437FFF FF7FFCFF 006010FF FFFECBFF 035779F3 006010FF 000000C0 00000003"
        " FFFECFFF 0357F9F3 0001830F 0030EFFF 000043CF",
    ),
    _row(
        "423",
        "RM0430",
        _ACCESS_MHZ,
        _BY_25,
        "0F0FFFFB 7F437FFF FF7FFCFF 006010FF FFFECBFF 035779F3 006010FF 000000D0 00000003"
        " FFFECFFF 0357F9F3 0001830F 0030EFFF 000043CF",
    ),
    _row(
        "427",
        "RM0090",
        _DRIVE_MHZ,
        _BY_30,
        "3F0FFFFB 0F437FFF FFFFFCFF 22E017FF F6FEC9FF 00777933 7EF417FF 000000C1 00000001"
        " F6FEC9FF 00777F33 00018307 000FEFFF 000F430F",
    ),
    _row(
        "429",
        "RM0090",
        _DRIVE_MHZ,
        _BY_30,
        "3F0FFFFB 0F437FFF FFFFFCFF 22E017FF F6FEC9FF 04777933 7EF417FF 000000C1 00000001"
        " F6FEC9FF 04777F33 00018307 000FEFFF 000F430F",
    ),
    _row(
        "437",
        "RM0090",
        _DRIVE_MHZ,
        _BY_30,
        "3F0FFFFB 0F437FFF FFFFFCFF 22E017FF F6FEC9FF 00777933 7EF417FF 000000F1 00000001"
        " F6FEC9FF 00777F33 00018307 000FEFFF 000F430F",
    ),
    _row(
        "439",
        "RM0090",
        _DRIVE_MHZ,
        _BY_30,
        "3F0FFFFB 0F437FFF FFFFFCFF 22E017FF F6FEC9FF 04777933 7EF417FF 000000F1 00000001"
        " F6FEC9FF 04777F33 00018307 000FEFFF 000F430F",
    ),
    _row(
        "446",
        "RM0390",
        _DRIVE_MHZ,
        _BY_30,
        "3F0FFFFB 7F437FFF FF7FFCFF 206010FF 3FFFC9FF 00C77933 606410FF 00000081 00000003"
        " 3FFFC9FF 00C77F33 0001830F 003FEFFF 000F438F",
    ),
    _row(
        "469",
        "RM0386",
        _DRIVE_MHZ,
        _BY_30,
        "3F0FFFFB 7F437FFF FFFFFCFF 22E017FF F6FEC9FF 0C777933 7EF417FF 000000C1 00000003"
        " F6FEC9FF 0C777F33 0001830F 000FEFFF 000F430F",
    ),
    _row(
        "479",
        "RM0386",
        _DRIVE_MHZ,
        _BY_30,
        "3F0FFFFB 7F437FFF FFFFFCFF 22E017FF F6FEC9FF 0C777933 7EF417FF 000000F1 00000003"
        " F6FEC9FF 0C777F33 0001830F 000FEFFF 000F430F",
    ),
)
