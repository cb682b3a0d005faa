"""Second moments, quadratic forms and their quantiles over segments of features."""

from collections.abc import Sequence

import numpy as np

from host_tools.detection.features import F32, F64, ewma
from host_tools.detection.rule import Rule

FOLDS = 8


def shrunk(features: Sequence[F64], rule: Rule, typical: bool) -> F64:
    """Second moments of segments [T, K] each, shrunk to their diagonal; [K, K] positive.

    `typical` takes the median over segments, else the mean over all rows.
    """
    usable = [f for f in features if len(f)]
    if typical:
        moments = np.median([f.T @ f / len(f) for f in usable], axis=0)
    else:
        rows = np.concatenate(usable)
        moments = rows.T @ rows / len(rows)
    diagonal = np.diag(np.maximum(np.diag(moments), rule.least_moment))
    mixed = (1.0 - rule.shrinkage) * (moments - np.diag(np.diag(moments))) + diagonal
    weight, vector = np.linalg.eigh(mixed)
    return np.asarray((vector * np.maximum(weight, rule.least_eigenvalue)) @ vector.T, np.float64)


def square(moments: F64, feature: F64) -> F64:
    """Quadratic form f' moments^-1 f of each row."""
    if not len(feature):
        return np.zeros(0)
    return np.asarray(np.einsum("ti,ti->t", feature, np.linalg.solve(moments, feature.T).T))


def crossed(features: Sequence[F64], rule: Rule, typical: bool) -> tuple[F64, list[F64]]:
    """Return moments of all segments, and the form of each by the moments of the others.

    The segments are dealt out into FOLDS folds, so that no row is judged by moments that it
    made itself. With fewer segments than folds they are.
    """
    everything = shrunk(features, rule, typical)
    if sum(len(f) > 0 for f in features) < 2 * FOLDS:
        return everything, [square(everything, f) for f in features]
    folds = []
    for k in range(FOLDS):
        others = [f for i, f in enumerate(features) if i % FOLDS != k]
        folds.append(shrunk(others, rule, typical))
    return everything, [square(folds[i % FOLDS], f) for i, f in enumerate(features)]


def high(scores: Sequence[F64], rule: Rule, typical: bool) -> float:
    """Quantile of the smoothed score: the median over segments, or over all their rows."""
    smooth = [ewma(s, rule.alpha) for s in scores if len(s)]
    if typical:
        return float(np.median([np.quantile(s, rule.quantile) for s in smooth]))
    return float(np.quantile(np.concatenate(smooth), rule.quantile))


def packed(moments: F64, quantile: float) -> F32:
    """Lower triangular A with |A f|² = f' moments^-1 f / quantile, packed row by row."""
    factor = np.linalg.inv(np.linalg.cholesky(moments)) / np.sqrt(quantile)
    return np.asarray(factor[np.tril_indices(len(factor))], np.float32)
