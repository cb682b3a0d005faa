"""Windows of several kinds that a model is compared on, drawn anew each time as the same bytes.

What a network meets is not what finds its mistakes: sums leave the middle of their range, and
activations reach their ends, with saturated inputs only; rounding is met best by data.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.frontend import tflite
from codegen.ir.graph import DType, Graph, Tensor
from host_tools.formats import golden
from host_tools.perf.interface import ModelEdge
from targets.emulate import bare

Array = NDArray[Any]
Rng = np.random.Generator
Shape = tuple[int, ...]

IN_DISTRIBUTION, RANDOM, SATURATED, SMOOTH = "in-distribution", "random", "saturated", "smooth"
CONSTANT = "constant"
"""Kind of the harness's own first three windows, where nothing is drawn."""
_SEED = 6
_GOLDEN = "golden.npz"


@dataclass(frozen=True, eq=False)
class Windows:
    """Values [N, *input shape] of the input's type, and the kind of each window."""

    values: Array
    kinds: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Feed:
    """Inputs of all calls of the harness, warm-up included."""

    inputs: tuple[bytes, ...]
    kinds: tuple[str, ...]
    """Kind of each counted call; while streaming, the kind of the newest sample."""


@dataclass(frozen=True)
class _Input:
    """Shape of one input window, with the limits and the zero point of its values.

    Those of a float32 input are of the integers that the model makes of it.
    """

    shape: Shape
    low: int
    high: int
    zero_point: int
    scale: float | None = None
    """Scale of a float32 input; None for integers."""

    def limited(self, values: Array) -> Array:
        """Return the values rounded to integers and limited to the input's type."""
        return np.clip(np.round(values), self.low, self.high)


def _smooth(rng: Rng, shape: Shape) -> Array:
    """Return normal values whose neighbours are alike, of deviation 1."""
    values = rng.normal(0, 1, shape)
    for axis in range(1, values.ndim):
        for _ in range(3 if values.shape[axis] > 4 else 0):
            values = (values + np.roll(values, 1, axis) + np.roll(values, -1, axis)) / 3
    smoothed: Array = values / (values.std() or 1)
    return smoothed


def _draw_smooth(rng: Rng, about: _Input, count: int) -> Array:
    """Return images and spectra as they come: neighbours alike, level and contrast varying."""
    one_each = (count, *[1] * len(about.shape))
    span, middle = about.high - about.low, (about.high + about.low) / 2
    contrast, level = rng.uniform(0.02, 0.28, one_each), rng.uniform(-0.25, 0.25, one_each)
    return about.limited(middle + span * (contrast * _smooth(rng, (count, *about.shape)) + level))


def _draw_signals(rng: Rng, about: _Input, count: int) -> Array:
    """Return two waves and noise along the longest axis, around the zero point or inside of it."""
    axis = 1 + int(np.argmax(about.shape)) if about.shape else 0
    each = [count, *about.shape]
    length, each[axis] = each[axis], 1
    time = np.arange(length).reshape([-1 if n == axis else 1 for n in range(len(each))])
    waves = sum(
        rng.uniform(0.1, 0.5, each)
        * np.sin(2 * np.pi * (time / rng.uniform(6, 90, each) + rng.uniform(0, 1, each)))
        for _ in range(2)
    )
    quarter = (about.high - about.low) / 4
    center = np.clip(about.zero_point, about.low + quarter, about.high - quarter)
    noise = rng.normal(0, 0.05, (count, *about.shape))
    return about.limited(center + quarter * (waves + noise))


def _draw_random(rng: Rng, about: _Input, count: int) -> Array:
    return rng.integers(about.low, about.high + 1, (count, *about.shape))


def _draw_saturated(rng: Rng, about: _Input, count: int) -> Array:
    """Return both extremes: each alone, then mixed by value, and in stretches."""
    shape = count, *about.shape
    values = rng.choice([about.low, about.high], shape)
    stretches = np.where(_smooth(rng, shape) > 0, about.high, about.low)
    values[3::2] = stretches[3::2]
    values[:1], values[1:2] = about.low, about.high
    return values


_DRAW: dict[str, Callable[[Rng, _Input, int], Array]] = {
    IN_DISTRIBUTION: _draw_signals,
    RANDOM: _draw_random,
    SATURATED: _draw_saturated,
    SMOOTH: _draw_smooth,
}
KINDS = tuple(_DRAW)


def _recorded(model: Path, tensor: Tensor, count: int) -> Array | None:
    """Return windows of data from the golden file beside the model, evenly; None without one."""
    path = model.resolve().parent / _GOLDEN
    if not path.is_file():
        return None
    found = golden.load(path)
    chosen = found.windows[found.in_distribution]
    if not len(chosen) or chosen[0].size != tensor.elements or chosen.dtype != tensor.dtype.value:
        return None
    places = np.arange(count) * max(len(chosen), count) // max(count, 1) % len(chosen)
    return chosen[places].reshape(count, *tensor.shape)


def _about(graph: Graph, tensor: Tensor) -> _Input:
    """Return what is drawn for an input: float32 by the scale at which it is quantized."""
    integers, scale = tensor, None
    if tensor.dtype is DType.FLOAT32:
        readers = [o for o in graph.operators if o.kind == "QUANTIZE" and tensor.index in o.inputs]
        integers = graph.tensor(readers[0].outputs[0])
        assert integers.quantization is not None
        scale = integers.quantization.scale
    limits = np.iinfo(integers.dtype.value)
    zero_points = integers.quantization.zero_points if integers.quantization is not None else (0,)
    return _Input(tensor.shape, int(limits.min), int(limits.max), zero_points[0], scale)


def _real(rng: Rng, about: _Input, integers: Array) -> Array:
    """Return real numbers that are quantized to about these integers, some of them beyond."""
    assert about.scale is not None
    moved = integers + rng.uniform(-0.6, 0.6, integers.shape) - about.zero_point
    return (moved * about.scale).astype(np.float32)


def draw(model: Path, count: int, index: int = 0) -> Windows:
    """Return `count` windows for input `index` of a model, the kinds in turn.

    A window of a kind depends on its place and on how many there are, not on other kinds. In
    distribution are those of `golden.npz` beside the model, else drawn signals. Raises the errors
    of import, and DataError for a broken golden file.
    """
    graph = tflite.load(model, "windows")
    tensor = graph.tensor(graph.inputs[index])
    about = _about(graph, tensor)
    values = np.empty((count, *tensor.shape), dtype=tensor.dtype.value)
    for place, (kind, drawn) in enumerate([*_DRAW.items()][:count]):
        own = slice(place, None, len(KINDS))
        wanted = len(values[own])
        recorded = _recorded(model, tensor, wanted) if kind == IN_DISTRIBUTION else None
        if recorded is None:
            rng = np.random.default_rng([_SEED, place, index] if index else [_SEED, place])
            recorded = drawn(rng, about, wanted)
            if about.scale is not None:
                recorded = _real(rng, about, recorded)
        values[own] = recorded
    return Windows(values, tuple(KINDS[i % len(KINDS)] for i in range(count)))


def feed(model: Path, interface: bare.Interface, calls: int, inputs: Sequence[ModelEdge]) -> Feed:
    """Return drawn inputs: a window each, or (streaming) the samples of windows in a row.

    `inputs` are the model's, where they lie in one call without streaming.
    """
    size, total = interface.input_bytes, interface.warmup + calls
    each = inputs[-1].end // size
    found = [draw(model, -(-total // each), index) for index in range(len(inputs))]
    rows = np.zeros((len(found[0].kinds), inputs[-1].end), np.uint8)
    for windows, part in zip(found, inputs, strict=True):
        rows[:, part.offset : part.end] = windows.values.reshape(len(rows), -1).view(np.uint8)
    raw = rows.tobytes()
    kinds = [kind for kind in found[0].kinds for _ in range(each)]
    return Feed(
        tuple(raw[size * i : size * (i + 1)] for i in range(total)),
        tuple(kinds[interface.warmup : total]),
    )


def plain(interface: bare.Interface, calls: int) -> Feed:
    """Return what the harness calls with by itself."""
    total = interface.warmup + calls
    kinds = [CONSTANT if i < 3 else RANDOM for i in range(total)]
    return Feed(tuple(bare.inputs(interface.input_bytes, total)), tuple(kinds[interface.warmup :]))
