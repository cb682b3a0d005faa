"""The STM32G0 peripherals that the drivers use: RM0444 (STM32G0B1)."""
