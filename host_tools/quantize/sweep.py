"""Try every point of a grid on one network: representative windows × clip × calibration.

The float network is lowered once, and each window's effect on each tensor is measured once per
clip. A point then costs a reduction over its windows and one call of the quantizer.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.quantize import selection, task
from host_tools.quantize.grid import Grid, Point
from host_tools.quantize.pool import Pool
from host_tools.quantize.selection import Selection
from host_tools.quantize.store import Store
from host_tools.quantize.task import Context, Evaluation, Statistics

Floats = NDArray[np.float32]
Progress = Callable[[str, int, int], None]

CHUNK = 250
"""Windows whose statistics one task collects: short enough to spread, long enough to pay."""

RANK = ("rmse", "max", "max_total")
"""Figures that rank the points, the first decides; the rest break ties."""


@dataclass(frozen=True, eq=False)
class Study:
    """What a sweep is about.

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
class Clock:
    """Seconds by step, for the report."""

    seconds: dict[str, float]
    last: float

    def lap(self, name: str) -> None:
        """Add the time since the last lap to a step."""
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self.last
        self.last = now


@dataclass(frozen=True)
class Outcome:
    """What came of it: rows of `results.csv`, best first, and seconds by step."""

    rows: list[dict[str, Any]]
    seconds: dict[str, float]
    resumed: int


@dataclass(frozen=True)
class Hands:
    """Who does the work.

    Attributes:
        lowering: Runs what reads the network's file: always this machine.
        pool: Runs the rest.
        progress: Told what is done: (what, done, of).
    """

    lowering: Pool
    pool: Pool
    progress: Progress


def choose(study: Study, points: Sequence[Point]) -> dict[Point, Selection]:
    """Return the windows of each point; raises DataError when the pool is too small."""
    return {p: selection.select(study.score, p.max_total, p.balance, p.seed) for p in points}


def run(study: Study, grid: Grid, store: Store, hands: Hands, *, naive: bool = False) -> Outcome:
    """Run, or finish, a sweep.

    Args:
        study: What it is about.
        grid: Which points.
        store: Where results are kept.
        hands: Who does the work.
        naive: Convert each point as a whole instead, as the earlier system did.

    Raises:
        DataError: More windows asked than exist, or the folder holds another sweep.
        ConversionError: A worker failed for good.
        OutputError: The disk is full; what is finished stays.
    """
    clock = Clock({}, time.perf_counter())
    points = grid.points()
    chosen = choose(study, points)
    store.open({**study.config, "naive": naive, "grid": grid.fields()})
    done = store.finished(points)
    left = [point for point in points if point not in done]
    clock.lap("prepare")
    resumed = len(done)
    if left:
        rows = np.unique(np.concatenate([chosen[point].index for point in left]))
        context = _Run(study, store, hands, clock).context(left, rows, naive)
        calls = [(point, np.searchsorted(rows, chosen[point].index)) for point in left]
        runner = hands.lowering if naive else hands.pool
        for _, result in runner.each(task.run_naive if naive else task.run, calls, context):
            facts = _facts(result.point, chosen[result.point])
            done[result.point] = store.add(result, facts)
            hands.progress("points", len(done), len(points))
        clock.lap("points")
    ranked = sorted((done[p] for p in points), key=lambda f: tuple(f[key] for key in RANK))
    for rank, figures in enumerate(ranked, start=1):
        figures["rank"] = rank
    store.table(ranked)
    return Outcome(ranked, clock.seconds, resumed)


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
class _Run:
    study: Study
    store: Store
    hands: Hands
    clock: Clock

    def context(self, left: Sequence[Point], rows: NDArray[np.int64], naive: bool) -> Context:
        """Return what the points share; its arrays hold the pool's `rows` only."""
        study, template = self.study, self._template()
        forecast = task.forecast_float(template, study.evaluation)
        evaluation = Evaluation(study.evaluation, forecast, study.truth)
        self.clock.lap("float forecasts")
        if naive:
            network = study.network.resolve()
            return Context(template, {}, evaluation, network, study.windows[rows])
        statistics = {}
        for clip in sorted({point.clip for point in left}):
            with_values = any(p.method.needs_values for p in left if p.clip == clip)
            found = self.store.statistics(clip, rows, with_values)
            if found is None:
                found = self._collect(template, study.windows[rows], clip, with_values)
                self.store.keep_statistics(clip, rows, found)
            statistics[clip] = found
        self.clock.lap("statistics")
        return Context(template, statistics, evaluation)

    def _template(self) -> bytes:
        template = self.store.template()
        if template is None:
            call = (self.study.network.resolve(), self.study.windows[0])
            ((_, template),) = self.hands.lowering.each(task.lower, [call])
            self.store.keep_template(template)
        self.hands.progress("network lowered", 1, 1)
        self.clock.lap("lower")
        return template

    def _collect(
        self, template: bytes, windows: Floats, clip: float, with_values: bool
    ) -> Statistics:
        calls = [
            (windows[first : first + CHUNK], clip, with_values)
            for first in range(0, len(windows), CHUNK)
        ]
        parts: dict[int, Statistics] = {}
        for number, part in self.hands.pool.each(task.collect, calls, template):
            parts[number] = part
            count = min(len(parts) * CHUNK, len(windows))
            self.hands.progress(f"windows measured at clip {clip:g}", count, len(windows))
        return task.join([parts[number] for number in range(len(calls))])
