"""The detector's constants, `detector.json` version 3: what the fit writes, what a device reads.

Every floating value is a float32 value, so that the file, the generated C table and the host's
chain hold the same bits. Bounds are those of `safe_detector_init` (`sdk/src/detector_check.c`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError
from host_tools.formats import json_file, packed
from targets import output

F32 = NDArray[np.float32]

FILE = "detector.json"
VERSION = 3
REMEDY = "fit the detector again with `host_tools fit --model DIR`, the network stays"

TRAINING, LEARNED = "training", "learned"
"""Sources of the baseline: the training rows, or the device's own first rows."""

MAX_ROWS = 1024
MAX_SAMPLES = 2**31 - 1
MAX_COUNT = 0xFFFF
MAX_PERIOD_US = 0xFFFFFFFF
"""71 minutes."""
MAX_FORM = 1e15
"""Bound of every form at the feature limit: nothing in the chain can then overflow."""
MOST_MASKED = 8
MOST_REGIMES = 16
MOST_MEAN = 1e6
"""Largest mean of a regime, in standard deviations."""
LEAST_VARIANCE, MOST_VARIANCE = 1e-20, 1e12
INNOVATION_ROWS = 3
"""Innovations that a statistic averages."""
HOURS = 24
DRIFT_ALPHA = np.float32(0.01)
REGIMES = "regime_mean"
FORMS = ("level", "median", "innovation", "residual")


@dataclass(frozen=True, eq=False)
class Form:
    """One statistic |factor · f|² over the features of K channels.

    Attributes:
        channels: Ascending channel numbers; empty: the statistic is not used.
        factor: float32 [K(K+1)/2], lower triangle row by row.
        prior: float32, variance of a feature's raw value in standard deviations², one for each
            channel that is watched: of `level` all C channels, of the others the K.
    """

    channels: tuple[int, ...] = ()
    factor: F32 = field(default_factory=lambda: np.zeros(0, np.float32))
    prior: F32 = field(default_factory=lambda: np.zeros(0, np.float32))


@dataclass(frozen=True, eq=False)
class Detector:
    """One detector for C channels; `host_tools.detection.chain` says what each constant does.

    Attributes:
        baseline: TRAINING or LEARNED.
        rows: Samples that `level` and `median` are averaged over, at least INNOVATION_ROWS.
        level: Mean of the last rows.
        median: Mean of the last rows of the median of three samples; for spiky channels.
        innovation: Mean of the last three one-step errors of an exponential smoother.
        residual: Smoothed error of the model's forecasts.
        innovation_alpha: float32 [K of innovation], factor of each smoother.
        residual_alpha: Factor of the residual's smoothing.
        learn_samples: Samples from which a device learns its baseline; 0: TRAINING.
        settle_samples: Of them the first ones, which are not learned from.
        prior_rows: Weight of the priors in learned variances, in samples.
        feature_limit: Features are limited to ± this before the forms.
        alpha: EWMA factor of the score, in (0, 1].
        notice: Score above which it is a notice.
        alarm: Score above which it is an alarm; at least `notice`.
        hold: Share of a threshold down to which its state is held, in (0, 1].
        confirm_rows: Samples above a threshold in a row before the state rises.
        block_rows: Samples of a block from which a learned baseline follows.
        mean_step: Share of a block's mean that the baseline takes.
        spread_step: Share of a block's spread and peak that the baseline takes.
        growth: A block counts with at most so many times the present variance.
        peak: Peak score of a quiet block.
        recover_share: The state is over when it is a notice and the score below this share of its
            peak,
        recover_samples: for so many samples; 0: never.
        change_samples: Most credit of a baseline, in samples; a state that uses it up is normal,
            too (`detection/verdict.py`); 0: never.
        low: float32 [C], raw units; a value below it is no measurement.
        high: float32 [C], the same above.
        stuck_band: float32 [C], raw units; a value that differs from the one before by no more
            stands still.
        stuck_samples: uint16 [C], values in a row that stand still and mean a stuck sensor; 0: any
            number may.
        max_masked: Masked channels up to which a verdict is given.
        return_samples: Good samples after which a channel is not masked any more.
        max_missed: Samples in a row that may be missing before all recent ones are forgotten.
        day_samples: Samples of a day, for `hour_mean`; 0: the hour does not count.
        hour_mean: int16 [24 C] of each hour, in steps of `hour_scale`; empty without hours.
        hour_scale: float32 [C], standard deviations per step; empty without hours.
        regime_mean: float32 [regimes C], standard deviations: what the level is relative to, the
            nearest one (`detection/regimes.py`), with TRAINING; empty: 0. The file has it only
            where there are regimes.
        drift_channels: Channels watched for slow drift.
        drift_limit: float32 [of them], standard deviations.
        drift_alpha: Factor of their smoothing.
        period_us: Microseconds from sample to sample; 0: not known.
        stale_samples: Periods without a sample after which all is stale, more than `max_missed`;
            0: never.
        rule: How the constants were found, in words.
    """

    baseline: str
    rows: int
    level: Form
    median: Form
    innovation: Form
    residual: Form
    innovation_alpha: F32
    residual_alpha: np.float32
    learn_samples: int
    settle_samples: int
    prior_rows: np.float32
    feature_limit: np.float32
    alpha: np.float32
    notice: np.float32
    alarm: np.float32
    hold: np.float32
    confirm_rows: int
    block_rows: int
    mean_step: np.float32
    spread_step: np.float32
    growth: np.float32
    peak: np.float32
    recover_share: np.float32
    recover_samples: int
    change_samples: int
    low: F32
    high: F32
    stuck_band: F32
    stuck_samples: NDArray[np.uint16]
    max_masked: int
    return_samples: int
    max_missed: int
    day_samples: int = 0
    hour_mean: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    hour_scale: F32 = field(default_factory=lambda: np.zeros(0, np.float32))
    regime_mean: F32 = field(default_factory=lambda: np.zeros(0, np.float32))
    drift_channels: tuple[int, ...] = ()
    drift_limit: F32 = field(default_factory=lambda: np.zeros(0, np.float32))
    drift_alpha: np.float32 = DRIFT_ALPHA
    period_us: int = 0
    stale_samples: int = 0
    rule: str = ""

    def scored(self, names: Sequence[str]) -> dict[str, str]:
        """Return by channel which statistics take it; a channel that none takes is not named."""
        kinds = {name: getattr(self, name).channels for name in FORMS}
        words = (
            " and ".join(k for k, taken in kinds.items() if c in taken) for c in range(len(names))
        )
        return {name: word for name, word in zip(names, words, strict=True) if word}

    @property
    def channels(self) -> int:
        """Channels of a sample."""
        return len(self.low)

    @property
    def regimes(self) -> F32:
        """Means of the regimes, [regimes, C]; no row: there is one, at 0."""
        return self.regime_mean.reshape(-1, self.channels)

    @property
    def learn_rows(self) -> int:
        """Samples that the baseline is learned from, the settling ones left out."""
        return self.learn_samples - self.settle_samples

    def text(self) -> str:
        """Return `detector.json`."""
        content: dict[str, Any] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name == REGIMES and not len(value):
                continue
            if isinstance(value, Form):
                for part in fields(value):
                    content[f"{f.name}_{part.name}"] = _plain(getattr(value, part.name))
            else:
                content[f.name] = _plain(value)
        return json_file.text(content, version=VERSION)

    def save(self, path: Path) -> None:
        """Write `detector.json`; raises OutputError."""
        output.write(path, self.text())


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist() if value.dtype.kind in "iu" else json_file.numbers(value)
    if isinstance(value, tuple):
        return list(value)
    return float(value) if isinstance(value, np.floating) else value


_SCALARS = (
    "residual_alpha", "prior_rows", "feature_limit", "alpha", "notice", "alarm", "hold",
    "mean_step", "spread_step", "growth", "peak", "recover_share", "drift_alpha",
)  # fmt: skip
_COUNTS = {
    "rows": (INNOVATION_ROWS, MAX_ROWS),
    "learn_samples": (0, MAX_SAMPLES),
    "settle_samples": (0, MAX_SAMPLES),
    "confirm_rows": (1, MAX_COUNT),
    "block_rows": (1, MAX_COUNT),
    "recover_samples": (0, MAX_SAMPLES),
    "change_samples": (0, MAX_SAMPLES),
    "max_masked": (0, MOST_MASKED),
    "return_samples": (1, MAX_COUNT),
    "max_missed": (0, MAX_COUNT),
    "day_samples": (0, MAX_SAMPLES // HOURS),
    "period_us": (0, MAX_PERIOD_US),
    "stale_samples": (0, MAX_COUNT),
}


def load(path: Path, channels: int) -> Detector:
    """Read and check a detector of `channels` channels.

    Raises:
        DataError: Missing, malformed, of another version, or out of bounds; it says which key.
    """
    content = json_file.read(path, version=VERSION, remedy=REMEDY)
    _require_keys(path, content)
    forms: dict[str, Any] = {name: _form(path, content, name, channels) for name in FORMS}
    drift = _channels(path, content, "drift_channels", channels)
    counts: dict[str, Any] = {k: _count(path, content, k, *ends) for k, ends in _COUNTS.items()}
    scalars: dict[str, Any] = {k: json_file.scalar(path, content, k) for k in _SCALARS}
    hours = HOURS * channels if counts["day_samples"] else 0

    def vector(key: str, length: int) -> F32:
        return json_file.vector(path, content, key, length)

    def whole(key: str, length: int, ends: tuple[int, int]) -> NDArray[Any]:
        value = content.get(key)
        plain = isinstance(value, list) and all(
            type(v) is int and ends[0] <= v <= ends[1] for v in value
        )
        if not plain or len(value or []) != length:
            raise DataError(f'{path}: "{key}" must hold {length} integers {ends[0]} … {ends[1]}')
        return np.array(value, np.int64)

    rule = content.get("rule", "")
    found = Detector(
        baseline=str(content.get("baseline")),
        **forms,
        **counts,
        **scalars,
        innovation_alpha=vector("innovation_alpha", len(forms["innovation"].channels)),
        low=vector("low", channels),
        high=vector("high", channels),
        stuck_band=vector("stuck_band", channels),
        stuck_samples=whole("stuck_samples", channels, (0, MAX_COUNT)).astype(np.uint16),
        hour_mean=whole("hour_mean", hours, (-32768, 32767)).astype(np.int16),
        hour_scale=vector("hour_scale", channels if hours else 0),
        regime_mean=_regimes(path, content, channels),
        drift_channels=drift,
        drift_limit=vector("drift_limit", len(drift)),
        rule=rule if isinstance(rule, str) else "",
    )
    if wrong := check(found):
        raise DataError(f"{path}: {wrong}")
    return found


def _require_keys(path: Path, content: dict[str, Any]) -> None:
    """Refuse a file of a time before one of the keys: a new fit helps, no value can be guessed."""
    single = [f.name for f in fields(Detector) if f.name not in (*FORMS, REGIMES, "rule")]
    for key in (*(f"{name}_{part.name}" for name in FORMS for part in fields(Form)), *single):
        if key not in content:
            raise DataError(
                f'{path}: has no "{key}", which an earlier release did not write: {REMEDY}'
            )


def _form(path: Path, content: dict[str, Any], name: str, channels: int) -> Form:
    kept = _channels(path, content, f"{name}_channels", channels)
    size = len(kept)
    return Form(
        kept,
        json_file.vector(path, content, f"{name}_factor", size * (size + 1) // 2),
        json_file.vector(path, content, f"{name}_prior", channels if name == "level" else size),
    )


def _regimes(path: Path, content: dict[str, Any], channels: int) -> F32:
    """Return the means of the regimes; empty where the file has none."""
    found = content.get(REGIMES, [])
    count = len(found) // channels if isinstance(found, list) else 0
    if REGIMES in content and not (
        1 < count <= MOST_REGIMES and isinstance(found, list) and len(found) == count * channels
    ):
        raise DataError(
            f'{path}: "{REGIMES}" must hold {channels} numbers for each of 2 to {MOST_REGIMES}'
            " regimes"
        )
    return json_file.vector(path, {REGIMES: found}, REGIMES, count * channels)


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


def _all(values: F32, low: float | np.float32, high: float | np.float32) -> bool:
    return bool(((values >= low) & (values <= high)).all())


def check(d: Detector) -> str:
    """Return which constant is out of bounds and what it must be; empty when all are good."""
    forms = {name: getattr(d, name) for name in FORMS}
    least, most = np.float32(LEAST_VARIANCE), np.float32(MOST_VARIANCE)
    rules = (
        (d.baseline in (TRAINING, LEARNED), f'"baseline" must be "{TRAINING}" or "{LEARNED}"'),
        (
            (d.baseline == LEARNED) == (d.learn_samples > 0),
            f'"learn_samples" must be above 0 with "{LEARNED}" and 0 with "{TRAINING}"',
        ),
        (
            d.settle_samples < max(1, d.learn_samples),
            '"settle_samples" must be below "learn_samples"',
        ),
        (
            any(f.channels for f in forms.values()),
            "no form has channels: nothing would be scored",
        ),
        (1 <= d.prior_rows <= 1e6, '"prior_rows" must be 1 … 1000000'),
        *(
            (_all(f.prior, least, most), f'"{name}_prior" must be {least:g} … {most:g}')
            for name, f in forms.items()
        ),
        *(
            (
                packed.bound(f.factor, d.feature_limit) <= MAX_FORM,
                f'"{name}_factor" must keep the form below {MAX_FORM:g}',
            )
            for name, f in forms.items()
        ),
        (0 < d.feature_limit <= 1e6, '"feature_limit" must be above 0 and at most 1e6'),
        (_all(d.innovation_alpha, 1e-6, 1), '"innovation_alpha" must be 1e-6 … 1'),
        *(
            (0 < getattr(d, key) <= 1, f'"{key}" must be in (0, 1]')
            for key in ("alpha", "hold", "residual_alpha", "mean_step", "spread_step",
                        "recover_share", "drift_alpha")
        ),
        (1 <= d.growth <= 1e6, '"growth" must be 1 … 1e6'),
        (1e-6 <= d.peak <= 1e6, '"peak" must be 1e-6 … 1e6'),
        (0 < d.notice <= d.alarm <= 1e9, '"notice" must be above 0 and at most "alarm"'),
        (bool((d.low < d.high).all()), '"low" must be below "high"'),
        (bool((d.stuck_band >= 0).all()), '"stuck_band" must not be negative'),
        (_all(d.drift_limit, 1e-6, 1e6), '"drift_limit" must be 1e-6 … 1e6'),
        (_all(d.hour_scale, 0, 1e6), '"hour_scale" must be 0 … 1e6'),
        (_all(d.regime_mean, -MOST_MEAN, MOST_MEAN), f'"{REGIMES}" must be within ± {MOST_MEAN:g}'),
        (
            d.baseline == TRAINING or not len(d.regime_mean),
            f'"{REGIMES}" needs the baseline "{TRAINING}"',
        ),
        (
            not d.stale_samples or (d.period_us > 0 and d.stale_samples > d.max_missed),
            '"stale_samples" must be above "max_missed" and needs a "period_us", or be 0',
        ),
        (
            d.return_samples >= d.rows + INNOVATION_ROWS,
            f'"return_samples" must be at least "rows" + {INNOVATION_ROWS}',
        ),
    )  # fmt: skip
    return next((words for good, words in rules if not good), "")
