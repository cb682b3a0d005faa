"""What the figures of a log mean: findings, the clip to use, and the files that hold them."""

import csv as csv_file
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from host_tools.eda.drift import DRIFT, LEVELS, SPREAD
from host_tools.eda.quantile import share_beyond
from host_tools.eda.survey import QUANTILES, Column, Eda
from host_tools.formats import scaler

CLIPS = tuple(float(value) for value in range(3, 17))
TAIL_PART = 0.9999
TAIL_MARGIN = 1.25
REDUNDANT = 0.995
HEAVY = 20.0
MISSING_PART = 0.01
PAIRS = 100
_LEVELS = 255


@dataclass(frozen=True)
class ClipRow:
    """What one clip costs: the part of values clipped and the error of int8 inputs in σ."""

    clip: float
    lsb: float
    clipped: float
    rmse: float


@dataclass(frozen=True)
class Clip:
    """The suggested limit of model inputs in standard deviations, and why."""

    sigma: float
    reason: str
    rows: tuple[ClipRow, ...]


def suggest_clip(columns: Sequence[Column]) -> Clip:
    """Suggest a clip from the tails of all channels.

    It is TAIL_MARGIN times the widest TAIL_PART quantile of |z|, rounded up, between
    `scaler.CLIP` (a narrower one was measured to hide faults: a saturated input is forecast
    perfectly) and the widest of CLIPS (beyond it, one LSB is a tenth of a standard deviation).
    """
    useful = [column for column in columns if column.std > 0 and column.count > 1]
    rows = tuple(_clip_row(useful, clip) for clip in CLIPS)
    if not useful:
        return Clip(scaler.CLIP, "no channel has any spread: the default", rows)
    widths = [_tail(column) for column in useful]
    widest = int(np.argmax(widths))
    wanted = math.ceil(TAIL_MARGIN * widths[widest])
    sigma = float(min(max(wanted, scaler.CLIP), CLIPS[-1]))
    chosen = next(row for row in rows if row.clip == sigma)
    best = min(rows, key=lambda row: row.rmse)
    parts = [
        f"{TAIL_PART:.2%} of the values of every channel lie within ±{widths[widest]:.2g} σ"
        f' (widest: "{useful[widest].name}")',
    ]
    if wanted <= scaler.CLIP:
        parts.append(
            f"with a margin of {TAIL_MARGIN:g} that is within ±{scaler.CLIP:g} σ, and a clip"
            " below that hides large faults: a saturated input is forecast perfectly"
        )
    elif wanted > CLIPS[-1]:
        parts.append(
            f"that is wider than ±{CLIPS[-1]:g} σ, where int8 gets too coarse: look for spikes in"
            " this channel before training"
        )
    else:
        parts.append(f"a margin of {TAIL_MARGIN:g} gives ±{sigma:g} σ")
    parts.append(
        f"at ±{sigma:g} σ one step of an int8 input is {chosen.lsb:.3f} σ and"
        f" {chosen.clipped:.2g} of the values are clipped; the least input error alone would be"
        f" at ±{best.clip:g} σ"
    )
    return Clip(sigma, "; ".join(parts), rows)


def _tail(column: Column) -> float:
    order = np.argsort(np.abs(column.tail), kind="stable")
    weights = np.cumsum(column.tail_weights[order])
    at = int(np.searchsorted(weights, TAIL_PART * weights[-1]))
    return float(np.abs(column.tail)[order][min(at, len(order) - 1)])


def _clip_row(columns: Sequence[Column], clip: float) -> ClipRow:
    """Return the cost of a clip over all values: rounding within it and cutting beyond it."""
    lsb = 2 * clip / _LEVELS
    clipped, squared, total = 0.0, 0.0, 0.0
    for column in columns:
        weight = float(column.tail_weights.sum())
        beyond = np.maximum(np.abs(column.tail) - clip, 0.0)
        clipped += weight * share_beyond(column.tail, column.tail_weights, 0.0, clip)
        squared += float((beyond**2 * column.tail_weights).sum()) + weight * lsb**2 / 12
        total += weight
    total = max(total, 1.0)
    return ClipRow(clip, lsb, clipped / total, math.sqrt(squared / total))


def top_pairs(found: Eda, most: int = PAIRS) -> list[tuple[str, str, float, int]]:
    """Return the strongest pairs: two channels, r, rows with both; the strongest first."""
    names = [column.name for column in found.columns]
    pairs = [
        (names[i], names[j], float(found.correlation[i, j]), int(found.pair_rows[i, j]))
        for i in range(len(names))
        for j in range(i + 1, len(names))
        if np.isfinite(found.correlation[i, j])
    ]
    return sorted(pairs, key=lambda pair: (-abs(pair[2]), pair[0], pair[1]))[:most]


def findings(found: Eda) -> list[str]:
    """Return what deserves a look before training, one sentence each."""
    return [*_sampling_findings(found), *_channel_findings(found)]


def _sampling_findings(found: Eda) -> list[str]:
    facts, texts = found.sampling, []
    if facts.period is None:
        texts.append("No timestamp column: gaps and the sampling rate cannot be judged.")
    if facts.other_period is not None:
        texts.append(
            f"Mixed sampling rates: a row every {facts.period:g} s, but every"
            f" {facts.other_period:g} s in {facts.other_share:.0%} of the log. Training refuses"
            " this: resample to one rate, or split the file."
        )
    if facts.duplicates:
        texts.append(
            f"{facts.duplicates:,} rows repeat the time of the row before, the first in"
            f" {facts.first_duplicate}. Training refuses this: remove them."
        )
    if facts.backwards:
        texts.append(
            f"{facts.backwards:,} rows are earlier than the row before, the first in"
            f" {facts.first_backwards}. Training refuses this: sort the file by time."
        )
    if facts.unreadable:
        texts.append(f"{facts.unreadable:,} timestamps cannot be read.")
    if facts.gaps:
        texts.append(
            f"{facts.gaps:,} gaps in time, {facts.gap_seconds:,.0f} s in all, the longest"
            f" {facts.longest[0].seconds:,.0f} s. Windows do not cross them."
        )
    return texts


def _named(columns: Iterable[Column], text: str) -> list[str]:
    names = [f'"{column.name}"' for column in columns]
    return [f"{', '.join(names)}: {text}"] if names else []


def _channel_findings(found: Eda) -> list[str]:
    columns = found.columns
    texts = _named(
        (c for c in columns if c.count and c.low == c.high), "constant; training leaves it out."
    )
    texts += _named((c for c in columns if not c.count), "without any number.")
    texts += [
        f'"{c.name}": {c.text:,} cells are text, the first in {c.first_text}. Training refuses'
        " this: mend the cells, or remove the column."
        for c in columns
        if c.text
    ]
    texts += _named((c for c in columns if c.infinite), "infinite values; their rows become gaps.")
    many = (c for c in columns if c.count and c.missing > MISSING_PART * found.rows)
    texts += _named(many, f"over {MISSING_PART:.0%} of the values are missing.")
    texts += [
        f'"{c.name}": stuck for {c.longest_run:,} rows from {c.longest_run_at}'
        + (f", {c.stuck_runs} such stretches in all." if c.stuck_runs > 1 else ".")
        for c in columns
        if c.stuck_runs and c.low != c.high and c.repeated < 0.5
    ]
    texts += _named(
        (c for c in columns if c.kurtosis > HEAVY),
        f"heavy tails (kurtosis above {HEAVY:g}): look for spikes before training.",
    )
    for hint, text in (
        (DRIFT, "drifts over the log: a detector trained on its start will raise alarms later."),
        (LEVELS, "changes its level between parts of the log."),
        (SPREAD, "varies more in one part of the log than in another."),
    ):
        texts += _named((c for c in columns if c.drift.hint == hint), text)
    texts += [
        f'"{a}" and "{b}" say nearly the same (r = {r:.4f}).'
        for a, b, r, _ in top_pairs(found)
        if abs(r) > REDUNDANT
    ]
    return texts


_LEAST = ("count", "missing", "infinite", "text", "mean", "std", "min")


def stats_rows(found: Eda) -> tuple[list[str], list[list[Any]]]:
    """Return header and rows of `stats_completo.csv`."""
    header = ["channel", *_LEAST, *(f"{part * 100:g}%" for part in QUANTILES), "max"]
    header += ["skew", "kurtosis", "lag1_autocorrelation", "repeated_share", "stuck_runs"]
    header += ["stuck_rows", "longest_run", "longest_run_at", *asdict(found.columns[0].drift)]
    rows = [
        [
            c.name, c.count, c.missing, c.infinite, c.text, c.mean, c.std, c.low, *c.quantiles,
            c.high, c.skew, c.kurtosis, c.autocorrelation, c.repeated, c.stuck_runs,
            c.stuck_rows, c.longest_run, c.longest_run_at, *asdict(c.drift).values(),
        ]
        for c in found.columns
    ]  # fmt: skip
    return header, rows


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return CSV text; numbers read back exactly, NaN is an empty cell."""
    stream = io.StringIO()
    writer = csv_file.writer(stream, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(["" if isinstance(v, float) and math.isnan(v) else v for v in row])
    return stream.getvalue()


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: NaN and infinity become null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def fields(found: Eda, clip: Clip) -> dict[str, Any]:
    """Return the content of `eda.json`."""
    header, rows = stats_rows(found)
    values: dict[str, Any] = plain(
        {
            "version": 1,
            "files": [{"path": path, "rows": rows} for path, rows in found.files],
            "rows": found.rows,
            "labelled_rows": found.labelled_rows,
            "left_out": dict(found.left_out),
            "quantile_rank_error": found.rank_error,
            "suggested_clip_sigma": clip.sigma,
            "suggested_clip_reason": clip.reason,
            "clips": [asdict(row) for row in clip.rows],
            "sampling": asdict(found.sampling),
            "findings": findings(found),
            "channels": [dict(zip(header, row, strict=True)) for row in rows],
        }
    )
    return values
