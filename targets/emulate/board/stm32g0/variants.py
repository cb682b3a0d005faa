"""The STM32G0 parts with two banks of flash: which bits of RCC exist. RM0444."""

from targets.emulate.board.peripheral.variant import Variant

VARIANTS = (
    Variant(
        ("STM32G0B1",),
        "RM0444",
        {"IOPENR": 0x3F, "AHBENR": 0x1103, "APBENR1": 0xFFFFFFB7, "APBENR2": 0x0017D801},
    ),
    Variant(
        ("STM32G0C1",),
        "RM0444",
        {"IOPENR": 0x3F, "AHBENR": 0x51103, "APBENR1": 0xFFFFFFB7, "APBENR2": 0x0017D801},
    ),
)
