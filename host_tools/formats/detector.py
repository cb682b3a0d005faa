"""The detector's constants, `detector.json` version 2: what the fit writes, what a device reads.

Every floating value is a float32 value, so that the file, the generated C table and the host's
chain hold the same bits. Bounds are those of `safe_detector_init` (`sdk/src/detector.c`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError
from host_tools.formats import json_file
from targets import output

F32 = NDArray[np.float32]

FILE = "detector.json"
VERSION = 2

SCALER, BASELINE = "scaler", "baseline"
"""What the model's inputs are relative to: the training rows, or the baseline on the device."""

MAX_ROWS = 1024
MAX_SAMPLES = 2**31 - 1
MAX_FORM = 1e15
"""Bound of both forms at the feature limit: nothing in the chain can then overflow."""
LEAST_VARIANCE, MOST_VARIANCE = 1e-20, 1e12


@dataclass(frozen=True, eq=False)
class Detector:
    """One detector. C channels of the model, L and R of them scored by level and by residual.

    Attributes:
        input: SCALER or BASELINE.
        rows: Samples that both statistics are averaged over.
        level_channels: Ascending channel numbers; may be empty, but not both.
        residual_channels: The same for the residual.
        learn_samples: Samples that the baseline is learned from on the device, counted from the
            first full row mean; 0: the baseline is that of the training rows, mean 0 and
            variance `prior_level`.
        relearn_samples: The baseline is forgotten after so many samples of alarm in a row;
            0: never.
        prior_rows: Weight of the priors in learned variances, in samples.
        prior_level: float32 [C], variance of a channel's row mean in standard deviations².
        prior_residual: float32 [R], mean square of the residual's row mean.
        input_gain: float32 [C], level units to model inputs; used with BASELINE.
        feature_limit: Features are limited to ± this before the forms.
        level_factor: float32 [L(L+1)/2], lower triangle row by row; the form is |factor f|².
        residual_factor: float32 [R(R+1)/2].
        alpha: EWMA factor in (0, 1].
        threshold: Alarm above it.
        quiet: The baseline's mean is tracked while the score is at most this.
        track: Factor of that tracking in [0, 1); 0: fixed.
        rule: How the constants were found, in words.
    """

    input: str
    rows: int
    level_channels: tuple[int, ...]
    residual_channels: tuple[int, ...]
    learn_samples: int
    relearn_samples: int
    prior_rows: np.float32
    prior_level: F32
    prior_residual: F32
    input_gain: F32
    feature_limit: np.float32
    level_factor: F32
    residual_factor: F32
    alpha: np.float32
    threshold: np.float32
    quiet: np.float32
    track: np.float32
    rule: str = ""

    def scored(self, names: Sequence[str]) -> dict[str, str]:
        """Return by channel which statistics take it; a channel that none takes is not named."""
        kinds = {"level": self.level_channels, "residual": self.residual_channels}
        words = (
            " and ".join(k for k, taken in kinds.items() if c in taken) for c in range(len(names))
        )
        return {name: word for name, word in zip(names, words, strict=True) if word}

    @property
    def channels(self) -> int:
        """Channels of the model."""
        return len(self.prior_level)

    def text(self) -> str:
        """Return `detector.json`."""
        content = {f.name: _plain(getattr(self, f.name)) for f in fields(self)}
        return json_file.text(content, version=VERSION)

    def save(self, path: Path) -> None:
        """Write `detector.json`; raises OutputError."""
        output.write(path, self.text())


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return json_file.numbers(value)
    if isinstance(value, tuple):
        return list(value)
    return float(value) if isinstance(value, np.floating) else value


def load(path: Path, channels: int) -> Detector:
    """Read and check a detector of `channels` channels.

    Raises:
        DataError: Missing, malformed, of another version, or out of bounds; it says which key.
    """
    content = json_file.read(
        path, version=VERSION, remedy="fit the detector again with `host_tools fit --model DIR`"
    )
    level = _channels(path, content, "level_channels", channels)
    residual = _channels(path, content, "residual_channels", channels)

    def vector(key: str, length: int) -> F32:
        return json_file.vector(path, content, key, length)

    def scalar(key: str) -> np.float32:
        return json_file.scalar(path, content, key)

    rule = content.get("rule", "")
    track = content.get("track")
    detector = Detector(
        input=str(content.get("input")),
        rows=_count(path, content, "rows", 1, MAX_ROWS),
        level_channels=level,
        residual_channels=residual,
        learn_samples=_count(path, content, "learn_samples", 0, MAX_SAMPLES),
        relearn_samples=_count(path, content, "relearn_samples", 0, MAX_SAMPLES),
        prior_rows=scalar("prior_rows"),
        prior_level=vector("prior_level", channels),
        prior_residual=vector("prior_residual", len(residual)),
        input_gain=vector("input_gain", channels),
        feature_limit=scalar("feature_limit"),
        level_factor=vector("level_factor", _packed(len(level))),
        residual_factor=vector("residual_factor", _packed(len(residual))),
        alpha=scalar("alpha"),
        threshold=scalar("threshold"),
        quiet=scalar("quiet"),
        track=np.float32(0) if track == 0 else scalar("track"),
        rule=rule if isinstance(rule, str) else "",
    )
    if wrong := check(detector):
        raise DataError(f"{path}: {wrong}")
    return detector


def _packed(size: int) -> int:
    return size * (size + 1) // 2


def _count(path: Path, content: dict[str, Any], key: str, least: int, most: int) -> int:
    value = content.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise DataError(f'{path}: "{key}" must be an integer {least} … {most}, not {value!r}')
    return value


def _channels(path: Path, content: dict[str, Any], key: str, channels: int) -> tuple[int, ...]:
    value = content.get(key)
    plain = isinstance(value, list) and all(type(c) is int and 0 <= c < channels for c in value)
    if not plain or value != sorted(set(value or [])):
        raise DataError(
            f'{path}: "{key}" must be a list of ascending channel numbers below {channels},'
            f" not {value!r}"
        )
    return tuple(value or ())


def unpack(packed: F32, size: int) -> F32:
    """Packed lower triangle (row i holds entries 0..i) to [size, size], zeros above."""
    factor = np.zeros((size, size), np.float32)
    factor[np.tril_indices(size)] = packed
    return factor


def form_bound(factor: F32, size: int, limit: np.float32) -> float:
    """Return a bound of a quadratic form over features within ± limit."""
    square = unpack(np.abs(factor), size).astype(np.float64)
    return float(((square.sum(axis=1) * float(limit)) ** 2).sum())


def check(d: Detector) -> str:
    """Return which constant is out of bounds and what it must be; empty when all are good."""
    variances: NDArray[np.float32] = np.concatenate([d.prior_level, d.prior_residual])
    rules = (
        (d.input in (SCALER, BASELINE), f'"input" must be "{SCALER}" or "{BASELINE}"'),
        (
            bool(d.level_channels or d.residual_channels),
            '"level_channels" and "residual_channels" are empty: nothing would be scored',
        ),
        (1 <= d.prior_rows <= 1e6, '"prior_rows" must be 1 … 1000000'),
        (
            bool(((variances >= LEAST_VARIANCE) & (variances <= MOST_VARIANCE)).all()),
            f'"prior_level" and "prior_residual" must be {LEAST_VARIANCE:g} … {MOST_VARIANCE:g}',
        ),
        (
            bool(((d.input_gain > 0) & (d.input_gain <= 1e6)).all()),
            '"input_gain" must be above 0 and at most 1e6',
        ),
        (0 < d.feature_limit <= 1e6, '"feature_limit" must be above 0 and at most 1e6'),
        (0 < d.alpha <= 1, '"alpha" must be in (0, 1]'),
        (0 <= d.track < 1, '"track" must be in [0, 1)'),
        (
            max(
                form_bound(d.level_factor, len(d.level_channels), d.feature_limit),
                form_bound(d.residual_factor, len(d.residual_channels), d.feature_limit),
            )
            <= MAX_FORM,
            f'"level_factor" and "residual_factor" must keep the forms below {MAX_FORM:g}',
        ),
    )
    return next((words for good, words in rules if not good), "")
