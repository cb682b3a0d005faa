"""The sweep against the naive loop: how much faster, and whether the scales are the same.

The naive loop converts the network as a whole at every point, in one process, as one would who
calls the converter in a loop. Run it on a trained model:

    python -m tests.bench.naive_sweep --model build/models/forecaster --outdir build/naive
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.conversion import canonical, network, quantizer
from host_tools.data import model_data
from host_tools.errors import ConversionError
from host_tools.quantize import grid as grids
from host_tools.quantize import store, study, sweep, task
from host_tools.quantize.grid import Grid, Point
from host_tools.quantize.pool import Processes, tensor_jobs
from host_tools.quantize.store import Store
from host_tools.quantize.sweep import Hands, Progress, SweepInputs, SweepResult
from host_tools.quantize.task import PointResult, SweepWindows
from targets import output

COMPARISON = "naive.json"


@dataclass(frozen=True, eq=False)
class Shared:
    """What the points of the naive loop share.

    Attributes:
        network: The network's file.
        windows: float32 [N, W, C], standardized.
        evaluation: What to measure on.
    """

    network: Path
    windows: NDArray[np.float32]
    evaluation: SweepWindows


@dataclass(frozen=True)
class SpeedUp:
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

    def text(self) -> str:
        """Return the comparison in words."""
        return (
            f"{self.points} points: {self.fast_seconds:.1f} s, naive {self.naive_seconds:.1f} s:"
            f" {self.ratio:.1f} times faster (processor time {self.fast_cpu_seconds:.1f} s,"
            f" {self.naive_cpu_seconds:.1f} s: {self.cpu_ratio:.1f} times less);"
            f" {self.equal_upstream} of {self.upstream} scales before the recurrent operator are"
            f" equal (from it on {self.equal_scales - self.equal_upstream} of"
            f" {self.scales - self.upstream}: there the naive calibrator carries state from window"
            f" to window); mean RMSE {self.rmse_fast:.5f}, naive {self.rmse_naive:.5f}"
        )


def convert(shared: Shared, point: Point, chosen: NDArray[np.int64]) -> PointResult:
    """Try one point by a whole conversion; runs in a worker process."""
    if point.method.needs_values:
        raise ConversionError("the naive loop knows calibration minmax only")
    began = time.perf_counter()
    windows = task.clipped(shared.windows[chosen], point.clip)
    content = quantizer.converter(network.fused(shared.network), windows).convert()
    model = quantizer.canonical_bytes(bytes(content))
    seconds = time.perf_counter() - began
    figures = task.measure(shared.evaluation, model, point.clip, seconds)
    return PointResult(point, model, figures)


def naive(inputs: SweepInputs, grid: Grid, folder: Path, progress: Progress) -> SweepResult:
    """Convert every point as a whole, one after the other."""
    points, kept, rows = grid.points(), Store(folder), []
    chosen = sweep.choose(inputs, points)
    kept.open(inputs.config)
    with Processes(1) as alone:
        home = inputs.network.resolve()
        ((_, template),) = alone.each(task.lower, [(home, inputs.windows[0])])
        forecast = task.forecast_float(template, inputs.evaluation)
        evaluation = SweepWindows(inputs.evaluation, forecast, inputs.truth)
        calls = [(point, chosen[point].index) for point in points]
        for _, result in alone.each(convert, calls, Shared(home, inputs.windows, evaluation)):
            rows.append(kept.add(result, {"name": result.point.name}))
            progress("naive points", len(rows), len(points))
    return SweepResult(rows, {}, 0)


def compare(
    inputs: SweepInputs, grid: Grid, folder: Path, jobs: int, progress: Progress
) -> SpeedUp:
    """Run both ways, each from nothing; write `naive.json` beside the results.

    The sweep runs in its usual processes, the naive loop in one. Processor time is that of all
    processes; unlike wall clock it hardly depends on what else the machine does.
    """
    began = _Moment()
    with Processes(tensor_jobs(jobs)) as heavy, Processes(jobs, tensorflow=False) as light:
        fast = sweep.run(inputs, grid, Store(folder), Hands(heavy, heavy, light, progress))
    middle = _Moment()
    slow = naive(inputs, grid, folder / "naive", progress)
    end = _Moment()
    counts = [0, 0, 0, 0]
    for row in fast.rows:
        paths = [
            base / "experiments" / row["name"] / store.MODEL for base in (folder, folder / "naive")
        ]
        counts = [a + b for a, b in zip(counts, scales_equal(*paths), strict=True)]
    speed_up = SpeedUp(
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
    output.write(folder / COMPARISON, json.dumps(asdict(speed_up), indent=2) + "\n")
    return speed_up


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


def main(words: list[str]) -> None:
    """Compare both ways over a grid and print what came of it."""
    parser = argparse.ArgumentParser(prog="naive_sweep", description=__doc__)
    add = parser.add_argument
    add("--model", default="forecaster", help="name under models/, or a folder")
    add("--csv", type=Path, help="the data it was trained on; the plant when not given")
    add("--from", dest="network", type=Path, help="default: exports/model.keras of the model")
    add("--outdir", type=Path, default=Path("build", "naive"), help="default %(default)s")
    for name in ("--max-totals", "--balances", "--clips", "--calibrations", "--seeds"):
        add(name, nargs="+", help="as of `host_tools sweep`")
    add("--n", type=int, default=128, help="windows to evaluate on (default %(default)s)")
    add("--jobs", type=int, default=os.cpu_count() or 1, help="processes of the sweep")
    arguments = parser.parse_args(words)
    about = model_data.load(arguments.model, arguments.csv, None)
    inputs = study.study(about, model_data.network_of(about.home, arguments.network), arguments.n)

    def progress(what: str, done: int, total: int) -> None:
        print(f"naive_sweep: {what} {done}/{total}", file=sys.stderr, flush=True)

    grid = grids.from_options(vars(arguments))
    print(compare(inputs, grid, arguments.outdir, arguments.jobs, progress).text())


if __name__ == "__main__":
    main(sys.argv[1:])
