"""The GD32VF103 peripherals that the drivers use: GigaDevice, "GD32VF103 User Manual"."""
