"""The sweep against the naive loop: how much faster, and whether the scales are the same."""

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from host_tools.conversion import canonical
from host_tools.quantize import store, sweep
from host_tools.quantize.grid import Grid
from host_tools.quantize.pool import Processes, tensor_jobs
from host_tools.quantize.store import Store
from host_tools.quantize.sweep import Hands, Outcome, Progress, Study

COMPARISON = "naive.json"


@dataclass(frozen=True)
class Comparison:
    """Both ways over the same grid.

    Attributes:
        points: Of the grid.
        fast_seconds: Wall clock of the sweep, start of TensorFlow included.
        naive_seconds: Wall clock of the naive loop, the same.
        ratio: Naive over fast.
        fast_cpu_seconds: Processor time of the sweep, all processes.
        naive_cpu_seconds: The same of the naive loop.
        cpu_ratio: Naive over fast.
        scales: Quantization scales compared, all points together.
        equal_scales: How many are the same to the last bit.
        upstream: Scales of tensors before the first recurrent operator.
        equal_upstream: How many of these are the same.
        rmse_fast: Mean over points, int8 against float.
        rmse_naive: The same of the naive loop.
    """

    points: int
    fast_seconds: float
    naive_seconds: float
    ratio: float
    fast_cpu_seconds: float
    naive_cpu_seconds: float
    cpu_ratio: float
    scales: int
    equal_scales: int
    upstream: int
    equal_upstream: int
    rmse_fast: float
    rmse_naive: float


@dataclass(frozen=True)
class Both:
    """The comparison and the sweep's outcome."""

    fast: Outcome
    comparison: Comparison

    def text(self) -> str:
        """Return the comparison in words."""
        c = self.comparison
        return (
            f"{c.points} points: {c.fast_seconds:.1f} s, naive {c.naive_seconds:.1f} s:"
            f" {c.ratio:.1f} times faster (processor time {c.fast_cpu_seconds:.1f} s,"
            f" {c.naive_cpu_seconds:.1f} s: {c.cpu_ratio:.1f} times less);"
            f" {c.equal_upstream} of {c.upstream} scales before the recurrent operator are"
            f" equal (from it on {c.equal_scales - c.equal_upstream} of"
            f" {c.scales - c.upstream}: there the naive calibrator carries state from window to"
            f" window); mean RMSE {c.rmse_fast:.5f}, naive {c.rmse_naive:.5f}"
        )


def compare(study: Study, grid: Grid, folder: Path, jobs: int, progress: Progress) -> Both:
    """Run both ways, each from nothing; write `naive.json` beside the results.

    The sweep runs in its usual processes, the naive loop in one, as it always did. Processor time
    is that of all processes; unlike wall clock it hardly depends on what else the machine does.
    """
    began = _Moment()
    with Processes(tensor_jobs(jobs)) as heavy, Processes(jobs, tensorflow=False) as light:
        hands = Hands(heavy, heavy, light, progress)
        fast = sweep.run(study, grid, Store(folder), hands)
    middle = _Moment()
    with Processes(1) as alone:
        base = Store(folder / "naive")
        hands = Hands(alone, alone, alone, progress)
        slow = sweep.run(study, grid, base, hands, naive=True)
    end = _Moment()
    counts = [0, 0, 0, 0]
    for row in fast.rows:
        paths = [
            Store(base).folder / "experiments" / row["name"] / store.MODEL
            for base in (folder, folder / "naive")
        ]
        counts = [a + b for a, b in zip(counts, scales_equal(*paths), strict=True)]
    found = Comparison(
        points=len(fast.rows),
        fast_seconds=round(middle.wall - began.wall, 2),
        naive_seconds=round(end.wall - middle.wall, 2),
        ratio=round((end.wall - middle.wall) / (middle.wall - began.wall), 2),
        fast_cpu_seconds=round(middle.cpu - began.cpu, 2),
        naive_cpu_seconds=round(end.cpu - middle.cpu, 2),
        cpu_ratio=round((end.cpu - middle.cpu) / (middle.cpu - began.cpu), 2),
        scales=counts[0],
        equal_scales=counts[1],
        upstream=counts[2],
        equal_upstream=counts[3],
        rmse_fast=_mean(fast.rows),
        rmse_naive=_mean(slow.rows),
    )
    text = json.dumps(asdict(found), indent=2) + "\n"
    store.write(folder / COMPARISON, text.encode())
    return Both(fast, found)


class _Moment:
    """Wall clock, and processor time of this process and of its children that ended."""

    def __init__(self) -> None:
        times = os.times()
        self.wall = time.perf_counter()
        self.cpu = times.user + times.system + times.children_user + times.children_system


def _mean(rows: list[dict[str, Any]]) -> float:
    return float(sum(row["rmse"] for row in rows) / len(rows))


def scales_equal(one: Path, other: Path) -> tuple[int, int, int, int]:
    """Return counts of scales compared, equal, before the recurrent operator, equal of these."""
    pairs = list(zip(canonical.scales(one), canonical.scales(other), strict=True))
    counts = [
        (len(left.keys() | right.keys()), sum(left[k] == right.get(k) for k in left))
        for left, right in pairs
    ]
    (early, early_same), (late, late_same) = counts
    return early + late, early_same + late_same, early, early_same
