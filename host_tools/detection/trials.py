"""What a detector sees, without labels: faults of known size put into quiet rows.

Each trial is a deployment on quiet rows that trained nothing: the device starts, learns its
baseline if it does, and after a while one channel steps away, or ramps. Sizes are in spreads of
the channel. A trial is caught when the state is raised after the onset; one that was raised
before is left out, and quiet trials tell what chance catches.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from host_tools.detection import fast
from host_tools.detection.fast import Lane, Traces
from host_tools.detection.features import F32, F64
from host_tools.detection.fit import Network
from host_tools.formats.detector import Detector
from host_tools.formats.record import RAISED, State
from host_tools.formats.scaler import Scaler

STEPS = (1.0, 2.0, 3.0, 5.0)
RAMPS = (3.0, 5.0)
STEP_ROWS = 150
"""Rows after a step in which it must be caught."""
RAMP_SECONDS = 3600.0
LEAST_RAMP, MOST_RAMP = 300, 3600
"""Rows of a ramp: of an hour, within these bounds and as far as the quiet rows reach."""
LEAST_ROWS = 60
"""Rows after an onset below which a trial says nothing."""
WINDOWS = 10_000
"""Windows that the network is run on for the steps, about: it bounds the time."""
MOST_PIECES = 4
SEEN = 0.5
"""Share of the largest ramps that must be caught, chance left out, for a channel to be watched."""
_VALUES = 2_000_000
"""Values of the recordings that are judged side by side: it bounds the memory."""


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
class Sight:
    """What a detector sees.

    Attributes:
        channels: Names.
        faults: Columns of the table.
        outcomes: By channel, one for each fault.
        chance: By kind of fault what quiet rows alone raise.
        delays: float64, of every step in order: see Trial.
        deployments: Quiet recordings that the faults were put into.
        rate_hz: Rows per second.
    """

    channels: tuple[str, ...]
    faults: tuple[Fault, ...]
    outcomes: tuple[tuple[Outcome, ...], ...]
    chance: dict[str, Outcome]
    deployments: int
    rate_hz: float
    delays: F64

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

    def blind_to_ramps(self) -> list[str]:
        """Return the channels in which most of the largest ramps pass without any notice."""
        ramps = [i for i, f in enumerate(self.faults) if f.kind == "ramp"]
        if not ramps:
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
            f" in spreads of the channel: share noticed within {STEP_ROWS} rows, and after how many"
        ]
        if ramp:
            seconds = ramp / self.rate_hz
            notes.append(f"ramps rise over {ramp:,} rows ({seconds / 60:,.3g} min)")
            notes.append(
                f"slow ramps pass unnoticed in: {', '.join(blind)}"
                if blind
                else "no channel is blind to slow ramps"
            )
        return [notes[0], *("  " + row for row in table), *notes[1:]]

    def fields(self) -> dict[str, Any]:
        """JSON: counts by channel and fault, delays in rows."""
        return {
            "deployments": self.deployments,
            "rate_hz": self.rate_hz,
            "step_rows": STEP_ROWS,
            "ramp_rows": max((f.rows for f in self.faults if f.kind == "ramp"), default=0),
            "chance": {kind: o.fields() for kind, o in self.chance.items()},
            "channels": {
                name: {f.name: o.fields() for f, o in zip(self.faults, row, strict=True)}
                for name, row in zip(self.channels, self.outcomes, strict=True)
            },
            "step_share": self.share("step"),
            "step_delay_rows": self.delay("step"),
            "ramp_share": self.share("ramp"),
            "blind_to_ramps": self.blind_to_ramps(),
        }


def _cell(found: Outcome) -> str:
    if not found.trials:
        return "-"
    delay = "" if found.delay is None else f" {found.delay:.0f}"
    return f"{found.share:.0%}{delay}"


@dataclass(frozen=True, eq=False)
class Bench:
    """A detector on trial.

    Attributes:
        detector: Its constants.
        scaler: Of its inputs.
        network: The model; it runs only where a residual is scored.
        spread: float64 [C], what a size of 1 is, raw.
        rate_hz: Rows per second.
    """

    detector: Detector
    scaler: Scaler
    network: Network | None
    spread: F64
    rate_hz: float

    @property
    def onset(self) -> int:
        """Row of a deployment in which a fault begins."""
        d, net = self.detector, self.network
        ahead = net.window + net.horizon if net is not None else 0
        return max(d.learn_samples, ahead) + 5 * d.rows

    def ramp_rows(self, longest: int) -> int:
        """Return the rows of a ramp where a quiet stretch has at most `longest` rows."""
        wanted = min(max(round(RAMP_SECONDS * self.rate_hz), LEAST_RAMP), MOST_RAMP)
        return min(wanted, longest - self.onset)


def sight(bench: Bench, stretches: Sequence[F64], *, ramps: bool = True) -> Sight | None:
    """Put steps, and with `ramps` ramps, into quiet stretches; None: they are too short.

    Args:
        bench: The detector.
        stretches: Quiet rows that trained nothing, raw float64 [T, C] each, without gaps.
        ramps: Whether to try ramps, too.
    """
    steps = tuple(Fault("step", size, 1) for size in STEPS)
    channels = bench.scaler.channels
    budget = max(1, WINDOWS // (len(channels) * len(steps) * STEP_ROWS))
    pieces = deployments(bench, stretches, STEP_ROWS, min(MOST_PIECES, budget))
    if not pieces:
        return None
    trials, quiet = _tried(bench, pieces, steps)
    delays = np.array([t.delay for row in trials for cell in row for t in cell])
    chance, faults = {"step": quiet}, steps
    rows = [tuple(map(Outcome.of, row)) for row in trials]
    length = bench.ramp_rows(max(map(len, [*stretches, *pieces])))
    if ramps and length >= LEAST_ROWS:
        slow = tuple(Fault("ramp", size, length) for size in RAMPS)
        some = deployments(bench, stretches, length, 2) or pieces[:2]
        more, chance["ramp"] = _tried(bench, some, slow)
        rows = [a + tuple(map(Outcome.of, b)) for a, b in zip(rows, more, strict=True)]
        faults = steps + slow
    return Sight(channels, faults, tuple(rows), chance, len(pieces), bench.rate_hz, delays)


def deployments(bench: Bench, stretches: Sequence[F64], rows: int, most: int) -> list[F64]:
    """Return up to `most` recordings with `rows` rows after the onset, spread over the stretches.

    Where no stretch is long enough, a device that learns sees the rows that it learned from
    again; others get what there is.
    """
    need = bench.onset + rows
    starts = [
        (s, int(first))
        for s in stretches
        if len(s) >= need
        for first in np.linspace(0, len(s) - need, 1 + min(most - 1, (len(s) - need) // rows))
    ]
    found = [s[first : first + need] for s, first in starts]
    if not found:
        learn = bench.detector.learn_samples
        again = [np.concatenate([s, s]) for s in stretches if learn and len(s) >= learn]
        found = [s[:need] for s in again or stretches if len(s) >= bench.onset + LEAST_ROWS]
    count = min(most, len(found))
    return [found[i * len(found) // count] for i in range(count)]


def _tried(
    bench: Bench, pieces: Sequence[F64], faults: Sequence[Fault]
) -> tuple[list[list[list[Trial]]], Outcome]:
    """Return the trials by channel and fault, and what quiet rows alone raise."""
    memo = _Memo(bench.network)
    features = fast.Features(bench.detector, bench.scaler, memo.network)
    still = [Lane(p) for p in pieces]
    residuals = [features.residual(features.standard(lane)) for lane in still]
    still = [replace(lane, residual=r) for lane, r in zip(still, residuals, strict=True)]
    is_slow = faults[0].kind == "ramp"

    def lanes() -> Iterator[Lane]:
        for channel in range(len(bench.spread)):
            for fault in faults:
                for piece, residual in zip(pieces, residuals, strict=True):
                    values = piece.copy()
                    rows = len(piece) - bench.onset
                    values[bench.onset :, channel] += bench.spread[channel] * fault.shape(rows)
                    # A slow ramp hardly moves the error of a forecast a few rows ahead.
                    yield Lane(values, residual=residual if is_slow else None)

    found = (_trial(bench, t) for t in _judged(bench, features, lanes(), len(pieces[0])))
    trials = [[[next(found) for _ in pieces] for _ in faults] for _ in bench.spread]
    quiet = _judged(bench, features, iter(still), len(pieces[0]))
    return trials, Outcome.of([_trial(bench, t) for t in quiet])


def _judged(
    bench: Bench, features: fast.Features, lanes: Iterator[Lane], rows: int
) -> Iterator[Traces]:
    """Judge lanes in groups of a bounded size, in order."""
    group = max(1, _VALUES // (rows * len(bench.spread)))
    while True:
        some = [lane for lane, _ in zip(lanes, range(group), strict=False)]
        if not some:
            return
        scales = [lane.scale for lane in some]
        yield from fast.judge(bench.detector, [features.of(lane) for lane in some], scales)


def _trial(bench: Bench, found: Traces) -> Trial:
    at = bench.onset
    if found.state[at - 1] in RAISED:
        return Trial(float("nan"))
    raised = np.flatnonzero(np.isin(found.state[at:], RAISED))
    if len(raised):
        return Trial(float(raised[0]), bool((found.state[at:] == State.ALARM).any()))
    return Trial(float("inf"), drifts=bool(found.drifts[at:].any() and not found.drifts[at - 1]))


class _Memo:
    """A network that runs each window once: trials of one recording begin alike."""

    def __init__(self, network: Network | None) -> None:
        self._known: dict[int, F32] = {}
        self.network = network
        if network is not None:
            self._predict: Callable[[F32], F32] = network.predict
            self.network = replace(network, predict=self._run)

    def _run(self, windows: F32) -> F32:
        keys = [hash(w.tobytes()) for w in windows]
        new = [i for i, key in enumerate(keys) if key not in self._known]
        if new:
            for i, output in zip(new, self._predict(windows[new]), strict=True):
                self._known[keys[i]] = output
        return np.stack([self._known[key] for key in keys])
