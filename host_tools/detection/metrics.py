"""Detection metrics: the benchmark's F1/FAR/MAR, AUC-PR, VUS-PR, delay, alarms per day.

Rows are pooled without point adjustment. `alarms` and `labels` are 0/1 per row; scores are
compared within one run only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.generic]


@dataclass(frozen=True)
class Run:
    """One scored run: everything of the rows that count, none of the training rows."""

    name: str
    labels: npt.NDArray[np.int64]
    alarms: npt.NDArray[np.bool_]
    scores: npt.NDArray[np.float64]
    seconds: npt.NDArray[np.float64]
    verdicts: npt.NDArray[np.bool_] | None = None
    """Rows with a verdict; None: all."""


@dataclass(frozen=True)
class Summary:
    """The figures of one detector; rates in percent, delay in seconds.

    `quiet_alarm_share`: of the quiet time with a verdict, the part in alarm. `far_before` and
    `far_after`: FAR of the quiet rows before the first fault of a run, and after it.
    `no_verdict_share`: of all rows.
    """

    f1: float
    far: float
    mar: float
    auc_pr: float
    vus_pr: float
    delay: float
    missed: int
    already: int
    false_alarms_per_day: float
    quiet_alarm_share: float = float("nan")
    episodes_per_quiet_day: float = float("nan")
    far_before: float = float("nan")
    far_after: float = float("nan")
    no_verdict_share: float = 0.0


def confusion(runs: Sequence[Run]) -> tuple[int, int, int, int]:
    """TP, FP, FN, TN pooled over all rows."""
    label = np.concatenate([r.labels for r in runs]).astype(bool)
    alarm = np.concatenate([r.alarms for r in runs]).astype(bool)
    return (
        int((label & alarm).sum()),
        int((~label & alarm).sum()),
        int((label & ~alarm).sum()),
        int((~label & ~alarm).sum()),
    )


def rates(runs: Sequence[Run]) -> tuple[float, float, float]:
    """F1, FAR % = FP/(FP+TN), MAR % = FN/(FN+TP); the benchmark's binary metric."""
    return rates_of(*confusion(runs))


def rates_of(tp: int, fp: int, fn: int, tn: int) -> tuple[float, float, float]:
    """F1, FAR % and MAR % of counted rows."""
    f1 = tp / (tp + 0.5 * (fp + fn)) if tp + fp + fn else float("nan")
    far = 100.0 * fp / (fp + tn) if fp + tn else float("nan")
    mar = 100.0 * fn / (fn + tp) if fn + tp else float("nan")
    return f1, far, mar


def auc_pr(labels: Rows, scores: Rows) -> float:
    """Average precision: sum of (recall step) * precision, ties taken together; nan if no event."""
    order = np.argsort(-scores.astype(np.float64), kind="stable")
    hit = labels.astype(np.int64)[order]
    total = hit.sum()
    if total == 0:
        return float("nan")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(hit) - 1)
    true = np.cumsum(hit)[ends]
    precision = true / (ends + 1)
    recall = true / total
    return float(np.sum(np.diff(np.append(0.0, recall)) * precision))


def events(labels: Rows) -> list[tuple[int, int]]:
    """Half-open [first, last) stretches of 1."""
    padded = np.concatenate([[0], labels.astype(np.int64), [0]])
    step = np.diff(padded)
    return list(zip(np.flatnonzero(step == 1), np.flatnonzero(step == -1), strict=True))


def _soft_labels(labels: Rows, width: int) -> npt.NDArray[np.float64]:
    """Labels with a square-root ramp of width/2 rows on both sides of every event."""
    soft = labels.astype(np.float64)
    half = width // 2
    for first, last in events(labels):
        for k in range(1, half + 1):
            value = np.sqrt(1.0 - k / width)
            if first - k >= 0:
                soft[first - k] = max(soft[first - k], value)
            if last - 1 + k < len(soft):
                soft[last - 1 + k] = max(soft[last - 1 + k], value)
    return soft


def vus_pr(labels: Rows, scores: Rows, width: int = 50, thresholds: int = 250) -> float:
    """Volume under the range PR surface (Paparrizos et al., VLDB 2022) for widths 0..width.

    Range recall is min(TP / P, 1) times the share of events touched, with P the mean of hard
    and soft positives; precision is soft TP over predicted rows. Width is printed with it.
    """
    if not events(labels):
        return float("nan")
    ranked = -np.sort(-scores.astype(np.float64))
    cuts = ranked[np.linspace(0, len(ranked) - 1, thresholds).astype(int)]
    predicted = scores[None, :].astype(np.float64) >= cuts[:, None]
    count = np.maximum(predicted.sum(axis=1), 1)
    volume = []
    for w in range(0, width + 1, 5):
        soft = _soft_labels(labels, w) if w else labels.astype(np.float64)
        hard = labels.astype(bool)
        ramp = soft * ~hard
        caught = predicted @ (soft * 1.0)
        positives = (hard.sum() + hard.sum() + predicted @ ramp) / 2.0
        touched = np.zeros(len(cuts))
        spans = events((soft > 0).astype(int))
        for first, last in spans:
            touched += predicted[:, first:last].any(axis=1)
        recall = np.minimum(caught / positives, 1.0) * touched / len(spans)
        recall = np.maximum.accumulate(recall)
        volume.append(float(np.sum(np.diff(np.append(0.0, recall)) * (caught / count))))
    return float(np.mean(volume))


def delays(runs: Sequence[Run]) -> tuple[float, int, int]:
    """Median seconds from an event's first row to the first alarm in it, missed, already on.

    A missed event counts as infinite in the median. Events that start before the first counted
    row are left out. "Already on" are events that began under a running (false) alarm: their
    delay of 0 is luck, so their number is shown.
    """
    found: list[float] = []
    already = 0
    for run in runs:
        for first, last in events(run.labels):
            if first == 0:
                continue
            hits = np.flatnonzero(run.alarms[first:last])
            already += int(run.alarms[first - 1])
            start = run.seconds[first]
            found.append(float(run.seconds[first + hits[0]] - start) if len(hits) else np.inf)
    missed = int(np.isinf(found).sum())
    return (float(np.median(found)) if found else float("nan")), missed, already


def false_alarms_per_day(runs: Sequence[Run]) -> float:
    """Alarm stretches that begin on a normal row, per day of normal rows (from timestamps)."""
    count, seconds = 0, 0.0
    for run in runs:
        count += sum(1 for first, _ in events(run.alarms) if not run.labels[first])
        step = np.diff(run.seconds, append=run.seconds[-1] + 1.0)
        seconds += float(step[run.labels == 0].sum())
    return 86400.0 * count / seconds if seconds else float("nan")


def _shares(runs: Sequence[Run]) -> tuple[float, float, float, float]:
    """Quiet time in alarm, FAR before and after the first fault of a run, no verdict; percent."""
    quiet = before = after = missing = total = 0
    alarms, before_alarms, after_alarms = 0, 0, 0
    for run in runs:
        normal = run.labels == 0
        known = np.ones(len(normal), bool) if run.verdicts is None else run.verdicts
        started = np.cumsum(~normal) > 0
        quiet += int((normal & known).sum())
        alarms += int((normal & known & run.alarms).sum())
        before += int((normal & ~started).sum())
        before_alarms += int((normal & ~started & run.alarms).sum())
        after += int((normal & started).sum())
        after_alarms += int((normal & started & run.alarms).sum())
        missing += int((~known).sum())
        total += len(known)

    def percent(part: int, whole: int) -> float:
        return 100.0 * part / whole if whole else float("nan")

    return (
        percent(alarms, quiet),
        percent(before_alarms, before),
        percent(after_alarms, after),
        percent(missing, total),
    )


def quiet_alarm_share(runs: Sequence[Run]) -> float:
    """Percent of the quiet time with a verdict that is in alarm."""
    return _shares(runs)[0]


def summarize(runs: Sequence[Run]) -> Summary:
    """All figures; AUC-PR and VUS-PR are means over the runs that have an event."""
    f1, far, mar = rates(runs)
    delay, missed, already = delays(runs)
    a_day = false_alarms_per_day(runs)
    share, before, after, missing = _shares(runs)
    return Summary(
        f1,
        far,
        mar,
        _mean([auc_pr(r.labels, r.scores) for r in runs]),
        _mean([vus_pr(r.labels, r.scores) for r in runs]),
        delay,
        missed,
        already,
        a_day,
        share,
        a_day,
        before,
        after,
        missing,
    )


def _mean(values: Sequence[float]) -> float:
    """Mean of what is a number; NaN when nothing is."""
    known = [v for v in values if not np.isnan(v)]
    return float(np.mean(known)) if known else float("nan")
