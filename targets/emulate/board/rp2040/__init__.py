"""The RP2040 peripherals that the drivers use: RP2040 Datasheet. Their aliases that set and clear
bits are not modelled; the flash answers as soon as the core starts, in the image behind the second
stage.
"""
