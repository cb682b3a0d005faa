"""Models of the peripherals that are alike in all families."""
