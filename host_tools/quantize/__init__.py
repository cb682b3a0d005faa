"""Representative datasets, calibration and the quantization sweep."""
