"""What the network's residual adds to the other statistics, on rows that trained nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from host_tools.detection.features import F64
from host_tools.detection.sight import Sight
from host_tools.detection.trials import Bench, quiet_time, sight

CLEAR = 2.0
"""Standard deviations by which what is caught more must exceed what is caught less (McNemar)."""
MORE_NOTICES = 0.5
"""Percent of the quiet time by which notices may grow."""

LEAST_DEPLOYMENTS = 2
"""Held-out stretches, each as long as the learning: fewer do not show how deployments differ."""


@dataclass(frozen=True)
class Side:
    """A detector with or without the residual.

    Attributes:
        caught: Share of the injected steps that were noticed.
        delay: Median rows until then; None: none was.
        notices: Percent of the quiet rows with a verdict in notice or alarm.
    """

    caught: float
    delay: float | None
    notices: float


@dataclass(frozen=True)
class Worth:
    """The comparison, and what follows from it.

    Attributes:
        with_network: Measured with the residual.
        without: And without.
        gained: Steps that only the detector with the residual noticed.
        lost: Steps that only the one without noticed.
        trials: Steps that both were tried on.
    """

    with_network: Side
    without: Side
    gained: int
    lost: int
    trials: int

    @property
    def pays(self) -> bool:
        """Whether the residual stays: it catches clearly more, without many more notices."""
        clear = self.gained - self.lost > CLEAR * np.sqrt(self.gained + self.lost)
        return bool(clear and self.with_network.notices <= self.without.notices + MORE_NOTICES)

    def words(self) -> str:
        """Return it as a sentence."""
        a, b = self.with_network, self.without
        verdict = "stays" if self.pays else "is left out: it adds nothing that is clear"
        return (
            f"the network's residual {verdict}; with it {a.caught:.0%} of {self.trials} injected"
            f" steps are noticed after {_rows(a.delay)} and {a.notices:.2g}% of the quiet rows are"
            f" in notice or alarm, without it {b.caught:.0%} after {_rows(b.delay)} and"
            f" {b.notices:.2g}%"
        )

    def regimes_words(self, count: int) -> str:
        """Return it as a sentence where several regimes stand in the place of the network."""
        a, b = self.with_network, self.without
        verdict = "see clearly more" if self.pays else "add nothing that is clear"
        return (
            f"{count} regimes {verdict}: with them {a.caught:.0%} of {self.trials} injected steps"
            f" are noticed after {_rows(a.delay)} and {a.notices:.2g}% of the quiet rows are in"
            f" notice or alarm, with one {b.caught:.0%} after {_rows(b.delay)} and"
            f" {b.notices:.2g}%"
        )

    def fields(self) -> dict[str, Any]:
        """JSON."""
        return {
            "pays": self.pays,
            "trials": self.trials,
            "gained": self.gained,
            "lost": self.lost,
            "with": dict(vars(self.with_network)),
            "without": dict(vars(self.without)),
        }


def _rows(delay: float | None) -> str:
    return "no rows" if delay is None else f"{delay:.3g} rows"


def compare(with_network: Bench, without: Bench, stretches: Sequence[F64]) -> Worth | None:
    """Try both on the same steps and quiet rows; None: too few rows to tell.

    With a learned baseline each stretch is a deployment. One of them shows how the forecasts do
    where they were made, and not how they do on another day: it does not tell.

    Args:
        with_network: The detector that has the residual.
        without: The other one.
        stretches: Quiet rows that trained nothing, raw float64 [T, C] each, without gaps.
    """
    learn = with_network.detector.learn_samples
    if learn and sum(len(stretch) >= learn for stretch in stretches) < LEAST_DEPLOYMENTS:
        return None
    found = [(sight(b, stretches, whole=False), b) for b in (with_network, without)]
    seen = [(s, b) for s, b in found if s is not None]
    if len(seen) < 2:
        return None
    sides = [_side(s, b, stretches) for s, b in seen]
    a, b = (s.delays for s, _ in seen)
    both = ~np.isnan(a) & ~np.isnan(b)
    hit, other = np.isfinite(a[both]), np.isfinite(b[both])
    gained, lost = int((hit & ~other).sum()), int((~hit & other).sum())
    return Worth(sides[0], sides[1], gained, lost, int(both.sum()))


def _side(seen: Sight, bench: Bench, stretches: Sequence[F64]) -> Side:
    ((_, share),) = quiet_time(bench, stretches, [float(bench.detector.notice)])
    return Side(seen.share() or 0.0, seen.delay(), share or 0.0)
