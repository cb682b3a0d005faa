"""Exact moments and correlations of data that arrive in pieces.

Central sums of two pieces are merged without going back to the data: Chan, Golub and LeVeque,
"Updating formulae and a pairwise algorithm for computing sample variances" (1979), and Pébay,
"Formulas for robust, one-pass parallel computation of covariances and arbitrary-order
statistical moments" (SAND2008-6212) for the third and fourth. Within a piece the sums are taken
around its own mean, so nothing large is subtracted from anything large.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(eq=False)
class Moments:
    """Count, mean, central sums Σ(x − mean)^k for k = 2, 3, 4, and range; float64 [channels].

    A channel without a value has count 0 and the range +∞ … −∞.
    """

    count: Array
    mean: Array
    m2: Array
    m3: Array
    m4: Array
    low: Array
    high: Array

    @classmethod
    def of(cls, values: Array) -> "Moments":
        """Return the moments of float64 [channels, rows]; NaN is missing."""
        missing = np.isnan(values)
        count = values.shape[1] - missing.sum(axis=1).astype(np.float64)
        some = np.maximum(count, 1.0)
        filled = np.where(missing, 0.0, values)
        # Values near the end of float64 may leave it when raised to the fourth power.
        with np.errstate(over="ignore", invalid="ignore"):
            mean = filled.sum(axis=1) / some
            d = np.where(missing, 0.0, values - mean[:, None])
            correction = d.sum(axis=1) / some
            mean = mean + correction
            d = np.where(missing, 0.0, d - correction[:, None])
            d2 = d * d
            m2, m3, m4 = d2.sum(axis=1), (d2 * d).sum(axis=1), (d2 * d2).sum(axis=1)
        return cls(
            count, mean, m2, m3, m4,
            np.where(missing, np.inf, values).min(axis=1, initial=np.inf),
            np.where(missing, -np.inf, values).max(axis=1, initial=-np.inf),
        )  # fmt: skip

    def merged(self, other: "Moments") -> "Moments":
        """Return the moments of both pieces together."""
        na, nb = self.count, other.count
        n = np.maximum(na + nb, 1.0)
        with np.errstate(over="ignore", invalid="ignore"):
            delta = np.where((na > 0) & (nb > 0), other.mean - self.mean, 0.0)
            mean = np.where(na > 0, self.mean, other.mean) + delta * nb / n
            m2 = self.m2 + other.m2 + delta**2 * na * nb / n
            m3 = (
                self.m3
                + other.m3
                + delta**3 * na * nb * (na - nb) / n**2
                + 3 * delta * (na * other.m2 - nb * self.m2) / n
            )
            m4 = (
                self.m4
                + other.m4
                + delta**4 * na * nb * (na * na - na * nb + nb * nb) / n**3
                + 6 * delta**2 * (na * na * other.m2 + nb * nb * self.m2) / n**2
                + 4 * delta * (na * other.m3 - nb * self.m3) / n
            )
        low, high = np.minimum(self.low, other.low), np.maximum(self.high, other.high)
        return Moments(na + nb, mean, m2, m3, m4, low, high)

    @property
    def std(self) -> Array:
        """Sample standard deviation (n − 1), NaN below two values."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.sqrt(np.where(self.count > 1, self.m2 / (self.count - 1), np.nan))

    @property
    def skew(self) -> Array:
        """Sample skewness G1, NaN below three values or without spread; as pandas has it."""
        n = self.count
        with np.errstate(all="ignore"):
            g1 = np.sqrt(n) * self.m3 / self.m2**1.5
            return np.where((n > 2) & (self.m2 > 0), g1 * np.sqrt(n * (n - 1)) / (n - 2), np.nan)

    @property
    def kurtosis(self) -> Array:
        """Sample excess kurtosis G2, NaN below four values or without spread; as pandas has it."""
        n = self.count
        with np.errstate(all="ignore"):
            g2 = n * self.m4 / self.m2**2 - 3
            unbiased = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6)
            return np.where((n > 3) & (self.m2 > 0), unbiased, np.nan)


@dataclass(eq=False)
class Comoments:
    """Sums over the rows in which both channels of a pair have a value; [channels, channels].

    `mean[i, j]` is the mean of channel i over the rows of the pair (i, j), `square[i, j]` its
    Σ(x_i − mean)², `cross[i, j]` Σ(x_i − mean[i, j])(x_j − mean[j, i]).
    """

    count: Array
    mean: Array
    square: Array
    cross: Array

    @classmethod
    def of(cls, values: Array) -> "Comoments":
        """Return the sums of float64 [channels, rows]; NaN is missing."""
        there = (~np.isnan(values)).astype(np.float64)
        filled = np.nan_to_num(values, nan=0.0)
        centre = filled.sum(axis=1) / np.maximum(there.sum(axis=1), 1.0)
        with np.errstate(over="ignore", invalid="ignore"):
            d = (filled - centre[:, None]) * there
            count = there @ there.T
            total = d @ there.T
            n = np.maximum(count, 1.0)
            return cls(
                count=count,
                mean=centre[:, None] + total / n,
                square=(d * d) @ there.T - total**2 / n,
                cross=d @ d.T - total * total.T / n,
            )

    def merged(self, other: "Comoments") -> "Comoments":
        """Return the sums of both pieces together."""
        na, nb = self.count, other.count
        n = np.maximum(na + nb, 1.0)
        with np.errstate(over="ignore", invalid="ignore"):
            delta = np.where((na > 0) & (nb > 0), other.mean - self.mean, 0.0)
            factor = na * nb / n
            return Comoments(
                count=na + nb,
                mean=np.where(na > 0, self.mean, other.mean) + delta * nb / n,
                square=self.square + other.square + delta**2 * factor,
                cross=self.cross + other.cross + delta * delta.T * factor,
            )

    def correlation(self) -> Array:
        """Return Pearson's r, float64 [channels, channels]; NaN where a channel has no spread."""
        with np.errstate(all="ignore"):
            spread = np.sqrt(self.square) * np.sqrt(self.square.T)
            r = np.clip(self.cross / spread, -1.0, 1.0)
            return np.where((self.count > 1) & (spread > 0), r, np.nan)
