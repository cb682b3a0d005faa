"""The STM32N6 parts: which bits of RCC exist. RM0486; they equal those of ST's CMSIS device
headers.
"""

from targets.emulate.board.peripheral.variant import Variant

VARIANTS = (
    Variant(
        ("STM32N645", "STM32N647", "STM32N655", "STM32N657"),
        "RM0486",
        {"AHB4ENR": 0x000DE0FF, "APB2ENR": 0x007FB0F3},
    ),
)
