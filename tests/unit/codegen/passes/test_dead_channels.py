"""Channels of one value, or that nobody reads, go; the bytes stay those of TFLite Micro."""

import numpy as np
import pytest

from codegen import reference
from codegen.backends.native.backend import compile_model
from codegen.frontend.tflite import load
from codegen.ir.graph import Graph
from codegen.passes import constant_rows, dead_channels
from tests.operators import kernels, oracle
from tests.operators.builder import ModelBuilder, options
from tests.operators.draw import int8_values

SIZE, WIDTH = 8, 12
INPUT = (1, SIZE, SIZE, 3)
RELU6 = 3


class Pruned:
    """Convolution, depthwise convolution and pointwise convolution, with dead channels."""

    def __init__(self, seed: int, *, huge: bool = True) -> None:
        self.rng = np.random.default_rng(seed)
        self.m = ModelBuilder()
        self.huge = huge

    def product(
        self,
        kind: str,
        x: int,
        source: float,
        shape: tuple[int, ...],
        dead: list[int],
        **fields: int,
    ) -> int:
        """Add a product whose channels `dead` have weights of 0 and a bias that says the result."""
        axis = 3 if kind == "DEPTHWISE_CONV_2D" else 0
        channels = shape[axis]
        data = self.rng.integers(-127, 128, shape).astype(np.int8)
        bias = self.rng.normal(0, 4000, channels).astype(np.int32)
        np.moveaxis(data, axis, 0)[dead] = 0
        size = 1 << 30 if self.huge else 3
        bias[dead] = self.rng.choice([-size, size], len(dead))
        scales = [float(np.float32(s)) for s in self.rng.uniform(0.002, 0.01, channels)]
        weights = self.m.constant(data, scales, axis=axis)
        added = self.m.constant(bias, [float(np.float32(source) * np.float32(s)) for s in scales])
        extent = fields.pop("extent", SIZE)
        out = (1, extent, extent, channels) if len(shape) == 4 else (1, channels)
        y = self.m.tensor(out, "int8", 6 / 255, -128)
        name = {"CONV_2D": "Conv2D", "DEPTHWISE_CONV_2D": "DepthwiseConv2D"}.get(kind)
        table = options(name or "FullyConnected", fusedActivationFunction=RELU6, **fields)
        self.m.operator(kind, [x, weights, added], [y], table)
        return y

    def build(self, *, same: bool) -> bytes:
        padding = 0 if same else 1
        inner = SIZE if same else SIZE - 2
        x = self.m.input(INPUT, "int8", 0.05, 7)
        square = {"strideH": 1, "strideW": 1}
        a = self.product("CONV_2D", x, 0.05, (WIDTH, 3, 3, 3), [0, 3, 4, 11], padding=0, **square)
        b = self.product(
            "DEPTHWISE_CONV_2D",
            a,
            6 / 255,
            (1, 3, 3, WIDTH),
            [1, 4],
            padding=padding,
            extent=inner,
            depthMultiplier=1,
            **square,
        )
        c = self.product(
            "CONV_2D", b, 6 / 255, (10, 1, 1, WIDTH), [2, 9], padding=1, extent=inner, **square
        )
        pooled = self.m.tensor((1, 1, 1, 10), "int8", 6 / 255, -128)
        table = options(
            "Pool2D", padding=1, strideH=1, strideW=1, filterHeight=inner, filterWidth=inner
        )
        self.m.operator("AVERAGE_POOL_2D", [c], [pooled], table)
        flat = self.m.tensor((1, 10), "int8", 6 / 255, -128)
        target = self.m.constant(np.array([1, 10], np.int32))
        self.m.operator("RESHAPE", [pooled, target], [flat], options("Reshape", newShape=[1, 10]))
        d = self.product("FULLY_CONNECTED", flat, 6 / 255, (4, 10), [1])
        self.m.output(d)
        return self.m.build()


def after(graph: Graph) -> Graph:
    return constant_rows.run(dead_channels.run(graph))


def widths(graph: Graph) -> list[int]:
    kinds = {"CONV_2D", "DEPTHWISE_CONV_2D"}
    return [graph.tensor(o.outputs[0]).shape[-1] for o in graph.operators if o.kind in kinds]


@pytest.mark.parametrize("same", [False, True], ids=["valid", "same"])
@pytest.mark.parametrize("huge", [False, True], ids=["small", "huge"])
@pytest.mark.parametrize("seed", range(4))
def test_bytes_stay_and_channels_go(seed: int, *, same: bool, huge: bool) -> None:
    data = Pruned(seed, huge=huge).build(same=same)
    values = [int8_values(np.random.default_rng(seed), INPUT, 24)]
    graph = load(data, "m")
    (expected,) = oracle.run(data, values)
    slim = after(graph)
    (found,) = reference.run(slim, values)
    assert np.array_equal(found, expected)
    (compiled,) = kernels.library("gcc-O3").run(slim, values)
    assert np.array_equal(compiled, expected)
    assert len(np.unique(expected)) > 5, "too poor"
    # A channel of the depthwise output that is constant needs no input; rows go with it.
    assert max(widths(slim)[:2]) <= WIDTH - 2
    assert widths(slim)[2] <= 8


def test_a_border_that_is_not_the_constant_keeps_the_channel() -> None:
    """Behind SAME padding a constant that is not the zero point differs at the border."""
    pruned = Pruned(5)
    x = pruned.m.input(INPUT, "int8", 0.05, 7)
    square = {"strideH": 1, "strideW": 1}
    a = pruned.product("CONV_2D", x, 0.05, (4, 1, 1, 3), [0, 1], padding=1, **square)
    b = pruned.product("CONV_2D", a, 6 / 255, (5, 3, 3, 4), [], padding=0, **square)
    pruned.m.output(b)
    data = pruned.m.build()
    graph = load(data, "m")
    bias = graph.tensor(graph.operators[0].inputs[2]).data
    assert bias is not None
    values = [int8_values(np.random.default_rng(1), INPUT, 12)]
    slim = after(graph)
    assert np.array_equal(reference.run(slim, values)[0], oracle.run(data, values)[0])
    # A bias of -2^30 gives the zero point, -128; one of 2^30 gives 127, which stays.
    assert widths(slim)[0] == 4 - int((bias[:2] < 0).sum())
    assert {int(b) > 0 for b in bias[:2]} == {False, True}, "take another seed: both are wanted"


def test_a_dead_channel_costs_no_kernel_its_speed() -> None:
    graph = load(Pruned(1).build(same=True), "m")
    program = compile_model(graph, target="mps2-an386", isa="dsp")
    names = [call.source for _, call in program.calls if call is not None]
    assert "conv_2d" not in names, "the reference kernel: a row was refused"
    full = sum(o.macs for o in program.operators)
    assert full < 0.75 * (SIZE * SIZE * (WIDTH * 27 + WIDTH * 9 + 10 * WIDTH) + 40)
