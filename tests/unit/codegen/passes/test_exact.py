"""Every pass keeps the function: graph before = graph after = C kernels = TensorFlow Lite Micro."""

import numpy as np
import pytest

from codegen import reference
from codegen.backends.native import lower as native
from codegen.errors import ModelUnsupportedError
from codegen.frontend import tflite
from codegen.ir.verifier import verify
from codegen.memory import planner
from codegen.operators.registry import operators
from codegen.options import KernelChoice
from codegen.passes import absorb, activation, dead, fold, lookup, pad, schedule
from tests.operators import kernels, oracle
from tests.operators.builder import ModelBuilder, options
from tests.operators.cases import CASES, int8_values

RELU, RELU_N1, RELU6 = "RELU", "RELU_N1_TO_1", "RELU6"


def kinds(graph):
    return [o.kind for o in graph.operators]


def same(model, *passes, seed=3):
    """Return the graph after `passes`; all four ways to compute it must agree."""
    before = tflite.load(model, "m")
    after = before
    for run in passes:
        after = run(after)
        verify(after, run.__module__)
    for operator in after.operators:
        operators()[operator.kind].check(after, operator)
    rng = np.random.default_rng(seed)
    values = [int8_values(rng, before.tensor(i).shape, 24) for i in before.inputs]
    # TensorFlow Lite Micro has no RELU_N1_TO_1: there the graph before is what must be kept.
    known = RELU_N1 not in kinds(before)
    expected = (
        oracle.run(model, values, len(before.outputs)) if known else reference.run(before, values)
    )
    for found in (
        reference.run(before, values),
        reference.run(after, values),
        kernels.library("gcc-O3").run(after, values),
    ):
        for one, other in zip(expected, found, strict=True):
            np.testing.assert_array_equal(one, other)
    return after


def convolution(m, x, shape, out_scale, zero_point, *, padding=1, activation=0, kind="CONV_2D"):
    """A 3x3 convolution of an NHWC value of `shape`; returns the output and its shape."""
    rng = np.random.default_rng(1)
    depth = shape[3]
    channels = depth if kind != "CONV_2D" else 5
    size = (1, 3, 3, depth) if kind != "CONV_2D" else (channels, 3, 3, depth)
    weights = m.constant(rng.integers(-127, 128, size).astype(np.int8), 0.01)
    bias = m.constant(rng.integers(-900, 900, channels).astype(np.int32), 0.0005)
    out = (1, shape[1] - 2 * padding, shape[2] - 2 * padding, channels)
    y = m.tensor(out, "int8", out_scale, zero_point)
    table = options(
        "Conv2D" if kind == "CONV_2D" else "DepthwiseConv2D",
        padding=padding,
        strideH=1,
        strideW=1,
        fusedActivationFunction=activation,
        **({} if kind == "CONV_2D" else {"depthMultiplier": 1}),
    )
    m.operator(kind, [x, weights, bias], [y], table)
    return y, out


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D"])
@pytest.mark.parametrize("clamp", [RELU, RELU_N1, RELU6])
@pytest.mark.parametrize("own", [0, 1, 3])
def test_activation_is_fused(kind, clamp, own):
    m = ModelBuilder()
    x = m.input((1, 6, 7, 4), "int8", 0.05, 3)
    y, shape = convolution(m, x, (1, 6, 7, 4), 0.06, -20, activation=own, kind=kind)
    z = m.tensor(shape, "int8", 0.06, -20)
    m.operator(clamp, [y], [z])
    m.output(z)
    after = same(m.build(), activation.run)
    # RELU and RELU6 have no common limits with RELU_N1_TO_1 that a fused activation could name.
    assert kinds(after) == ([kind] if clamp != RELU_N1 or own == 0 else [kind, clamp])


def test_activation_with_another_scale_is_not_fused():
    m = ModelBuilder()
    x = m.input((1, 6, 7, 4), "int8", 0.05, 3)
    y, shape = convolution(m, x, (1, 6, 7, 4), 0.06, -20)
    z = m.tensor(shape, "int8", 0.03, -128)
    m.operator(RELU, [y], [z])
    m.output(z)
    assert kinds(same(m.build(), activation.run)) == ["CONV_2D", RELU]


def test_activation_is_not_fused_when_the_value_is_read_twice():
    m = ModelBuilder()
    x = m.input((1, 6, 7, 4), "int8", 0.05, 3)
    y, shape = convolution(m, x, (1, 6, 7, 4), 0.06, -20)
    z = m.tensor(shape, "int8", 0.06, -20)
    m.operator(RELU, [y], [z])
    m.output(z, y)
    assert kinds(same(m.build(), activation.run)) == ["CONV_2D", RELU]


def chain(*steps):
    """A model of unary operators one after the other: (kind, scale, zero point)."""
    m = ModelBuilder()
    value = m.input((2, 3, 5), "int8", 0.07, 4)
    for kind, scale, zero_point in steps:
        result = m.tensor((2, 3, 5), "int8", scale, zero_point)
        table = options("LeakyRelu", alpha=0.2) if kind == "LEAKY_RELU" else None
        m.operator(kind, [value], [result], table)
        value = result
    m.output(value)
    return m.build()


@pytest.mark.parametrize(
    "steps",
    [
        [("LOGISTIC", 1 / 256, -128), ("QUANTIZE", 0.006, -90)],
        [("QUANTIZE", 0.03, 7), ("TANH", 1 / 128, 0), ("RELU", 1 / 128, 0)],
        [("LEAKY_RELU", 0.05, 10), ("HARD_SWISH", 0.05, -3), ("RELU6", 0.03, -128)],
        [("QUANTIZE", 0.02, 1)],
        [("RELU", 0.07, 4), ("RELU6", 0.07, 4), ("LOGISTIC", 1 / 256, -128), ("TANH", 1 / 128, 0)],
    ],
)
def test_a_chain_is_one_table(steps):
    after = same(chain(*steps), lookup.run, dead.run)
    assert kinds(after) == ["LOOKUP"]
    assert after.operators[0].options["chain"] == tuple(kind for kind, *_ in steps)


def test_one_operator_stays_what_it_is():
    assert kinds(same(chain(("LOGISTIC", 1 / 256, -128)), lookup.run)) == ["LOGISTIC"]


def test_a_chain_that_changes_nothing_is_a_view():
    steps = [("QUANTIZE", 0.07, 4), ("QUANTIZE", 0.07, 4)]
    assert kinds(same(chain(*steps), lookup.run)) == ["RESHAPE"]


def test_a_chain_ends_where_its_value_is_read_twice():
    m = ModelBuilder()
    x = m.input((1, 9), "int8", 0.07, 4)
    a, b, c = (m.tensor((1, 9), "int8", s, z) for s, z in ((1 / 256, -128), (0.02, 3), (0.5, 5)))
    m.operator("LOGISTIC", [x], [a])
    m.operator("QUANTIZE", [a], [b])
    m.operator("QUANTIZE", [b], [c])
    m.output(c, b)
    after = same(m.build(), lookup.run)
    assert kinds(after) == ["LOOKUP", "LOOKUP"]


def padded(kind="CONV_2D", *, line=False, channels=(0, 0), zero_point=3, value=None, padding=1):
    """PAD (→ EXPAND_DIMS) → convolution, with asymmetric borders."""
    m = ModelBuilder()
    border = [(0, 0), (1, 2), channels] if line else [(0, 0), (2, 1), (0, 3), channels]
    size = (1, 9, 4) if line else (1, 5, 6, 4)
    x = m.input(size, "int8", 0.05, 3)
    grown = tuple(n + sum(b) for n, b in zip(size, border, strict=True))
    p = m.tensor(grown, "int8", 0.05, zero_point)
    borders = m.constant(np.array(border, np.int32))
    if value is None:
        m.operator("PAD", [x, borders], [p])
    else:
        fill = m.constant(np.array([value], np.int8), 0.05, zero_point)
        m.operator("PADV2", [x, borders, fill], [p])
    shape = (1, 1, *grown[1:]) if line else grown
    if line:
        rows = m.tensor(shape, "int8", 0.05, zero_point)
        m.operator("EXPAND_DIMS", [p, m.constant(np.array([1], np.int32))], [rows])
        p = rows
        rng = np.random.default_rng(1)
        depth = shape[3]
        weights = m.constant(rng.integers(-127, 128, (5, 1, 3, depth)).astype(np.int8), 0.01)
        y = m.tensor((1, 1, shape[2] - 2, 5), "int8", 0.08, -9)
        table = options("Conv2D", padding=1, strideH=1, strideW=1)
        m.operator("CONV_2D", [p, weights], [y], table)
    else:
        y, _ = convolution(m, p, shape, 0.08, -9, kind=kind, padding=padding)
    m.output(y)
    return m.build()


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D"])
@pytest.mark.parametrize("padding", [0, 1], ids=["same", "valid"])
def test_pad_goes_into_the_convolution(kind, padding):
    after = same(padded(kind, padding=padding), pad.run, dead.run)
    assert kinds(after) == [kind]
    assert after.operators[0].options["border_h"] == (2, 1)
    assert after.operators[0].options["border_w"] == (0, 3)


def test_pad_goes_through_a_view():
    after = same(padded(line=True), pad.run, dead.run)
    assert kinds(after) == ["RESHAPE", "CONV_2D"]
    assert after.operators[1].options["border_w"] == (1, 2)


def test_pad_with_the_zero_point_as_value():
    assert kinds(same(padded(value=3), pad.run)) == ["CONV_2D"]


def test_pad_that_is_no_border_of_zeros_stays():
    assert kinds(same(padded(value=4), pad.run)) == ["PADV2", "CONV_2D"]
    assert kinds(same(padded(channels=(1, 0)), pad.run)) == ["PAD", "CONV_2D"]
    assert kinds(same(padded(line=True, channels=(0, 1)), pad.run))[0] == "PAD"


def test_constants_are_folded():
    """ADD of a folded constant: RESHAPE, QUANTIZE and TRANSPOSE of it happen at generation."""
    m = ModelBuilder()
    x = m.input((2, 3), "int8", 0.05, 3)
    data = np.array([[9, -8], [7, 100], [-128, 127]], np.int8)
    c = m.constant(data, 0.02, -5)
    turned = m.tensor((2, 3), "int8", 0.02, -5)
    m.operator("TRANSPOSE", [c, m.constant(np.array([1, 0], np.int32))], [turned])
    scaled = m.tensor((2, 3), "int8", 0.03, 2)
    m.operator("QUANTIZE", [turned], [scaled])
    flat = m.tensor((6,), "int8", 0.03, 2)
    m.operator("RESHAPE", [scaled, m.constant(np.array([6], np.int32))], [flat])
    back = m.tensor((2, 3), "int8", 0.03, 2)
    m.operator("RESHAPE", [flat, m.constant(np.array([2, 3], np.int32))], [back])
    y = m.tensor((2, 3), "int8", 0.06, 1)
    m.operator("ADD", [x, back], [y], options("Add"))
    m.output(y)
    after = same(m.build(), fold.run, dead.run)
    assert kinds(after) == ["ADD"]
    assert after.operators[0].index == 4


def test_a_constant_output_is_refused():
    m = ModelBuilder()
    x = m.input((2, 3), "int8", 0.05, 3)
    c = m.constant(np.ones((2, 3), np.int8), 0.02, -5)
    y, z = m.tensor((2, 3), "int8", 0.05, 3), m.tensor((2, 3), "int8", 0.5, 3)
    m.operator("RELU", [x], [y])
    m.operator("QUANTIZE", [c], [z])
    m.output(y, z)
    with pytest.raises(ModelUnsupportedError, match="the same for every input"):
        tflite.load(m.build(), "m")


def test_unrolled_model(models):
    """453 operators of a small unrolled LSTM, in miniature, through all passes."""
    same(
        (models / "small_unrolled.tflite").read_bytes(),
        fold.run,
        activation.run,
        lookup.run,
        absorb.run,
        dead.run,
    )


def test_computed_shapes_are_folded():
    """An open batch leaves SHAPE, STRIDED_SLICE and PACK; nothing of them is generated."""
    model = CASES["SHAPE"](np.random.default_rng(2)).model
    assert kinds(same(model, fold.run, dead.run)) == ["RESHAPE"]


def wide_and_waiting(count=6):
    """Each of several small inputs is widened first, and used much later one by one."""
    m = ModelBuilder()
    rng = np.random.default_rng(4)
    x = m.input((1, 8 * count), "int8", 0.05, 3)
    parts = [m.tensor((1, 8), "int8", 0.05, 3) for _ in range(count)]
    axis = m.constant(np.array(1, np.int32))
    m.operator("SPLIT", [axis, x], parts, options("Split", numSplits=count))

    def dense(source, units, depth):
        weights = m.constant(rng.integers(-127, 128, (units, depth)).astype(np.int8), 0.01)
        y = m.tensor((1, units), "int8", 0.06, -4)
        m.operator("FULLY_CONNECTED", [source, weights, -1], [y], options("FullyConnected"))
        return y

    wide = [dense(part, 64, 8) for part in parts]
    state = wide[0]
    for value in wide[1:]:
        total = m.tensor((1, 64), "int8", 0.06, -4)
        m.operator("ADD", [state, value], [total], options("Add"))
        state = total
    m.output(state)
    return m.build()


def test_operators_wait_until_they_are_needed():
    before = tflite.load(wide_and_waiting(), "m")
    after = same(wide_and_waiting(), schedule.run)
    assert sorted(o.index for o in after.operators) == [o.index for o in before.operators]
    assert kinds(after)[1:5] == ["FULLY_CONNECTED", "FULLY_CONNECTED", "ADD", "FULLY_CONNECTED"]
    arenas = []
    for graph in (before, after):
        steps = native.steps(graph, native.lower(graph, KernelChoice()))
        arenas.append(planner.plan(graph, steps).arena_bytes)
    assert arenas[1] < arenas[0] / 2


def test_a_model_that_gains_nothing_keeps_its_order(small_graph):
    assert schedule.run(small_graph) is small_graph
