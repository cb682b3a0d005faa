"""Fit a detector to a trained model on the quiet rows of a table, and say how it does."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.data import window
from host_tools.data.table import Table, finite_rows, stream
from host_tools.detection import assess, chain
from host_tools.detection import fit as fitting
from host_tools.detection.chain import ChainConfig, Forecast
from host_tools.detection.fit import F64, Material, Rule
from host_tools.errors import DataError, TrainingError
from host_tools.runtimes.adapter import Adapter

DETECTOR_ROWS = 8_000
"""The most recent training rows that the detector is fitted to: it bounds the time that the
oracle takes to forecast them."""

LEAST_LEARN_ROWS, MOST_LEARN_ROWS = 100, 1_000_000


def check_learn_rows(rows: int) -> None:
    """Raise DataError unless `rows` is 0 or enough to learn a baseline from."""
    if rows != 0 and not LEAST_LEARN_ROWS <= rows <= MOST_LEARN_ROWS:
        raise DataError(
            f"--learn-rows {rows}: must be 0, or {LEAST_LEARN_ROWS} to {MOST_LEARN_ROWS}"
        )


def quiet_stretches(part: Table, longest: int | None = None) -> list[F64]:
    """Return the stretches of rows without gap and label, in time order, as a device gets them.

    Args:
        part: Rows.
        longest: Cut stretches into pieces of so many rows and drop what is shorter.
    """
    rows, labels = stream(part)
    usable = finite_rows(rows) & (labels == 0)
    found = []
    for first, last in assess.runs(usable):
        size = longest or last - first
        whole = range(first, last - size + 1, size)
        found += [rows[i : i + size].astype(np.float64) for i in whole]
    return found


def _recent(segments: list[F64], most: int) -> list[F64]:
    """Return the last segments, of together at most `most` rows; the first one may be cut."""
    found: list[F64] = []
    for segment in reversed(segments):
        left = most - sum(map(len, found))
        if left > 0:
            found.insert(0, segment[-left:])
    return found


def fit(
    parts: window.TimeSplit,
    adapter: Adapter,
    output_scale: float,
    forecast: Forecast,
    learn_rows: int,
) -> ChainConfig:
    """Fit on quiet training rows; quiet validation rows may raise the threshold.

    Args:
        parts: The table's parts.
        adapter: Scaler and edges of the model.
        output_scale: Of the model.
        forecast: The int8 model, exactly as the device runs it.
        learn_rows: Rows from which a device learns its own baseline; 0: that of the training.

    Raises:
        TrainingError: Too few rows between gaps and labels.
    """
    rule = Rule(learn_rows=learn_rows)

    def predict(windows: NDArray[np.float32]) -> NDArray[np.float32]:
        centred = forecast(adapter.quantize(windows)).astype(np.float32)
        return (centred - np.float32(adapter.output_zero_point)) * np.float32(output_scale)

    least = max(learn_rows, rule.rows)
    train, checks = (
        [s for s in quiet_stretches(part, learn_rows or None) if len(s) >= least]
        for part in (parts.train, parts.validation)
    )
    if not train:
        raise TrainingError(
            f"no stretch of {least} quiet training rows to fit the detector to: gaps or labels are"
            " too close together"
        )
    if learn_rows:
        segments = train[-max(1, DETECTOR_ROWS // learn_rows) :]
    else:
        segments = _recent(train, DETECTOR_ROWS)
    material = Material(
        segments, segments, predict, adapter.window, adapter.horizon, [] if learn_rows else checks
    )
    norm = fitting.normalizer(segments, rule, adapter.scaler)
    return ChainConfig(adapter, fitting.fit(material, rule, norm))


def figures(config: ChainConfig, parts: window.TimeSplit, forecast: Forecast) -> dict[str, Any]:
    """Return which channels are scored, and counts over validation and test rows."""
    names, detector = config.adapter.scaler.channels, config.detector
    found: dict[str, Any] = {
        "level_channels": [names[c] for c in detector.level_channels],
        "residual_channels": [names[c] for c in detector.residual_channels],
    }
    for name, part in (("validation", parts.validation), ("test", parts.test)):
        rows, labels = stream(part)
        counts = assess.assess(chain.run_chain(config, rows, forecast), labels)
        found[f"detection_{name}"] = dict(vars(counts))
    return found


def tell(figures: Mapping[str, Any], say: Callable[[str], None]) -> None:
    """Say what `figures` returned, a line at a time."""
    level, residual = figures["level_channels"], figures["residual_channels"]
    say(
        f"scored by level: {', '.join(level) or 'none'}; by forecast residual:"
        f" {', '.join(residual) or 'none'}; the others drift"
    )
    for name in ("validation", "test"):
        found = figures[f"detection_{name}"]
        faults = f"{found['detected']} of {found['events']} labelled faults detected"
        say(
            f"{name} part: {faults if found['events'] else 'no labelled fault'};"
            f" {found['false_alarms']} false alarms, {found['false_rows']} of"
            f" {found['quiet_rows']} rows without a label in alarm"
        )
