"""Look at whole logs of any size: statistics, correlations, sampling, drift, a clip to use.

One pass over the files, in blocks (`eda_blocks`). What is kept while reading does not grow with
the files, but for the quantile sketches, which grow with the logarithm of the row count:

    sketches   SKETCH_BUDGET_BYTES · levels / 16, levels = log2(rows / values of a buffer)
    timeline   256 segments · 7 numbers · channels
    pairs      4 numbers · channels²
    block      a few times the bytes of one block
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.data.several import different_headers
from host_tools.eda import blocks as eda_blocks
from host_tools.eda.blocks import BLOCK_BYTES, Layout, RowBlock
from host_tools.eda.drift import Drift, Timeline, assess
from host_tools.eda.moments import Comoments, Moments
from host_tools.eda.quantile import Sketch
from host_tools.eda.time import Sampling, SamplingFacts, StuckRuns
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
        self.sampling, self.timeline, self.runs = Sampling(), Timeline(), StuckRuns(count)
        self.infinite = np.zeros(count, dtype=np.int64)
        self.text = np.zeros(count, dtype=np.int64)
        self.first_text = [""] * count
        self.rows = self.labelled = 0

    def add(self, file: str, block: RowBlock) -> None:
        """Take one block."""
        values = block.values
        moments, pairs = Moments.of(values), Comoments.of(values)
        self.moments = moments if self.moments is None else self.moments.merged(moments)
        self.pairs = pairs if self.pairs is None else self.pairs.merged(pairs)
        for sketch, row in zip(self.sketches, values, strict=True):
            sketch.add(row[~np.isnan(row)])
        stamps = np.full(values.shape[1], np.nan)
        if block.seconds is not None:
            stamps = block.origin + block.seconds
            self.sampling.add(file, block.seconds, block.lines, block.origin, block.is_dated)
        self.timeline.add(np.concatenate((values, stamps[None])))
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
    *,
    delimiter: str | None = None,
    block_bytes: int = BLOCK_BYTES,
    sketch_budget_bytes: int = SKETCH_BUDGET_BYTES,
    progress: Progress = lambda *_: None,
) -> Eda:
    """Read files once and return what they hold.

    Args:
        paths: At least one; all with the same columns in the same order.
        delimiter: Of every file; found by itself when None.
        block_bytes: Bytes read at a time.
        sketch_budget_bytes: Memory of all quantile sketches together, about.
        progress: Called with bytes done and bytes in all.

    Raises:
        DataError: A file cannot be used, or the files have different columns.
    """
    layouts = [eda_blocks.layout(path, delimiter) for path in paths]
    first = layouts[0]
    for about in layouts[1:]:
        if about.header != first.header:
            raise DataError(
                different_headers(str(first.path), first.header, str(about.path), about.header)
            )
    # A file's first lines may show text only, or blanks only: the others decide as well.
    channels = tuple(n for n in first.header if any(n in about.channels for about in layouts))
    total, done = sum(path.stat().st_size for path in paths), 0
    found, files = _Collector(channels, sketch_budget_bytes), []
    for about, name in zip(layouts, _shown(paths), strict=True):
        before = found.rows
        found.sampling.begin_file()
        for block in eda_blocks.blocks(_with_channels(about, channels), block_bytes):
            found.add(name, block)
            progress(done + block.position, total)
        found.runs.end_file()
        done += about.path.stat().st_size
        files.append((name, found.rows - before))
    return _result(found, first, channels, tuple(files))


def _shown(paths: Sequence[Path]) -> list[str]:
    """Return the names by which a summary calls files: a folder only where it tells them apart."""
    names = [path.name for path in paths]
    return names if len(set(names)) == len(names) else ["/".join(p.parts[-2:]) for p in paths]


def _with_channels(about: Layout, channels: tuple[str, ...]) -> Layout:
    return about if about.channels == channels else replace(about, channels=channels, text=())


def _result(
    found: _Collector, about: Layout, channels: tuple[str, ...], files: tuple[tuple[str, int], ...]
) -> Eda:
    assert found.moments is not None
    assert found.pairs is not None
    segments = found.timeline.all()
    drifts = assess(segments)[:-1]
    columns = tuple(_column(found, i, drift) for i, drift in enumerate(drifts))
    if not any(column.count for column in columns):
        raise DataError(f"{about.path}: no cell of any channel holds a number")
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
        sampling=found.sampling.facts(),
        left_out=_left_out(about, channels),
        labelled_rows=found.labelled if about.labels else None,
        rank_error=max(sketch.rank_error for sketch in found.sketches),
        timeline=timeline[:, :, :-1],
        stamps=timeline[0, :, -1],
    )


def _left_out(about: Layout, channels: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    reasons = []
    for name in about.header:
        if name == about.time:
            reasons.append((name, "timestamp"))
        elif name in about.labels:
            reasons.append((name, "label"))
        elif name not in channels:
            reasons.append((name, "text" if name in about.text else "annotation"))
    return tuple(reasons)


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
