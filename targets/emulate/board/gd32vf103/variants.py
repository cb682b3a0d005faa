"""The GD32VF103 parts: they differ in memory and pins only, not in the registers modelled here."""

from targets.emulate.board.peripheral.variant import Variant

VARIANTS = (Variant(("GD32VF103",), "GD32VF103 User Manual", {}),)
