"""The detector's constants as C: scaler.json and detector.json joined with the model's edges."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from codegen.emit import text
from codegen.emit.environment import render
from codegen.emit.program import Program
from codegen.errors import DetectorInvalidError, ModelUnsupportedError
from codegen.ir.graph import DType, Graph, Quantization, Tensor

_VERSION = 1
_MAX_STEPS = float(1 << 24)
"""SAFE_SCALER_MAX_STEPS of safe/scaler.h."""
_MAX_EXTENT = 0xFFFF


@dataclass(frozen=True)
class Detector:
    """Checked constants of a detector; every float is a float32 value."""

    channels: int
    window: int
    horizon: int
    mean: tuple[float, ...]
    inv_std: tuple[float, ...]
    clip: float
    score_limit: float
    weights: tuple[float, ...]
    alpha: float
    threshold: float
    input_inv_scale: float
    input_zero_point: int
    forecast_scale: float
    output_zero_point: int


def load(graph: Graph, scaler: Path, detector: Path) -> Detector:
    """Read and check both files against the model.

    Raises `DetectorInvalidError` naming file and key, `ModelUnsupportedError` when the model is
    not an int8 forecaster: one input [1, window, channels], one output [1, horizon, channels].
    """
    window, horizon, channels = _shapes(graph)
    source, target = graph.tensor(graph.inputs[0]), graph.tensor(graph.outputs[0])
    into, out = _quantization(source), _quantization(target)
    scales = _Fields(scaler)
    rules = _Fields(detector)
    inverse = float(np.float32(1.0) / np.float32(into.scale))
    found = Detector(
        channels=channels,
        window=window,
        horizon=horizon,
        mean=scales.floats("mean", channels),
        inv_std=scales.floats("inv_std", channels, above=0.0),
        clip=scales.number("clip", above=0.0),
        score_limit=scales.number("score_limit", above=0.0),
        weights=rules.floats("weights", channels),
        alpha=rules.number("alpha", above=0.0),
        threshold=rules.number("threshold"),
        input_inv_scale=inverse,
        input_zero_point=into.zero_point,
        forecast_scale=float(np.float32(out.scale) / np.float32(horizon)),
        output_zero_point=out.zero_point,
    )
    scales.names("channels", channels)
    if found.alpha > 1.0:
        rules.fail(f"alpha is {found.alpha}, expected above 0 and at most 1")
    if any(weight < 0.0 for weight in found.weights):
        rules.fail("weights holds a negative number")
    if not np.float32(found.clip) * np.float32(inverse) <= np.float32(_MAX_STEPS):
        scales.fail(f"clip {found.clip} is above 2^24 steps of the model input")
    return found


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
    arrays = () if detector is None else ("mean", "inv_std", "weights")
    return {
        "banner": program.banner,
        "prefix": program.prefix,
        "macro": program.macro_prefix,
        "detector": detector,
        "arrays": {
            name: text.c_array(np.array(getattr(detector, name), dtype=np.float32))
            for name in arrays
        },
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


class _Fields:
    """A JSON file of version 1, read key by key; each failure names the file and the key."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            self.fail(f"cannot be read: {error.strerror}")
        except (ValueError, RecursionError) as error:
            self.fail(f"is not JSON: {error}")
        if not isinstance(found, Mapping) or found.get("version") != _VERSION:
            self.fail(f"is not an object with version {_VERSION}; train again")
        self._values: Mapping[str, Any] = found

    def fail(self, what: str) -> None:
        """Raise `DetectorInvalidError`."""
        raise DetectorInvalidError(f"{self._path}: {what}")

    def number(self, key: str, above: float | None = None) -> float:
        """Return a float32 value."""
        return self._float(key, self._values.get(key), above)

    def floats(self, key: str, count: int, above: float | None = None) -> tuple[float, ...]:
        """Return `count` float32 values."""
        found = self._values.get(key)
        if not isinstance(found, list) or len(found) != count:
            size = len(found) if isinstance(found, list) else "no list"
            self.fail(f"{key} has {size} entries, the model has {count} channels")
            return ()
        return tuple(self._float(f"{key}[{i}]", v, above) for i, v in enumerate(found))

    def names(self, key: str, count: int) -> None:
        """Check a list of `count` names."""
        found = self._values.get(key)
        if not isinstance(found, list) or len(found) != count:
            self.fail(f"{key} does not name the model's {count} channels")

    def _float(self, key: str, value: object, above: float | None) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(f"{key} is {value!r}, expected a number")
            return 0.0
        number = float(value) if abs(value) < 1e300 else float("inf")
        if not isfinite(number) or abs(number) > float(np.finfo(np.float32).max):
            self.fail(f"{key} is not a finite single precision number")
        number = float(np.float32(number))
        if above is not None and not number > above:
            self.fail(f"{key} is {number}, expected above {above:g}")
        return number
