"""Four noisy channels, the last a random walk."""

import numpy as np


def plant(rows: int, seed: int) -> np.ndarray:
    """float64 [rows, 4]."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, 4)) * [1.0, 0.1, 5.0, 1.0] + [10.0, 0.0, -3.0, 50.0]
    values[:, 3] += np.cumsum(rng.normal(size=rows))
    return values
