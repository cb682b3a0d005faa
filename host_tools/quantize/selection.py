"""Selection of the windows that calibrate: a seeded mix of usual windows and the high-score tail.

Selections nest: with the same seed and part, a larger one holds every window of a smaller one. So a
sweep over sizes needs statistics of few windows more than its largest selection.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError

TAIL_PART = 0.2
"""Part of the windows that is the tail: the fifth with the highest scores."""


@dataclass(frozen=True, eq=False)
class Selection:
    """Chosen windows.

    Attributes:
        index: int64 [N], ascending.
        tail: How many of them are of the tail.
    """

    index: NDArray[np.int64]
    tail: int


def persistence(windows: NDArray[np.float32], truth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the model-free score of windows, float32 [N]: the RMSE of "nothing changes".

    Args:
        windows: float32 [N, window, channels], standardized.
        truth: float32 [N, horizon, channels], what followed.
    """
    change = truth - windows[:, -1:]
    return np.asarray(np.sqrt(np.mean(change**2, axis=(1, 2))), dtype=np.float32)


def select(score: NDArray[np.float32], max_total: int, balance: float, seed: int) -> Selection:
    """Choose windows.

    Args:
        score: float32 [N], higher is less usual.
        max_total: How many to choose.
        balance: Part of them from the tail, 0 … 1. A side that is too small is filled up from
            the other, and `Selection.tail` says what came of it.
        seed: Of the choice.

    Raises:
        DataError: Fewer windows than asked, or a balance outside 0 … 1.
    """
    if not 0.0 <= balance <= 1.0:
        raise DataError(f"balance {balance:g}: must be 0 … 1")
    if not 0 < max_total <= len(score):
        raise DataError(
            f"{max_total} representative windows asked, {len(score)} exist: ask for 1 …"
            f" {len(score)}, or give more data"
        )
    order = np.argsort(score, kind="stable")
    first = len(score) - max(1, int(len(score) * TAIL_PART))
    generator = np.random.Generator(np.random.PCG64(seed))
    usual, tail = (generator.permutation(part) for part in (order[:first], order[first:]))
    wanted = min(round(max_total * balance), len(tail))
    wanted = max(wanted, max_total - len(usual))
    chosen = np.concatenate([usual[: max_total - wanted], tail[:wanted]])
    return Selection(np.sort(chosen).astype(np.int64), wanted)
