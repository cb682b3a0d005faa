"""The models that a campaign runs over, and the windows that it draws for them.

All are made from numbers: random single operators and networks of `tests/operators`, the small
recurrent models of the tests, the shipped models, and those of MLPerf Tiny where they are at hand.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from codegen.backends.native.backend import compile_model
from codegen.frontend import tflite
from codegen.ir.graph import Array, DType, Graph, Tensor
from host_tools.formats import golden
from tests.conftest import ROOT, SHARED
from tests.operators.cases import ALL_CASES
from tests.operators.test_networks import ALL_NETWORKS, drawn

NETWORKS_OF_A_KIND = 2
SMALL = ("small", "small_gru", "small_gru_all", "small_gru_split", "small_unrolled")
_WORK = 200_000_000
"""Multiplications, about, that a model's windows may take; a shipped one gets as many as ten."""
_ELEMENT = 12
"""Multiplications that an element of a value costs as much as."""
_FEWEST, _MOST = 16, 16_384
_MOST_OF_AN_OPERATOR = 12_288
_WINDOW_KINDS = 8

Rng = np.random.Generator
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Member:
    """A model by its name."""

    name: str
    make: Callable[[], bytes]
    """Makes the model file."""
    most: int = _MOST
    """Windows of a block at most."""
    share: int = 1
    """How many times the work of another it is worth."""
    recorded: Path | None = None
    """A golden file with real windows."""

    @cached_property
    def data(self) -> bytes:
        """The model file."""
        return self.make()

    @cached_property
    def graph(self) -> Graph:
        """The model as the reference computes it."""
        return tflite.load(self.data, "m")

    @cached_property
    def windows(self) -> int:
        """How many windows a block of it has: the less it computes, the more."""
        program = compile_model(self.graph, target="host", isa="ref")
        work = sum(call.macs for _, call in program.calls if call is not None)
        for operator in program.graph.operators:
            work += _ELEMENT * sum(program.graph.tensor(i).elements for i in operator.outputs)
        return int(np.clip(_WORK * self.share // max(work, 1), _FEWEST * self.share, self.most))


def members() -> Iterator[Member]:
    """Yield every model, the large ones last; the order and each of them are always the same."""
    for kind in sorted(ALL_CASES):
        yield Member(kind.lower(), partial(_operator, kind), _MOST_OF_AN_OPERATOR)
    for name in SMALL:
        path = ROOT / "tests" / "unit" / "codegen" / "models" / f"{name}.tflite"
        yield Member(name, path.read_bytes)
    for path in sorted(ROOT.glob("models/*/model_int8.tflite")):
        yield Member(path.parent.name, path.read_bytes, _MOST, 10, path.with_name("golden.npz"))
    for seed in range(NETWORKS_OF_A_KIND):
        for kind in sorted(ALL_NETWORKS):
            yield Member(f"{kind}-{seed}", partial(_network, kind, seed))
    for path in sorted((SHARED / "mlperf-tiny").glob("*.tflite")):
        yield Member(path.stem.lower(), path.read_bytes, share=4)


def _operator(kind: str) -> bytes:
    return ALL_CASES[kind](np.random.default_rng([1, 2])).model


def _network(kind: str, seed: int) -> bytes:
    return drawn(kind, seed, 1).model


def draw(member: Member, number: int, count: int) -> list[Array]:
    """Return `count` windows for each input of the block `number`; the kinds by turns."""
    tensors = [member.graph.tensor(index) for index in member.graph.inputs]
    return [
        _draw(np.random.default_rng([number, place, 20261130]), tensor, count, member.recorded)
        for place, tensor in enumerate(tensors)
    ]


def _draw(rng: Rng, tensor: Tensor, count: int, recorded: Path | None) -> Array:
    shape = (count, *tensor.shape)
    if tensor.dtype is DType.FLOAT32:
        # About the range of a scale that a test draws; some values are far beyond any.
        size = np.exp(rng.uniform(-6, 6, (count, *[1] * len(tensor.shape))))
        return (rng.normal(0, 1, shape) * size).astype(np.float32)
    limits = np.iinfo(tensor.dtype.value)
    low, high = int(limits.min), int(limits.max)
    zero = tensor.quantization.zero_points[0] if tensor.quantization is not None else 0
    values = np.empty(shape, tensor.dtype.value)
    for kind in range(min(_WINDOW_KINDS, count)):
        own = len(range(kind, count, _WINDOW_KINDS))
        found = _kind(rng, kind, (own, *tensor.shape), (low, zero, high))
        if kind == _WINDOW_KINDS - 1 and recorded is not None:
            found = _recorded(rng, recorded, found.shape)
        values[kind::_WINDOW_KINDS] = np.clip(np.round(found), low, high)
    return values


def _kind(rng: Rng, kind: int, shape: Shape, range_: tuple[int, int, int]) -> Array:
    """Return windows of one kind, as numbers that need not be whole or within the range."""
    low, zero, high = range_
    each = (shape[0], *[1] * (len(shape) - 1))
    span = high - low
    match kind:
        case 0:  # all of the range
            return rng.integers(low, high + 1, shape)
        case 1:  # the zero point and a little
            return zero + rng.normal(0, 1, shape) * span * np.exp(rng.uniform(-6, -1, each))
        case 2:  # a part of the range, anywhere
            middle, width = rng.uniform(low, high, each), span * np.exp(rng.uniform(-5, 0, each))
            return middle + width * rng.uniform(-0.5, 0.5, shape)
        case 3:  # saturated
            return rng.choice([low, high], shape)
        case 4:  # one value throughout, often an extreme
            return np.where(rng.random(each) < 0.5, rng.choice([low, zero, high], each),
                            rng.integers(low, high + 1, each)) + np.zeros(shape)  # fmt: skip
        case 5:  # nearly nothing, with extremes in between
            rare = rng.random(shape) < rng.uniform(0, 0.3, each)
            return np.where(rare, rng.choice([low, high], shape), zero)
        case 6:  # saturated in stretches
            flat = rng.normal(0, 1, (shape[0], -1 if len(shape) < 2 else int(np.prod(shape[1:]))))
            walk = np.cumsum(flat, axis=1).reshape(shape)
            return np.where(walk > 0, high, low)
        case _:  # waves as sensors give them
            time = np.arange(int(np.prod(shape[1:]))).reshape(1, *shape[1:])
            wave = np.sin(time / np.exp(rng.uniform(0, 4, each)) + rng.uniform(0, 7, each))
            return zero + span * (rng.uniform(0.05, 0.7, each) * wave + rng.normal(0, 0.02, shape))


def _recorded(rng: Rng, path: Path, shape: Shape) -> Array:
    """Return real windows, with a little noise on those that come again."""
    found = golden.load(path).windows
    places = np.arange(shape[0])
    noise = rng.normal(0, 1, shape) * (places >= len(found)).reshape(-1, *[1] * (len(shape) - 1))
    return found[places % len(found)].reshape(shape) + noise
