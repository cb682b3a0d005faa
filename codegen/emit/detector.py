"""The detector's constants as C: scaler.json and detector.json joined with the model's edges."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codegen.emit import text
from codegen.emit.detector_fields import Fields, Range, positive
from codegen.emit.environment import render
from codegen.emit.program import Program
from codegen.errors import ModelUnsupportedError
from codegen.ir.graph import DType, Graph, Quantization, Tensor

SCALER_VERSION, DETECTOR_VERSION = 1, 2

# The bounds of safe_detector_config_is_usable (sdk/src/detector_check.c).
_MAX_STEPS = float(1 << 30)
_MAX_EXTENT = 0xFFFF
_MAX_ROWS = 1024
_MAX_SAMPLES = 2**31 - 1
_MAX_FORM = 1e15
_VARIANCE = Range(float(np.float32(1e-20)), float(np.float32(1e12)))
_MOST = 1e6
_ALPHA = positive(1.0)
_TRACK = Range(0.0, float(np.nextafter(np.float32(1), np.float32(0))))


@dataclass(frozen=True)
class Form:
    """Channels that a statistic scores, and the packed lower triangle of its form."""

    channels: tuple[int, ...]
    factor: tuple[float, ...]


@dataclass(frozen=True)
class Detector:
    """Checked constants of a detector; every float is a float32 value."""

    channels: int
    window: int
    horizon: int
    rows: int
    mean: tuple[float, ...]
    inv_std: tuple[float, ...]
    clip: float
    score_limit: float
    input_gain: tuple[float, ...]
    """Gain of each channel. Empty when the model's inputs are relative to the training rows, not to
    the baseline."""
    input_inv_scale: float
    input_zero_point: int
    forecast_scale: float
    output_zero_point: int
    prior_level: tuple[float, ...]
    """Prior variances of the tracked channels: all channels when there is an `input_gain`, else
    those that the level statistic scores."""
    prior_residual: tuple[float, ...]
    prior_rows: float
    learn_samples: int
    relearn_samples: int
    track: float
    level: Form
    residual: Form
    feature_limit: float
    alpha: float
    threshold: float
    quiet: float


def load(graph: Graph, scaler: Path, detector: Path) -> Detector:
    """Read and check both files against the model.

    Raises `DetectorInvalidError` naming file and key, `ModelUnsupportedError` when the model is
    not an int8 forecaster: one input [1, window, channels], one output [1, horizon, channels].
    """
    window, horizon, channels = _shapes(graph)
    source, target = graph.tensor(graph.inputs[0]), graph.tensor(graph.outputs[0])
    into, out = _quantization(source), _quantization(target)
    scales = Fields(scaler, SCALER_VERSION, "train the model again with `host_tools train`")
    rules = Fields(
        detector, DETECTOR_VERSION, "fit the detector again with `host_tools fit --model DIR`"
    )
    inverse = float(np.float32(1.0) / np.float32(into.scale))
    relative = rules.word("input", ("scaler", "baseline")) == "baseline"
    gain = rules.floats("input_gain", channels, positive(_MOST))
    prior = rules.floats("prior_level", channels, _VARIANCE)
    level, residual = _form(rules, "level", channels), _form(rules, "residual", channels)
    found = Detector(
        channels=channels,
        window=window,
        horizon=horizon,
        rows=rules.integer("rows", 1, _MAX_ROWS),
        mean=scales.floats("mean", channels),
        inv_std=scales.floats("inv_std", channels, positive()),
        clip=scales.number("clip", positive()),
        score_limit=scales.number("score_limit", positive(_MOST)),
        input_gain=gain if relative else (),
        input_inv_scale=inverse,
        input_zero_point=into.zero_point,
        forecast_scale=float(np.float32(out.scale) / np.float32(horizon)),
        output_zero_point=out.zero_point,
        prior_level=prior if relative else tuple(prior[c] for c in level.channels),
        prior_residual=rules.floats("prior_residual", len(residual.channels), _VARIANCE),
        prior_rows=rules.number("prior_rows", Range(1.0, _MOST)),
        learn_samples=rules.integer("learn_samples", 0, _MAX_SAMPLES),
        relearn_samples=rules.integer("relearn_samples", 0, _MAX_SAMPLES),
        track=rules.number("track", _TRACK),
        level=level,
        residual=residual,
        feature_limit=rules.number("feature_limit", positive(_MOST)),
        alpha=rules.number("alpha", _ALPHA),
        threshold=rules.number("threshold", positive()),
        quiet=rules.number("quiet", positive()),
    )
    scales.names("channels", channels)
    _check_deviations(scales, found)
    if not (level.channels or residual.channels):
        rules.fail("level_channels and residual_channels are empty: nothing would be scored")
    for name, form in (("level_factor", level), ("residual_factor", residual)):
        if not _bound(form, found.feature_limit) <= _MAX_FORM:
            rules.fail(f"{name}: the statistic may exceed {_MAX_FORM:g} at feature_limit")
    if not found.clip * inverse < _MAX_STEPS:
        scales.fail(f"clip {found.clip} is above 2^30 steps of the model input")
    return found


def _check_deviations(scales: Fields, found: Detector) -> None:
    """Refuse `inv_std` that is not 1 / `std`; each is rounded to float32 once."""
    for channel, std in enumerate(scales.floats("std", found.channels, positive())):
        inverse = found.inv_std[channel]
        if not abs(std * inverse - 1) <= 1e-6:
            scales.fail(f"inv_std[{channel}] is {inverse:g}, not 1 / std = 1 / {std:g}")


def _form(rules: Fields, name: str, channels: int) -> Form:
    kept = rules.ascending(f"{name}_channels", channels)
    return Form(kept, rules.floats(f"{name}_factor", len(kept) * (len(kept) + 1) // 2))


def _bound(form: Form, limit: float) -> float:
    """Return a bound of the form over features within +- limit."""
    total, at = 0.0, 0
    for i in range(len(form.channels)):
        total += (limit * sum(map(abs, form.factor[at : at + i + 1]))) ** 2
        at += i + 1
    return total


def header(program: Program, detector: Detector) -> str:
    """Return `safe_<name>_detector.h`."""
    return render("detector.h.j2", **_context(program, detector))


def source(program: Program, detector: Detector) -> str:
    """Return `safe_<name>_detector.c`."""
    return render("detector.c.j2", **_context(program, detector))


def app_model(program: Program, detector: Detector | None) -> str:
    """Return `safe_app_model.c`: the model and its memory, for a firmware application."""
    return render("app_model.c.j2", **_context(program, detector))


def _context(program: Program, detector: Detector | None) -> dict[str, object]:
    return {
        "banner": program.banner,
        "prefix": program.prefix,
        "macro": program.macro_prefix,
        "detector": detector,
        "stream": program.stream,
        "arrays": {} if detector is None else _arrays(detector),
    }


def _arrays(d: Detector) -> dict[str, tuple[str, int, str]]:
    """Return C type, length and elements of each constant array that is not empty, by name."""
    floats = {
        "mean": d.mean,
        "inv_std": d.inv_std,
        "input_gain": d.input_gain,
        "prior_level": d.prior_level,
        "prior_residual": d.prior_residual,
        "level_factor": d.level.factor,
        "residual_factor": d.residual.factor,
    }
    integers = {"level_channels": d.level.channels, "residual_channels": d.residual.channels}
    found = {
        name: ("float", len(items), text.c_array(np.array(items, dtype=np.float32)))
        for name, items in floats.items()
        if items
    }
    return found | {
        name: ("uint16_t", len(items), text.c_array(np.array(items, dtype=np.uint16)))
        for name, items in integers.items()
        if items
    }


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
