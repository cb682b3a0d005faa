"""The RP2040: one part."""

from targets.emulate.board.peripheral.variant import Variant

VARIANTS = (Variant(("RP2040",), "RP2040 Datasheet", {}),)
