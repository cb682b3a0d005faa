"""Summary of a log's figures: findings, the clip to use, and the files that hold them."""

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
    """Cost of one clip: the part of values clipped and the error of int8 inputs in σ."""

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


@dataclass(frozen=True)
class Finding:
    """Something that deserves a look before training.

    Attributes:
        text: One sentence, or two.
        cost: What it costs, in a few words.
        weight: Orders them: 2 stops the training, 1 makes its result doubtful, below 1 is the
            part of the rows that is lost.
    """

    text: str
    cost: str
    weight: float


_REFUSED = "training refuses the log"


def _refused(text: str) -> Finding:
    return Finding(text, _REFUSED, 2.0)


def _lost(text: str, rows: int, found: Eda) -> Finding:
    share = rows / max(1, found.rows)
    return Finding(text, f"{rows:,} rows ({share:.2%} of all)", min(share, 0.99))


def findings(found: Eda) -> list[Finding]:
    """Return what deserves a look before training, the costliest first."""
    everything = [*_reading_findings(found), *_channel_findings(found)]
    return sorted(everything, key=lambda finding: -finding.weight)


def _reading_findings(found: Eda) -> list[Finding]:
    """What the reader noted: what training would ask about first, then what is only told."""
    facts, texts = found.sampling, []
    doubtful = ("not a number", "same time as", "earlier than", "mixed sampling", "not a date")
    for note in found.reading.notes:
        text = f"{note}."
        if note.endswith(": gaps"):
            texts.append(Finding(text, "gaps", 0.996))
        elif any(words in note for words in doubtful):
            texts.append(_refused(text))
        elif "missing values in" in note:
            continue  # Told by channel.
        else:
            cost = (
                "false or missed alarms" if "standard deviations" in note else "nothing, if right"
            )
            texts.append(Finding(text, cost, 1.6 if "standard deviations" in note else 0.995))
    if facts.period is None:
        text = "No timestamp column: gaps and the sampling rate cannot be judged."
        texts.append(Finding(text, "gaps stay unseen", 1.5))
    if facts.gaps:
        longest = facts.longest[0].seconds
        what = "gap" if facts.gaps == 1 else "gaps"
        text = (
            f"{facts.gaps:,} {what} in time, {facts.gap_seconds:,.0f} s in all, the longest"
            f" {longest:,.0f} s. Windows do not cross them."
        )
        away = facts.gap_seconds / facts.period if facts.period else 0.0
        texts.append(_lost(text, round(away), found))
    return texts


def _named(columns: Iterable[Column], text: str, cost: str, weight: float) -> list[Finding]:
    names = [f'"{column.name}"' for column in columns]
    return [Finding(f"{', '.join(names)}: {text}", cost, weight)] if names else []


def _channel_findings(found: Eda) -> list[Finding]:
    columns = found.columns
    flat = (c for c in columns if c.count and c.low == c.high)
    texts = _named(flat, "constant; training leaves it out.", "nothing", 0.0)
    texts += _named((c for c in columns if not c.count), "without any number.", "the channel", 1.4)
    texts += [
        _refused(
            f'"{c.name}": {c.text:,} cells are text, the first in {c.first_text}: mend the cells,'
            " or say with --missing that they mean no value."
        )
        for c in columns
        if c.text
    ]
    for c in columns:
        if c.infinite:
            text = f'"{c.name}": infinite values; their rows become gaps.'
            texts.append(_lost(text, c.infinite, found))
        if c.count and c.missing > MISSING_PART * found.rows:
            texts.append(_lost(f'"{c.name}": values are missing.', c.missing, found))
        if c.stuck_runs and c.low != c.high and c.repeated < 0.5:
            text = f'"{c.name}": stuck for {c.longest_run:,} rows from {c.longest_run_at}'
            text += f", {c.stuck_runs} such stretches in all." if c.stuck_runs > 1 else "."
            texts.append(_lost(text, c.stuck_rows, found))
    return texts + _shape_findings(found)


def _shape_findings(found: Eda) -> list[Finding]:
    columns = found.columns
    texts = _named(
        (c for c in columns if c.kurtosis > HEAVY),
        f"heavy tails (kurtosis above {HEAVY:g}): look for spikes before training.",
        "missed or false alarms", 1.1,
    )  # fmt: skip
    for hint, weight, text in (
        (DRIFT, 1.3, "drifts over the log: a detector trained on its start will alarm later."),
        (LEVELS, 1.2, "changes its level between parts of the log."),
        (SPREAD, 1.0, "varies more in one part of the log than in another."),
    ):
        changing = (c for c in columns if c.drift.hint == hint)
        texts += _named(changing, text, "false alarms", weight)
    texts += [
        Finding(f'"{a}" and "{b}" say nearly the same (r = {r:.4f}).', "a channel's work", 0.0)
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
            "reading": found.reading.as_json(),
            "labelled_rows": found.labelled_rows,
            "left_out": dict(found.left_out),
            "quantile_rank_error": found.rank_error,
            "suggested_clip_sigma": clip.sigma,
            "suggested_clip_reason": clip.reason,
            "clips": [asdict(row) for row in clip.rows],
            "sampling": asdict(found.sampling),
            "findings": [finding.text for finding in findings(found)],
            "channels": [dict(zip(header, row, strict=True)) for row in rows],
        }
    )
    return values
