"""Look at whole logs of any size: statistics, correlations, sampling, drift, a clip to use.

Two passes over the files, in blocks: one decides how each column is read (`data.reading`), the
other counts. What is kept while reading does not grow with the files, but for the quantile
sketches, which grow with the logarithm of the row count:

    sketches   SKETCH_BUDGET_BYTES · levels / 16, levels = log2(rows / values of a buffer)
    timeline   256 segments · 7 numbers · channels
    pairs      4 numbers · channels²
    block      a few times the bytes of one block
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.data.reading import clock as clocks
from host_tools.data.reading import log as logs
from host_tools.data.reading.log import Log, RowBlock
from host_tools.data.reading.options import ReadingOptions
from host_tools.data.reading.record import Reading
from host_tools.data.reading.source import BLOCK_BYTES
from host_tools.eda.drift import Drift, Timeline, assess
from host_tools.eda.moments import Comoments, Moments
from host_tools.eda.quantile import Sketch
from host_tools.eda.time import SamplingFacts, StuckRuns, sampling_facts
from host_tools.errors import DataError

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]

QUANTILES = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
HISTOGRAM_BINS = 60

SKETCH_BUDGET_BYTES = 1 << 28
_SKETCH_LEVELS = 16
_SKETCH_SIZES = (1 << 12, 1 << 18)


@dataclass(frozen=True, eq=False)
class Column:
    """Everything about one channel.

    `quantiles` by the parts of QUANTILES; `histogram` and `edges` over the middle 99.8%;
    `tail` and `tail_weights` are the kept values of the quantile sketch in standard deviations
    from the mean, and how many values each stands for.
    """

    name: str
    count: int
    missing: int
    infinite: int
    text: int
    first_text: str
    mean: float
    std: float
    low: float
    high: float
    quantiles: tuple[float, ...]
    skew: float
    kurtosis: float
    repeated: float
    stuck_runs: int
    stuck_rows: int
    longest_run: int
    longest_run_at: str
    autocorrelation: float
    drift: Drift
    histogram: Array
    edges: Array
    tail: Array
    tail_weights: Array


@dataclass(frozen=True, eq=False)
class Eda:
    """The result.

    Attributes:
        files: (name, rows) of each file; a folder stands before names that are not distinct.
        rows: All of them.
        columns: One per channel.
        correlation: float64 [channels, channels].
        pair_rows: float64 [channels, channels], rows with both values.
        sampling: What the timestamps say.
        left_out: Columns that are not channels, and why.
        labelled_rows: Rows with a labelled fault; None without a label column.
        rank_error: Bound on the rank error of the quantiles; 0 is exact.
        timeline: float64 [3, segments, channels]: mean, lowest, highest.
        stamps: float64 [segments], the mean stamp of each; NaN without timestamps.
        reading: How the files were read.
    """

    files: tuple[tuple[str, int], ...]
    rows: int
    columns: tuple[Column, ...]
    correlation: Array
    pair_rows: Array
    sampling: SamplingFacts
    left_out: tuple[tuple[str, str], ...]
    labelled_rows: int | None
    rank_error: float
    timeline: Array
    stamps: Array
    reading: Reading


class _Collector:
    """All accumulators of a run."""

    def __init__(self, names: Sequence[str], budget: int) -> None:
        count = len(names)
        size = 1 << int(np.log2(budget / (8 * count * _SKETCH_LEVELS)))
        size = min(max(size, _SKETCH_SIZES[0]), _SKETCH_SIZES[1])
        self.names = names
        self.moments: Moments | None = None
        self.pairs: Comoments | None = None
        self.sketches = [Sketch(size) for _ in names]
        self.timeline, self.runs = Timeline(), StuckRuns(count)
        self.infinite = np.zeros(count, dtype=np.int64)
        self.text = np.zeros(count, dtype=np.int64)
        self.first_text = [""] * count
        self.rows = self.labelled = 0

    def add(self, block: RowBlock, file: str, seconds: Array) -> None:
        """Take one block: of which file, and float64 [rows] its stamps, NaN without."""
        values = block.values
        moments, pairs = Moments.of(values), Comoments.of(values)
        self.moments = moments if self.moments is None else self.moments.merged(moments)
        self.pairs = pairs if self.pairs is None else self.pairs.merged(pairs)
        for sketch, row in zip(self.sketches, values, strict=True):
            sketch.add(row[~np.isnan(row)])
        self.timeline.add(np.concatenate((values, seconds[None])))
        self.runs.add(file, values, block.lines)
        self.infinite += block.infinite.sum(axis=1)
        texts = block.text.sum(axis=1)
        for channel in np.flatnonzero(texts).tolist():
            if not self.first_text[channel]:
                line = block.lines[int(np.argmax(block.text[channel]))]
                self.first_text[channel] = f"{file}:{int(line)}"
        self.text += texts
        self.rows += values.shape[1]
        self.labelled += int(block.labelled.sum())


def run(
    paths: Sequence[Path],
    options: ReadingOptions | None = None,
    *,
    block_bytes: int = BLOCK_BYTES,
    sketch_budget_bytes: int = SKETCH_BUDGET_BYTES,
    progress: Progress = lambda *_: None,
) -> Eda:
    """Look at files and return what they hold.

    Args:
        paths: At least one, or a folder; all with the same columns.
        options: What the user says about them.
        block_bytes: Bytes read at a time.
        sketch_budget_bytes: Memory of all quantile sketches together, about.
        progress: Called with bytes done and bytes in all.

    Raises:
        DataError: A file cannot be used, two readings fit, or the files have different columns.
    """
    log = logs.open_log(
        paths,
        options,
        lenient=True,
        size=block_bytes,
        progress=lambda done, total: progress(done, 2 * total),
    )
    found, rows = _Collector(log.names, sketch_budget_bytes), [0] * len(log.files)
    number = 0

    def second(done: int, total: int) -> None:
        progress(total + done, 2 * total)

    for block in log.blocks(block_bytes, second):
        if block.number != number:
            found.runs.end_file()
            number = block.number
        found.add(block, log.reading.files[number], _seconds(log, block))
        rows[number] += len(block.lines)
    found.runs.end_file()
    return _result(found, log, tuple(zip(log.reading.files, rows, strict=True)))


def _seconds(log: Log, block: RowBlock) -> Array:
    if log.choice is None or block.stamps is None:
        return np.full(len(block.lines), np.nan)
    return clocks.since_1970(block.stamps, log.choice.clock)


def _result(found: _Collector, log: Log, files: tuple[tuple[str, int], ...]) -> Eda:
    assert found.moments is not None
    assert found.pairs is not None
    segments = found.timeline.all()
    drifts = assess(segments)[:-1]
    columns = tuple(_column(found, i, drift) for i, drift in enumerate(drifts))
    if not any(column.count for column in columns):
        raise DataError(f"{files[0][0]}: no cell of any channel holds a number")
    timeline = np.array(
        [
            [np.where(part.count > 0, getattr(part, name), np.nan) for part in segments]
            for name in ("mean", "low", "high")
        ]
    )
    return Eda(
        files=files,
        rows=found.rows,
        columns=columns,
        correlation=found.pairs.correlation(),
        pair_rows=found.pairs.count,
        sampling=sampling_facts(log),
        left_out=log.reading.left_out_columns(log.roles.constant),
        labelled_rows=found.labelled if log.roles.labels else None,
        rank_error=max(sketch.rank_error for sketch in found.sketches),
        timeline=timeline[:, :, :-1],
        stamps=timeline[0, :, -1],
        reading=log.reading,
    )


def _column(found: _Collector, i: int, drift: Drift) -> Column:
    moments, runs = found.moments, found.runs
    assert moments is not None
    count = int(moments.count[i])
    mean, std = float(moments.mean[i]), float(moments.std[i])
    values, weights = found.sketches[i].weighted()
    quantiles = found.sketches[i].quantiles(np.array(QUANTILES))
    low, high = quantiles[0], quantiles[-1]
    if not high > low:
        low, high = (float(moments.low[i]), float(moments.high[i])) if count else (0.0, 1.0)
    spread = (low, high) if high > low else (low - 0.5, low + 0.5)
    histogram, edges = np.histogram(values, bins=HISTOGRAM_BINS, range=spread, weights=weights)
    variance = float(moments.m2[i]) / max(1, count)
    pairs = max(1, int(runs.pairs[i]))
    with np.errstate(all="ignore"):
        lag1 = 1 - float(runs.squared_steps[i]) / pairs / (2 * variance) if variance > 0 else np.nan
        sigmas = (values - mean) / std if std > 0 else values * 0.0
    return Column(
        name=found.names[i],
        count=count,
        missing=found.rows - count - int(found.infinite[i]) - int(found.text[i]),
        infinite=int(found.infinite[i]),
        text=int(found.text[i]),
        first_text=found.first_text[i],
        mean=mean if count else np.nan,
        std=std,
        low=float(moments.low[i]) if count else np.nan,
        high=float(moments.high[i]) if count else np.nan,
        quantiles=tuple(quantiles.tolist()),
        skew=float(moments.skew[i]),
        kurtosis=float(moments.kurtosis[i]),
        repeated=float(runs.repeats[i]) / pairs,
        stuck_runs=int(runs.runs[i]),
        stuck_rows=int(runs.rows[i]),
        longest_run=int(runs.longest[i]),
        longest_run_at=runs.longest_at[i],
        autocorrelation=lag1,
        drift=drift,
        histogram=histogram.astype(np.float64),
        edges=edges,
        tail=sigmas,
        tail_weights=weights,
    )
