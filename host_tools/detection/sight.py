"""What a detector sees, counted: outcomes of injected faults, and of other thresholds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from host_tools.detection.features import F64

SEEN = 0.5
"""Share of the largest ramps that must be caught, chance left out, for a channel to be watched."""


@dataclass(frozen=True)
class Fault:
    """A step, or a ramp over `rows` rows, of `size` spreads; size 0: none."""

    kind: str
    size: float
    rows: int

    @property
    def name(self) -> str:
        """What a table calls it."""
        return f"{self.kind} {self.size:g}"

    def shape(self, rows: int) -> F64:
        """Return the deviation of `rows` rows from the onset on, in spreads."""
        if self.kind == "step":
            return np.full(rows, self.size)
        return self.size * np.minimum(np.arange(1, rows + 1) / self.rows, 1.0)


@dataclass(frozen=True)
class Trial:
    """How one went.

    Attributes:
        delay: Rows from the onset to the first notice; infinite without one, NaN where the state
            was raised already: that trial is left out.
        alarmed: Whether the alarm came.
        drifts: Whether there was no notice, but the drift notice.
    """

    delay: float
    alarmed: bool = False
    drifts: bool = False


@dataclass(frozen=True)
class Outcome:
    """How the trials of one fault in one channel went.

    Attributes:
        trials: That were not raised before the onset.
        noticed: Of them, raised after it.
        alarmed: Of them, in alarm.
        delay: Median rows from the onset to the notice, of those that were noticed; None: none.
        drifts: Of them, without a notice but with the drift notice.
    """

    trials: int
    noticed: int
    alarmed: int
    delay: float | None
    drifts: int = 0

    @classmethod
    def of(cls, found: Sequence[Trial]) -> "Outcome":
        """Count trials."""
        fair = [t for t in found if not np.isnan(t.delay)]
        delays = [t.delay for t in fair if np.isfinite(t.delay)]
        return cls(
            len(fair),
            len(delays),
            sum(t.alarmed for t in fair),
            float(np.median(delays)) if delays else None,
            sum(t.drifts for t in fair),
        )

    @property
    def share(self) -> float:
        """Part of the trials that was noticed; 0 without trials."""
        return self.noticed / self.trials if self.trials else 0.0

    def fields(self) -> dict[str, Any]:
        """JSON."""
        return dict(vars(self))


@dataclass(frozen=True)
class QuietPoint:
    """What one threshold gives without labels, on rows that trained nothing.

    Attributes:
        threshold: Of the notice.
        episodes_per_day: Notices a day of quiet rows; None: no row has a verdict.
        quiet_share: Percent of the quiet rows in notice or alarm.
        caught: Share of the injected steps that are noticed.
        delay: Median rows until then; None: none is.
    """

    threshold: float
    episodes_per_day: float | None
    quiet_share: float | None
    caught: float
    delay: float | None

    def cells(self) -> list[str]:
        """Return it as words, one for each column of a table."""
        values = (self.episodes_per_day, self.quiet_share, 100.0 * self.caught, self.delay)
        return [f"{self.threshold:.4g}", *("-" if v is None else f"{v:.3g}" for v in values)]


CURVE_HEAD = ("threshold", "notices a quiet day", "% of quiet time", "% of steps", "after rows")


@dataclass(frozen=True)
class Sight:
    """What a detector sees.

    Attributes:
        channels: Names.
        faults: Columns of the table.
        outcomes: By channel, one for each fault.
        chance: By kind of fault what quiet rows alone raise.
        step_rows: Rows after a step in which it must be noticed.
        delays: float64, of every step in order: see Trial.
        curve: What thresholds give, ascending; empty: not measured.
        deployments: Quiet recordings that the faults were put into.
        rate_hz: Rows per second.
    """

    channels: tuple[str, ...]
    faults: tuple[Fault, ...]
    outcomes: tuple[tuple[Outcome, ...], ...]
    chance: dict[str, Outcome]
    deployments: int
    rate_hz: float
    step_rows: int
    delays: F64
    curve: tuple["QuietPoint", ...] = ()

    def of(self, kind: str) -> list[Outcome]:
        """Return the outcomes of one kind of fault, all channels and sizes."""
        return [
            row[i] for row in self.outcomes for i, f in enumerate(self.faults) if f.kind == kind
        ]

    def share(self, kind: str = "step") -> float | None:
        """Return which part of the trials of a kind was noticed; None without one."""
        found = self.of(kind)
        trials = sum(o.trials for o in found)
        return sum(o.noticed for o in found) / trials if trials else None

    def delay(self, kind: str = "step") -> float | None:
        """Return the median over faults and channels of the delay, in rows."""
        known = [o.delay for o in self.of(kind) if o.delay is not None]
        return float(np.median(known)) if known else None

    @property
    def tells_ramps(self) -> bool:
        """Whether ramps were tried, on rows that are quiet for so long by themselves."""
        return "ramp" in self.chance and self.chance["ramp"].share < SEEN

    def blind_to_ramps(self) -> list[str]:
        """Return the channels in which most of the largest ramps pass without any notice."""
        ramps = [i for i, f in enumerate(self.faults) if f.kind == "ramp"]
        if not self.tells_ramps:
            return []
        largest = max(ramps, key=lambda i: self.faults[i].size)
        found = []
        for name, row in zip(self.channels, self.outcomes, strict=True):
            o = row[largest]
            if o.trials and (o.noticed + o.drifts) / o.trials - self.chance["ramp"].share < SEEN:
                found.append(name)
        return found

    def lines(self) -> list[str]:
        """Return it as a table for the terminal: share noticed, and rows until then."""
        head = ["channel", *(f"{f.name}" for f in self.faults)]
        rows = [[n, *map(_cell, row)] for n, row in zip(self.channels, self.outcomes, strict=True)]
        quiet = [self.chance[f.kind] for f in self.faults]
        rows.append(["no fault", *map(_cell, quiet)])
        widths = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head))]
        table = [
            "  ".join([r[0].ljust(widths[0]), *map(str.rjust, r[1:], widths[1:])])
            for r in [head, *rows]
        ]
        blind = self.blind_to_ramps()
        ramp = max((f.rows for f in self.faults if f.kind == "ramp"), default=0)
        notes = [
            f"faults injected into {self.deployments} stretches of quiet rows that trained nothing,"
            f" in spreads of the channel: share noticed within {self.step_rows} rows, and after how"
            " many"
        ]
        if ramp:
            seconds = ramp / self.rate_hz
            notes.append(f"ramps rise over {ramp:,} rows ({seconds / 60:,.3g} min)")
            if not self.tells_ramps:
                notes.append("the quiet rows raise a notice within that time: ramps tell nothing")
            elif blind:
                notes.append(f"slow ramps pass unnoticed in: {', '.join(blind)}")
            else:
                notes.append("no channel is blind to slow ramps")
        return [notes[0], *("  " + row for row in table), *notes[1:]]

    def curve_lines(self, own: float) -> list[str]:
        """Return the operating curve as a table for the terminal; `own` is the present one."""
        rows = [list(CURVE_HEAD), *(point.cells() for point in self.curve)]
        widths = [max(len(r[i]) for r in rows) for i in range(len(CURVE_HEAD))]
        marks = [" ", *("*" if abs(p.threshold - own) < 1e-6 * own else " " for p in self.curve)]
        return [
            "operating curve (--threshold), * the present one:",
            *(
                f" {mark}" + "  ".join(map(str.rjust, row, widths))
                for mark, row in zip(marks, rows, strict=True)
            ),
        ]

    def fields(self) -> dict[str, Any]:
        """JSON: counts by channel and fault, delays in rows."""
        return {
            "deployments": self.deployments,
            "rate_hz": self.rate_hz,
            "step_rows": self.step_rows,
            "ramp_rows": max((f.rows for f in self.faults if f.kind == "ramp"), default=0),
            "chance": {kind: o.fields() for kind, o in self.chance.items()},
            "channels": {
                name: {f.name: o.fields() for f, o in zip(self.faults, row, strict=True)}
                for name, row in zip(self.channels, self.outcomes, strict=True)
            },
            "step_share": self.share("step"),
            "step_delay_rows": self.delay("step"),
            "ramp_share": self.share("ramp"),
            "tells_ramps": self.tells_ramps,
            "blind_to_ramps": self.blind_to_ramps(),
            "operating_curve": [dict(vars(point)) for point in self.curve],
        }


def _cell(found: Outcome) -> str:
    if not found.trials:
        return "-"
    delay = "" if found.delay is None else f" {found.delay:.0f}"
    return f"{found.share:.0%}{delay}"
