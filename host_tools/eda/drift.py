"""Drift of a log over its length: a timeline in bounded memory, and hints from it.

The hints are rules on segment means, not tests of significance: samples of a plant follow each
other closely, and a test that takes them for independent would call everything significant.
"""

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from host_tools.eda.moments import Moments

Array = NDArray[np.float64]

MOST_SEGMENTS = 256
FIRST_SEGMENT_ROWS = 64
COARSE_SEGMENTS = 12

TREND_SIGMA = 1.0
TREND_R2 = 0.5
LEVEL_SHARE = 0.5
SPREAD_FACTOR = 2.0

CONSTANT, DRIFT, LEVELS, SPREAD, STEADY, SHORT = (
    "constant", "drifts", "changes level", "changes spread", "steady", "too short to tell",
)  # fmt: skip
RULES = (
    f'Hints, from {COARSE_SEGMENTS} equal parts of the log. "{DRIFT}": a straight line explains'
    f" over {TREND_R2:.0%} of the part means and moves by over {TREND_SIGMA:g} σ;"
    f' "{LEVELS}": part means explain over {LEVEL_SHARE:.0%} of the variance;'
    f' "{SPREAD}": the standard deviation of the last third is over {SPREAD_FACTOR:g} times, or'
    f" under 1/{SPREAD_FACTOR:g} of, that of the first."
)


class Timeline:
    """Timeline of at most MOST_SEGMENTS equal segments, whose rows double as the log grows."""

    def __init__(self) -> None:
        """Start with no row seen."""
        self.rows = FIRST_SEGMENT_ROWS
        self.segments: list[Moments] = []
        self._open: Moments | None = None
        self._filled = 0

    def add(self, values: Array) -> None:
        """Take float64 [channels, rows]; NaN is missing."""
        first, total = 0, values.shape[1]
        while first < total:
            last = min(total, first + self.rows - self._filled)
            piece = Moments.of(values[:, first:last])
            self._open = piece if self._open is None else self._open.merged(piece)
            self._filled += last - first
            first = last
            if self._filled == self.rows:
                self._close()

    def _close(self) -> None:
        assert self._open is not None
        self.segments.append(self._open)
        self._open, self._filled = None, 0
        if len(self.segments) == MOST_SEGMENTS:
            pairs = zip(self.segments[::2], self.segments[1::2], strict=True)
            self.segments = [one.merged(two) for one, two in pairs]
            self.rows *= 2

    def all(self) -> list[Moments]:
        """Return the segments; the last may hold fewer rows."""
        return self.segments if self._open is None else [*self.segments, self._open]


@dataclass(frozen=True)
class Drift:
    """How one channel changes; σ is its standard deviation over the whole log.

    Attributes:
        trend_sigma: Rise of the straight line through the part means, from start to end.
        trend_r2: Part of the variance of the part means that the line explains.
        level_share: Part of the channel's variance that the part means explain.
        shift_sigma: Mean of the last third minus mean of the first.
        spread_ratio: Standard deviation of the last third over that of the first.
        hint: One of the words above.
    """

    trend_sigma: float
    trend_r2: float
    level_share: float
    shift_sigma: float
    spread_ratio: float
    hint: str


def _grouped(segments: list[Moments], parts: int) -> list[Moments]:
    edges = np.linspace(0, len(segments), min(parts, len(segments)) + 1).round().astype(int)
    pairs = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    return [reduce(Moments.merged, segments[a:b]) for a, b in pairs]


def _line(means: Array) -> tuple[float, float]:
    """Return the rise of the straight line through equally spaced means, and its R²."""
    x = np.linspace(-0.5, 0.5, len(means))
    spread = float(((means - means.mean()) ** 2).sum())
    if spread == 0:
        return 0.0, 0.0
    rise = float((x * means).sum() / (x * x).sum())
    return rise, float(rise**2 * (x * x).sum() / spread)


def assess(segments: list[Moments]) -> list[Drift]:
    """Return the drift of each channel from its timeline."""
    total = reduce(Moments.merged, segments)
    coarse, thirds = _grouped(segments, COARSE_SEGMENTS), _grouped(segments, 3)
    found = []
    for channel in range(len(total.count)):
        sigma, m2 = float(total.std[channel]), float(total.m2[channel])
        parts = [part for part in coarse if part.count[channel] > 0]
        if not sigma > 0 or not np.isfinite(m2):
            found.append(Drift(0.0, 0.0, 0.0, 0.0, 1.0, CONSTANT if sigma == 0 else SHORT))
            continue
        if len(parts) < COARSE_SEGMENTS:
            found.append(Drift(0.0, 0.0, 0.0, 0.0, 1.0, SHORT))
            continue
        means = np.array([float(part.mean[channel]) for part in parts])
        counts = np.array([float(part.count[channel]) for part in parts])
        rise, r2 = _line(means)
        level = float((counts * (means - total.mean[channel]) ** 2).sum()) / m2
        first, last = thirds[0], thirds[-1]
        shift = float(last.mean[channel] - first.mean[channel]) / sigma
        spread = float(last.std[channel] / first.std[channel]) if first.std[channel] > 0 else np.inf
        found.append(
            Drift(
                rise / sigma, r2, level, shift, spread, _hint(abs(rise) / sigma, r2, level, spread)
            )
        )
    return found


def _hint(rise: float, r2: float, level: float, spread: float) -> str:
    if r2 > TREND_R2 and rise > TREND_SIGMA:
        return DRIFT
    if level > LEVEL_SHARE:
        return LEVELS
    if spread > SPREAD_FACTOR or spread * SPREAD_FACTOR < 1:
        return SPREAD
    return STEADY
