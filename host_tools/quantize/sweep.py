"""Try every point of a grid on one network: representative windows × clip × calibration.

The float network is lowered once. Windows that every point takes or leaves together form a
group, and what a group does to each tensor is measured once per clip. A point then costs a
reduction over groups and one call of the quantizer, and points of equal ranges are one model.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.quantize import selection, task
from host_tools.quantize.grid import Grid, Point
from host_tools.quantize.pool import Workers
from host_tools.quantize.selection import Selection
from host_tools.quantize.store import Store
from host_tools.quantize.task import PointResult, Ranges, Statistics, SweepWindows

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Progress = Callable[[str, int, int], None]

CHUNK = 250
"""Number of windows that one task looks at: few enough to spread the work, enough to pay for a
task."""

BATCH = 64
"""Number of models that are quantized before they are measured and kept: what a stop can lose."""

RANK = ("rmse", "max", "max_total")
"""Figures that rank the points: the first decides, the others break ties."""


@dataclass(frozen=True, eq=False)
class SweepInputs:
    """Inputs of a sweep.

    Attributes:
        network: The trained network's file or SavedModel folder.
        windows: float32 [N, window, channels], standardized, the pool to choose from.
        score: float32 [N], how unusual each of them is.
        evaluation: float32 windows and truth to measure on; not in the pool.
        truth: float32 [n, horizon, channels].
        config: What identifies network and data, JSON values.
    """

    network: Path
    windows: Floats
    score: Floats
    evaluation: Floats
    truth: Floats
    config: Mapping[str, Any]


@dataclass
class Laps:
    """Seconds by step, for the report: each step ends the one before."""

    seconds: dict[str, float]
    last: float

    def lap(self, name: str) -> None:
        """Add the time since the last lap to a step."""
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self.last
        self.last = now


@dataclass(frozen=True)
class SweepResult:
    """Result of a sweep: rows of `results.csv`, best first, and seconds by step."""

    rows: list[dict[str, Any]]
    seconds: dict[str, float]
    resumed: int


@dataclass(frozen=True)
class Hands:
    """Workers of a sweep, by what their tasks need.

    Attributes:
        lowering: Runs the tasks that read the network's file, always on this machine.
        quantizing: Runs the other tasks that need TensorFlow, which takes seconds to start.
        measuring: Runs the tasks that need no TensorFlow.
        progress: Called with what is done, how many are done, and how many there are.
    """

    lowering: Workers
    quantizing: Workers
    measuring: Workers
    progress: Progress


def choose(study: SweepInputs, points: Sequence[Point]) -> dict[Point, Selection]:
    """Return the windows of each point; raises DataError when the pool is too small."""
    return {p: selection.select(study.score, p.max_total, p.balance, p.seed) for p in points}


def run(study: SweepInputs, grid: Grid, store: Store, hands: Hands) -> SweepResult:
    """Run, or finish, a sweep.

    Args:
        study: What it is about.
        grid: Which points.
        store: Where results are kept.
        hands: Who does the work.

    Raises:
        DataError: More windows asked than exist, or the folder holds another sweep.
        ConversionError: A worker failed for good.
        OutputError: The disk is full; what is finished stays.
    """
    clock = Laps({}, time.perf_counter())
    points = grid.points()
    chosen = choose(study, points)
    store.open({**study.config, "grid": grid.fields()})
    done = store.finished(points)
    left = [point for point in points if point not in done]
    clock.lap("prepare")
    resumed = len(done)
    work = _Run(study, store, hands, clock)
    picked = [chosen[point].index for point in left]
    for result in work.sweep(left, picked) if left else ():
        facts = _facts(result.point, chosen[result.point])
        done[result.point] = store.add(result, facts)
        hands.progress("points", len(done), len(points))
    clock.lap("points")
    ranked = sorted((done[p] for p in points), key=lambda f: tuple(f[key] for key in RANK))
    for rank, figures in enumerate(ranked, start=1):
        figures["rank"] = rank
    store.table(ranked)
    return SweepResult(ranked, clock.seconds, resumed)


def _facts(point: Point, picked: Selection) -> dict[str, Any]:
    return {
        "rank": 0,
        "name": point.name,
        "max_total": point.max_total,
        "balance": point.balance,
        "clip": point.clip,
        "calibration": str(point.method),
        "seed": point.seed,
        "windows": len(picked.index),
        "tail_windows": picked.tail,
    }


@dataclass(frozen=True, eq=False)
class Membership:
    """Windows that the points of a sweep take, in groups that always go together.

    Attributes:
        rows: int64 [N], rows of the pool that any point takes, group by group.
        groups: int64 [N], the group of each, ascending from 0: its windows are in the same points.
        of_point: Per point int64, its groups.
        chosen: Per point int64, its windows as positions in `rows`.
    """

    rows: Ints
    groups: Ints
    of_point: list[Ints]
    chosen: list[Ints]


def membership(picked: Sequence[Ints]) -> Membership:
    """Group the windows that points picked, each int64 rows of the pool, ascending."""
    rows = np.unique(np.concatenate(picked))
    taken = np.stack([np.isin(rows, one) for one in picked])
    _, groups = np.unique(np.packbits(taken, axis=0), axis=1, return_inverse=True)
    groups = groups.reshape(-1).astype(np.int64)
    order = np.argsort(groups, kind="stable")
    groups, taken = groups[order], taken[:, order]
    chosen = [np.flatnonzero(one).astype(np.int64) for one in taken]
    return Membership(rows[order], groups, [np.unique(groups[one]) for one in chosen], chosen)


@dataclass(frozen=True, eq=False)
class _Run:
    study: SweepInputs
    store: Store
    hands: Hands
    clock: Laps
    _templates: list[bytes] = field(default_factory=list)

    def sweep(self, left: Sequence[Point], picked: Sequence[Ints]) -> Iterator[PointResult]:
        """Yield the points as they are done."""
        template, evaluation = self._template(), self._evaluation()
        ranges = self._ranges(left, membership(picked))
        same: dict[bytes, list[Point]] = {}
        for point, one in zip(left, ranges, strict=True):
            same.setdefault(one.key, []).append(point)
        wanted = list({one.key: one for one in ranges}.values())
        for first in range(0, len(wanted), BATCH):
            batch = wanted[first : first + BATCH]
            models = dict(
                self.hands.quantizing.each(task.quantize, [(one,) for one in batch], template)
            )
            calls = [(models[n][0], one.clip, models[n][1]) for n, one in enumerate(batch)]
            for number, figures in self.hands.measuring.each(task.measure, calls, evaluation):
                point, *others = same[batch[number].key]
                yield PointResult(point, models[number][0], figures)
                nothing = {"convert_seconds": 0.0, "evaluate_seconds": 0.0}
                for other in others:
                    yield PointResult(other, models[number][0], {**figures, **nothing})

    def _evaluation(self) -> SweepWindows:
        study = self.study
        forecast = task.forecast_float(self._template(), study.evaluation)
        self.clock.lap("float forecasts")
        return SweepWindows(study.evaluation, forecast, study.truth)

    def _template(self) -> bytes:
        if self._templates:
            return self._templates[0]
        template = self.store.template()
        if template is None:
            call = (self.study.network.resolve(), self.study.windows[0])
            ((_, template),) = self.hands.lowering.each(task.lower, [call])
            self.store.keep_template(template)
        self.hands.progress("network lowered", 1, 1)
        self.clock.lap("lower")
        self._templates.append(template)
        return template

    def _ranges(self, left: Sequence[Point], members: Membership) -> list[Ranges]:
        """Return the ranges of each point."""
        statistics = {}
        for clip in sorted({point.clip for point in left}):
            with_values = any(p.method.needs_values for p in left if p.clip == clip)
            measured = self.store.statistics(clip, members.rows, members.groups, with_values)
            if measured is None:
                measured = self._collect(members, clip, with_values)
                self.store.keep_statistics(clip, members.rows, members.groups, measured)
            statistics[clip] = measured
        calls = [
            (point.clip, point.method, groups, chosen)
            for point, groups, chosen in zip(left, members.of_point, members.chosen, strict=True)
        ]
        if any(point.method.needs_values for point in left):
            found_ranges = dict(self.hands.measuring.each(task.ranges, calls, statistics))
        else:
            # Minima of a few groups: not worth the way to another process.
            found_ranges = {n: task.ranges(statistics, *call) for n, call in enumerate(calls)}
        self.clock.lap("statistics")
        return [found_ranges[number] for number in range(len(calls))]

    def _collect(self, members: Membership, clip: float, with_values: bool) -> Statistics:
        windows = self.study.windows[members.rows]
        parts = [
            (windows[a:b], members.groups[a:b] - members.groups[a], clip)
            for a, b in _chunks(members.groups)
        ]
        what = f"windows measured at clip {clip:g}"
        ends = self._each(self.hands.quantizing, task.collect, parts, what)
        seen: list[list[Floats | None]] = []
        if with_values:
            cuts = range(0, len(windows), CHUNK)
            calls = [(windows[first : first + CHUNK], clip) for first in cuts]
            seen = self._each(self.hands.measuring, task.collect_values, calls, f"values of {what}")
        low, high = (np.concatenate(side) for side in zip(*ends, strict=True))
        return Statistics(low, high, task.join(seen))

    def _each(self, pool: Workers, work: Any, calls: Sequence[Any], what: str) -> list[Any]:
        """Return the results in order, windows being the first argument of every call."""
        template, done, results = self._template(), 0, {}
        total = sum(len(call[0]) for call in calls)
        for number, result in pool.each(work, calls, template):
            results[number] = result
            done += len(calls[number][0])
            self.hands.progress(what, done, total)
        return [results[number] for number in range(len(calls))]


def _chunks(groups: Ints) -> list[tuple[int, int]]:
    """Cut ascending groups into stretches of whole groups, CHUNK windows or a little more."""
    begins = np.flatnonzero(np.diff(groups, prepend=-1))
    cuts = [0]
    for begin in begins:
        if begin - cuts[-1] >= CHUNK:
            cuts.append(int(begin))
    return list(zip(cuts, [*cuts[1:], len(groups)], strict=True))
