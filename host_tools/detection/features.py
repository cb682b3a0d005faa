"""What the statistics are made of, for a whole segment at once, in float64.

The chain computes the same sample by sample in float32; `tests` compare both.
"""

from collections.abc import Callable
from itertools import accumulate

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
Predict = Callable[[F32], F32]
"""Model: inputs [N, W, C], not clipped, to forecasts [N, H, C]."""


def row_means(values: F64, rows: int) -> F64:
    """Mean of each row with the rows - 1 before it; [T, n] to [T - rows + 1, n]."""
    total = np.cumsum(np.vstack([np.zeros((1, values.shape[1])), values]), axis=0)
    return np.asarray((total[rows:] - total[:-rows]) / rows, np.float64)


def ewma(score: F64, alpha: float, start: float | None = None) -> F64:
    """Exponential smoothing, e = e + alpha * (s - e), from the first score or from `start`."""
    if not len(score):
        return np.empty_like(score)
    return _smooth(score[:, None], np.array([alpha]), score[0] if start is None else start)[:, 0]


def _smooth(values: F64, alpha: F64, start: F64 | float) -> F64:
    """Exponential smoothing of each column of [T, n] from `start`: e = alpha * s + (1 - alpha) * e.

    Row by row: what is smoothed has the same bits on every machine.
    """
    out = alpha * values
    kept = 1.0 - alpha
    before = kept * np.asarray(start, np.float64)
    if out.size == len(out):  # one column: Python's own floats are faster
        column = out.ravel().tolist()
        column[:1] = [column[0] + float(before.reshape(-1)[0])] if column else []
        share = float(kept[0])
        return np.array(list(accumulate(column, lambda e, s: s + share * e))).reshape(out.shape)
    for t in range(len(out)):
        out[t] += before
        np.multiply(kept, out[t], out=before)
    return out


def medians(values: F64) -> F64:
    """Median of each row and the two before it; the first two rows stand for themselves."""
    first = np.vstack([values[:1], values[:1], values])
    return np.asarray(np.median(np.stack([first[:-2], first[1:-1], first[2:]]), axis=0), np.float64)


def innovations(values: F64, alpha: F64) -> F64:
    """One-step errors of exponential smoothers, [T, n]; 0 in the first row."""
    before = _smooth(values[:-1], alpha, values[0])
    return np.vstack([np.zeros((1, values.shape[1])), values[1:] - before])


def drift_shares(values: F64, blocks: int) -> F64:
    """Share of each channel's variance that lies in the means of `blocks` blocks; [T, C] to [C].

    1 / (T / blocks) for white noise. A constant channel has 0.
    """
    size = len(values) // blocks
    if size < 1:
        return np.zeros(values.shape[1])
    means = values[: blocks * size].reshape(blocks, size, -1).mean(axis=1)
    total = values.var(axis=0, ddof=1)
    between = means.var(axis=0, ddof=1)
    return np.asarray(np.where(total > 0, between / np.maximum(total, 1e-300), 0.0), np.float64)


def errors(inputs: F64, predict: Predict, window: int, horizon: int, alpha: float) -> F64:
    """Smoothed error of the mean of the `horizon` forecasts of each row.

    Returns:
        [T, C]; NaN where no row has been forecast `horizon` times yet.
    """
    out = np.full_like(inputs, np.nan)
    count = len(inputs) - window
    first = window + horizon - 1
    if len(inputs) <= first:
        return out
    view = np.lib.stride_tricks.sliding_window_view(inputs.astype(np.float32), window, axis=0)
    output = predict(np.ascontiguousarray(view[:count].transpose(0, 2, 1)))
    total = np.zeros((len(inputs), inputs.shape[1]))
    for h in range(horizon):
        # Forecast h of the window that begins at row n is of row n + window + h.
        last = min(window + h + count, len(inputs))
        total[window + h : last] += output[: last - window - h, h]
    raw = inputs[first:] - total[first:] / horizon
    out[first:] = _smooth(raw, np.full(inputs.shape[1], alpha), 0.0)
    return out


def longest_runs(values: F32, band: F32) -> npt.NDArray[np.int64]:
    """Longest run of values in each channel that stand still, [T, C] to [C]: each differs from
    the one before by no more than `band` [C].
    """
    best = np.ones(values.shape[1], np.int64)
    run = np.ones(values.shape[1], np.int64)
    for same in np.abs(np.diff(values, axis=0)) <= band:
        run = np.where(same, run + 1, 1)
        best = np.maximum(best, run)
    return best
