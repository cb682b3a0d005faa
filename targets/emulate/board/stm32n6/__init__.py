"""The STM32N6 peripherals that the drivers use: RM0486 (STM32N657), at their Secure addresses."""
