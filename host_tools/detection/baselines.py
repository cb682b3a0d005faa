"""What a detector must beat, computed in the same run: each maps (rows, train) to score and alarm.

All are fitted on the first `train` rows of the run alone and are causal.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from host_tools.detection.features import F64, ewma

Verdict = tuple[F64, npt.NDArray[np.bool_]]


def always(values: F64, train: int) -> Verdict:
    """Alarm on every row: the F1 that costs nothing."""
    del train
    return np.ones(len(values)), np.ones(len(values), bool)


def persistence(values: F64, train: int) -> Verdict:
    """Squared one-step change over its training mean square, EWMA 0.1, threshold q99."""
    change = np.diff(values, axis=0, prepend=values[:1])
    scale = np.maximum((change[:train] ** 2).mean(axis=0), 1e-12)
    score = ewma((change**2 / scale).sum(axis=1), 0.1)
    return score, score > np.quantile(score[:train], 0.99)


def isolation_forest(values: F64, train: int) -> Verdict:
    """scikit-learn's forest, seed 0, score threshold q99 of training rows."""
    from sklearn.ensemble import IsolationForest

    forest = IsolationForest(random_state=0, n_estimators=100).fit(values[:train])
    score = -np.asarray(forest.score_samples(values), np.float64)
    return score, score > np.quantile(score[:train], 0.99)


def _rolling_median(score: F64, rows: int) -> F64:
    """Median of each row with the rows before it; 0 while fewer."""
    out = np.zeros_like(score)
    view = np.lib.stride_tricks.sliding_window_view(score, rows)
    out[rows - 1 :] = np.median(view, axis=1)
    return out


def t2_q(values: F64, train: int, confidence: float = 0.999, share: float = 0.85) -> Verdict:
    """Hotelling T2 and Q (SPE) on principal components with `share` of the variance, median of 5.

    Limits: F distribution for T2, Jackson and Mudholkar for Q; the benchmark's configuration.
    """
    from scipy import stats

    head = values[:train]
    z = (values - head.mean(axis=0)) / np.maximum(head.std(axis=0), 1e-12)
    weight, vector = np.linalg.eigh(np.cov(z[:train].T))
    weight, vector = weight[::-1], vector[:, ::-1]
    k = int(np.searchsorted(np.cumsum(weight) / weight.sum(), share) + 1)
    k = min(k, len(weight) - 1)
    part = z @ vector[:, :k]
    t2 = _rolling_median((part**2 / weight[:k]).sum(axis=1), 5)
    t2_limit = k * (train - 1) * (train + 1) / (train * (train - k))
    t2_limit *= stats.f.ppf(confidence, k, train - k)
    q = _rolling_median(((z - part @ vector[:, :k].T) ** 2).sum(axis=1), 5)
    rest = weight[k:].sum()
    a, b, c = rest, rest**2, rest**3
    h = 1.0 - 2.0 * a * c / (3.0 * b**2)
    deviate = stats.norm.ppf(confidence)
    q_limit = a * (1.0 + deviate * h * np.sqrt(2.0 * b) / a + b * h * (h - 1.0) / a**2) ** (1.0 / h)
    score = np.maximum(t2 / t2_limit, q / q_limit)
    return score, score > 1.0


ALL: dict[str, Callable[[F64, int], Verdict]] = {
    "always-alarm": always,
    "persistence": persistence,
    "isolation forest": isolation_forest,
    "T2+Q": t2_q,
}
