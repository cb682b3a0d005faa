"""The STM32F4 peripherals that the drivers use: RM0090 (STM32F405), RM0390 (STM32F446)."""
