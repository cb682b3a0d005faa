"""The STM32U5 peripherals that the driver uses: RM0456, with TrustZone off (TZEN = 0)."""
