"""The detector's constants as C: scaler.json and detector.json joined with the model's edges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codegen.emit import channels, text
from codegen.emit.description import Description
from codegen.emit.detector_fields import Fields, Range, positive
from codegen.emit.environment import render
from codegen.emit.program import Program, runtime_version
from codegen.errors import DetectorInvalidError, ModelUnsupportedError
from codegen.ir.graph import DType, Graph, Quantization, Tensor

SCALER_VERSION, DETECTOR_VERSION = 1, 3
REMEDY = "fit the detector again with `host_tools fit --model DIR`, the network stays"

# The bounds of safe_detector_config_is_usable (sdk/src/detector_check.c).
_MAX_STEPS = float(1 << 30)
_MAX_EXTENT = 0xFFFF
_INNOVATION_ROWS, _MAX_ROWS = 3, 1024
_MAX_SAMPLES = 2**31 - 1
_MAX_PERIOD_US = 2**32 - 1
_MAX_FORM = 1e15
_VARIANCE = Range(float(np.float32(1e-20)), float(np.float32(1e12)))
_MOST, _LEAST = 1e6, float(np.float32(1e-6))
_SHARE = positive(1.0)
_MOST_MASKED = 8
_HOURS = 24
_MOST_REGIMES = 16
_RECIPROCAL = 1e-6
"""Largest |std · inv_std − 1|: both are rounded to float32, by at most 2^-24 of themselves."""
_RATE_TOLERANCE = 0.1
FORMS = ("level", "median", "innovation", "residual")

_SCALARS: dict[str, Range] = {
    "residual_alpha": _SHARE,
    "prior_rows": Range(1.0, _MOST),
    "feature_limit": positive(_MOST),
    "alpha": _SHARE,
    "notice": positive(1e9),
    "alarm": positive(1e9),
    "hold": _SHARE,
    "mean_step": _SHARE,
    "spread_step": _SHARE,
    "growth": Range(1.0, _MOST),
    "peak": Range(_LEAST, _MOST),
    "recover_share": _SHARE,
    "drift_alpha": _SHARE,
}
_COUNTS = {
    "rows": (_INNOVATION_ROWS, _MAX_ROWS),
    "learn_samples": (0, _MAX_SAMPLES),
    "settle_samples": (0, _MAX_SAMPLES),
    "confirm_rows": (1, _MAX_EXTENT),
    "block_rows": (1, _MAX_EXTENT),
    "recover_samples": (0, _MAX_SAMPLES),
    "change_samples": (0, _MAX_SAMPLES),
    "max_masked": (0, _MOST_MASKED),
    "return_samples": (1, _MAX_EXTENT),
    "max_missed": (0, _MAX_EXTENT),
    "day_samples": (0, _MAX_SAMPLES // _HOURS),
    "period_us": (0, _MAX_PERIOD_US),
    "stale_samples": (0, _MAX_EXTENT),
}


@dataclass(frozen=True)
class FormConstants:
    """Channels that a statistic scores, the packed lower triangle of its form, and priors."""

    channels: tuple[int, ...]
    factor: tuple[float, ...]
    prior: tuple[float, ...]


@dataclass(frozen=True)
class DetectorConstants:
    """Checked constants of a detector; every float is a float32 value.

    `numbers` and `counts` are those of detector.json by their keys there.
    """

    channels: int
    names: tuple[str, ...]
    window: int
    horizon: int
    mean: tuple[float, ...]
    inv_std: tuple[float, ...]
    clip: float
    score_limit: float
    input_inv_scale: float
    input_zero_point: int
    forecast_scale: float
    output_zero_point: int
    forms: dict[str, FormConstants]
    numbers: dict[str, float]
    counts: dict[str, int]
    innovation_alpha: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    stuck_band: tuple[float, ...]
    stuck_samples: tuple[int, ...]
    hour_mean: tuple[int, ...]
    hour_scale: tuple[float, ...]
    regime_mean: tuple[float, ...]
    drift_channels: tuple[int, ...]
    drift_limit: tuple[float, ...]

    @property
    def learns(self) -> bool:
        """Whether a device learns its baseline."""
        return self.counts["learn_samples"] > 0

    @property
    def most_features(self) -> int:
        """Most features of a form."""
        return max(self.channels, *(len(form.channels) for form in self.forms.values()))


@dataclass(frozen=True)
class _Edges:
    """Shapes and quantization of the model; all 0 without a network."""

    window: int = 0
    horizon: int = 0
    input_inv_scale: float = 0.0
    input_zero_point: int = 0
    forecast_scale: float = 0.0
    output_zero_point: int = 0


def load(graph: Graph | None, scaler: Path, detector: Path) -> DetectorConstants:
    """Read and check both files against the model; None is a product without a network.

    Raises `DetectorInvalidError` naming file and key, `ModelUnsupportedError` when the model is
    not an int8 forecaster: one input [1, window, channels], one output [1, horizon, channels].
    """
    scales = Fields(scaler, SCALER_VERSION, "train the model again with `host_tools train`")
    rules = Fields(detector, DETECTOR_VERSION, REMEDY)
    if graph is None:
        edges, channels = _Edges(), scales.length("channels")
    else:
        edges, channels = _edges(graph)
    forms = {name: _form(rules, name, channels) for name in FORMS}
    counts = {key: rules.integer(key, *ends) for key, ends in _COUNTS.items()}
    hours = counts["day_samples"] > 0
    drift = rules.ascending("drift_channels", channels)
    found = DetectorConstants(
        channels=channels,
        names=scales.names("channels", channels),
        **vars(edges),
        mean=scales.floats("mean", channels),
        inv_std=scales.floats("inv_std", channels, positive()),
        clip=scales.number("clip", positive()),
        score_limit=scales.number("score_limit", positive(_MOST)),
        forms=forms,
        numbers={key: rules.number(key, within) for key, within in _SCALARS.items()},
        counts=counts,
        innovation_alpha=rules.floats(
            "innovation_alpha", len(forms["innovation"].channels), Range(_LEAST, 1.0)
        ),
        low=rules.floats("low", channels),
        high=rules.floats("high", channels),
        stuck_band=rules.floats("stuck_band", channels, Range(0.0)),
        stuck_samples=rules.integers("stuck_samples", channels, 0, _MAX_EXTENT),
        hour_mean=rules.integers("hour_mean", _HOURS * channels * hours, -(2**15), 2**15 - 1),
        hour_scale=rules.floats("hour_scale", channels * hours, Range(0.0, _MOST)),
        regime_mean=rules.groups("regime_mean", channels, (2, _MOST_REGIMES), Range(-_MOST, _MOST)),
        drift_channels=drift,
        drift_limit=rules.floats("drift_limit", len(drift), Range(_LEAST, _MOST)),
    )
    _check_deviations(scales, found)
    if not found.clip * found.input_inv_scale < _MAX_STEPS:
        scales.fail(f"clip {found.clip} is above 2^30 steps of the model input")
    _check(rules, found)
    if found.learns and found.regime_mean:
        rules.fail('regime_mean needs baseline "training"')
    return found


def _check_deviations(scales: Fields, found: DetectorConstants) -> None:
    """Refuse `inv_std` that is not 1 / `std`; each is rounded to float32 once."""
    for channel, std in enumerate(scales.floats("std", found.channels, positive())):
        inverse = found.inv_std[channel]
        if not abs(std * inverse - 1) <= _RECIPROCAL:
            scales.fail(
                f"inv_std[{channel}] is {inverse:g}, not 1 / std = {1 / std:g}: one of the two was"
                " edited; train the model again with `host_tools train`"
            )


def _check(rules: Fields, found: DetectorConstants) -> None:
    """Check what concerns several keys."""
    counts = found.counts
    learned = rules.word("baseline", ("training", "learned")) == "learned"
    if not found.window and found.forms["residual"].channels:
        rules.fail("residual_channels are scored by forecasts, and there is no network to make any")
    if not any(form.channels for form in found.forms.values()):
        rules.fail("no form has channels: nothing would be scored")
    for name, form in found.forms.items():
        if not _bound(form, found.numbers["feature_limit"]) <= _MAX_FORM:
            rules.fail(f"{name}_factor: the statistic may exceed {_MAX_FORM:g} at feature_limit")
    if learned != found.learns:
        rules.fail('learn_samples must be above 0 with baseline "learned", 0 with "training"')
    if counts["settle_samples"] >= max(1, counts["learn_samples"]):
        rules.fail("settle_samples must be below learn_samples")
    if found.numbers["alarm"] < found.numbers["notice"]:
        rules.fail("alarm must not be below notice")
    stale = counts["stale_samples"]
    if stale and not (counts["period_us"] and stale > counts["max_missed"]):
        rules.fail("stale_samples must be above max_missed and needs a period_us, or be 0")
    if counts["return_samples"] < counts["rows"] + _INNOVATION_ROWS:
        rules.fail(f"return_samples must be at least rows + {_INNOVATION_ROWS}")
    for channel, (low, high) in enumerate(zip(found.low, found.high, strict=True)):
        if not low < high:
            rules.fail(f"low[{channel}] must be below high[{channel}]")


def check_pace(found: DetectorConstants, rate_hz: float | None) -> None:
    """Refuse a detector whose samples come at another rate than model.toml says, by a tenth.

    Raises `DetectorInvalidError`.
    """
    period = found.counts["period_us"]
    if rate_hz and period and abs(rate_hz * period / 1e6 - 1) > _RATE_TOLERANCE:
        raise DetectorInvalidError(
            f"detector.json: was fitted to a sample every {period / 1e6:g} s, model.toml says every"
            f" {1 / rate_hz:g} s: fit it to rows of the model's rate with `host_tools fit --csv"
            " LOG`, or correct rate_hz"
        )


def _form(rules: Fields, name: str, channels: int) -> FormConstants:
    kept = rules.ascending(f"{name}_channels", channels)
    size = len(kept)
    return FormConstants(
        kept,
        rules.floats(f"{name}_factor", size * (size + 1) // 2),
        rules.floats(f"{name}_prior", channels if name == "level" else size, _VARIANCE),
    )


def _bound(form: FormConstants, limit: float) -> float:
    """Return a bound of the form over features within +- limit, whatever is masked."""
    total, at = 0.0, 0
    for i in range(len(form.channels)):
        total += (limit * sum(map(abs, form.factor[at : at + i + 1]))) ** 2
        at += i + 1
    return total * len(form.channels)


def texts(program: Program, detector: DetectorConstants, about: Description) -> dict[str, str]:
    """Return the detector's files by name: C and C++ headers, constants, static memory."""
    stem = f"{program.prefix}_detector"
    context = _context(program, detector) | {
        "channels": channels.channels(detector.names, about),
        "rate": channels.rate(about),
        "version": runtime_version("SAFE_VERSION"),
        "version_number": runtime_version("SAFE_VERSION_NUMBER"),
    }
    return {
        f"{stem}.h": render("detector.h.j2", **context),
        f"{stem}.hpp": render("detector.hpp.j2", **context),
        f"{stem}.c": render("detector.c.j2", **context),
        f"{stem}_static.c": render("detector_static.c.j2", **context),
    }


def example_source(program: Program) -> str:
    """Return the shortest program from raw samples to alarms."""
    return render("example_detector.c.j2", **_context(program, None))


def app_model(program: Program, detector: DetectorConstants | None) -> str:
    """Return `safe_app_model.c`: the model and its memory, for a firmware application."""
    return render("app_model.c.j2", **_context(program, detector))


def _context(program: Program, detector: DetectorConstants | None) -> dict[str, object]:
    return {
        "banner": program.banner,
        "name": program.name,
        "prefix": program.prefix,
        "macro": program.macro_prefix,
        "detector": detector,
        "network": program.has_network,
        "stream": program.stream,
        "arrays": {} if detector is None else _arrays(detector),
    }


_Typed = tuple[str, type, Mapping[str, Sequence[float]]]


def _arrays(d: DetectorConstants) -> dict[str, tuple[str, int, str]]:
    """Return C type, length and elements of each constant array that is not empty, by name."""
    floats = {
        "mean": d.mean,
        "inv_std": d.inv_std,
        "low": d.low,
        "high": d.high,
        "stuck_band": d.stuck_band,
        "innovation_alpha": d.innovation_alpha,
        "hour_scale": d.hour_scale,
        "regime_mean": d.regime_mean,
        "drift_limit": d.drift_limit,
    }
    integers = {"stuck_samples": d.stuck_samples, "drift_channels": d.drift_channels}
    for name, form in d.forms.items():
        floats |= {f"{name}_factor": form.factor, f"{name}_prior": form.prior}
        integers |= {f"{name}_channels": form.channels}
    typed: list[_Typed] = [("float", np.float32, floats), ("uint16_t", np.uint16, integers),
             ("int16_t", np.int16, {"hour_mean": d.hour_mean})]  # fmt: skip
    return {
        name: (kind, len(items), text.c_array(np.array(items, dtype=dtype)))
        for kind, dtype, arrays in typed
        for name, items in arrays.items()
        if items
    }


def _edges(graph: Graph) -> tuple[_Edges, int]:
    """Return the model's edges, and its channels."""
    window, horizon, channels = _shapes(graph)
    into = _quantization(graph.tensor(graph.inputs[0]))
    out = _quantization(graph.tensor(graph.outputs[0]))
    edges = _Edges(
        window,
        horizon,
        float(np.float32(1.0) / np.float32(into.scale)),
        into.zero_point,
        float(np.float32(out.scale) / np.float32(horizon)),
        out.zero_point,
    )
    return edges, channels


def _shapes(graph: Graph) -> tuple[int, int, int]:
    """Return window, horizon and channels of a forecaster."""
    edges = [graph.tensor(i) for i in (*graph.inputs, *graph.outputs)]
    shapes = [t.shape for t in edges]
    fits = (
        len(graph.inputs) == len(graph.outputs) == 1
        and all(t.dtype is DType.INT8 for t in edges)
        and all(len(s) == 3 and s[0] == 1 and max(s) <= _MAX_EXTENT for s in shapes)
        and shapes[0][2] == shapes[1][2]
    )
    if not fits:
        described = ", ".join(f"{t.dtype}{list(t.shape)}" for t in edges)
        raise ModelUnsupportedError(
            "a detector needs a model with one input int8[1, window, channels] and one output "
            f"int8[1, horizon, channels]; this one has {described}: generate it without detector"
        )
    return shapes[0][1], shapes[1][1], shapes[0][2]


def _quantization(tensor: Tensor) -> Quantization:
    if tensor.quantization is None or tensor.quantization.per_channel:
        raise ModelUnsupportedError(f'tensor "{tensor.name}": a detector needs a single scale')
    return tensor.quantization
