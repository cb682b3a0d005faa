"""One operator as several: the same bytes as before and as TFLite Micro, and only where it pays."""

import numpy as np
import pytest

from codegen import reference
from codegen.backends.native.backend import compile_model
from codegen.frontend import tflite
from codegen.ir.verifier import verify
from codegen.options import KernelChoice
from codegen.passes import dead, grouped, phases, repeated
from codegen.passes.graph import check_changed
from tests.operators import kernels, oracle
from tests.operators.builder import ModelBuilder, options
from tests.operators.cases import int8_values
from tests.operators.int16_cases import transpose_conv_s16

SAME, VALID = 0, 1
RELU = 1


def kinds(graph):
    return [o.kind for o in graph.operators]


def weights_of(model, rng, shape, axis, *, per_channel):
    data = rng.integers(-127, 128, shape).astype(np.int8)
    count = shape[axis] if per_channel else 1
    scales = [float(np.float32(s)) for s in rng.uniform(0.003, 0.006, count)]
    bias = rng.integers(-900, 900, shape[axis]).astype(np.int32)
    bias_scales = [0.05 * s for s in scales]
    return (
        model.constant(data, scales, axis=axis),
        model.constant(bias, bias_scales),
    )


def transposed(size, kernel, stride, padding, *, channels=(5, 3), batches=1, per_channel=True):
    rng = np.random.default_rng(5)
    extents = [
        n * s if padding == SAME else (n - 1) * s + k
        for n, k, s in zip(size, kernel, stride, strict=True)
    ]
    shape = (batches, *extents, channels[1])
    model = ModelBuilder()
    x = model.input((batches, *size, channels[0]), "int8", 0.05, -7)
    weights, bias = weights_of(
        model, rng, (channels[1], *kernel, channels[0]), 0, per_channel=per_channel
    )
    y = model.tensor(shape, "int8", 0.06, 11)
    table = options("TransposeConv", padding=padding, strideH=stride[0], strideW=stride[1])
    shape_of = model.constant(np.array(shape, np.int32))
    inputs = [shape_of, weights, x] + ([bias] if per_channel else [])
    model.operator("TRANSPOSE_CONV", inputs, [y], table, version=3)
    model.output(y)
    return model.build()


def convolution(
    kind, channels, filters, *, size=(6, 5), kernel=(3, 2), stride=1, copies=1, parts=1
):
    """A CONV_2D in `parts` groups, or a DEPTHWISE_CONV_2D with a multiplier."""
    rng = np.random.default_rng(5)
    model = ModelBuilder()
    x = model.input((1, *size, channels), "int8", 0.05, -7)
    if kind == "CONV_2D":
        weights, bias = weights_of(
            model, rng, (filters, *kernel, channels // parts), 0, per_channel=True
        )
        table = options("Conv2D", padding=SAME, strideH=stride, strideW=stride)
    else:
        weights, bias = weights_of(model, rng, (1, *kernel, filters), 3, per_channel=True)
        table = options(
            "DepthwiseConv2D",
            padding=SAME,
            strideH=stride,
            strideW=stride,
            depthMultiplier=copies,
            fusedActivationFunction=RELU,
        )
    extents = [-(-n // stride) for n in size]
    y = model.tensor((1, *extents, filters), "int8", 0.06, 11)
    model.operator(kind, [x, weights, bias], [y], table)
    model.output(y)
    return model.build()


def same(model, run, *, judge=oracle.run):
    """Return the graph after the pass; reference, C and TFLite Micro must agree."""
    before = tflite.load(model, "m")
    after = run(before)
    verify(after, run.__module__)
    check_changed(before, after)
    after = dead.run(after)
    shape = before.tensor(before.inputs[0]).shape
    x = [int8_values(np.random.default_rng(3), shape, 24)]
    expected = judge(model, x)[0] if judge else reference.run(before, x)[0]
    assert len(np.unique(expected)) >= 10
    for found in (
        reference.run(before, x),
        reference.run(after, x),
        kernels.library("gcc-O3").run(after, x),
    ):
        np.testing.assert_array_equal(found[0], expected)
    return after


@pytest.mark.parametrize("padding", [SAME, VALID], ids=["same", "valid"])
@pytest.mark.parametrize(
    ("size", "kernel", "stride"),
    [
        ((4, 5), (3, 3), (2, 2)),
        ((3, 4), (2, 2), (2, 2)),
        ((3, 4), (4, 5), (2, 2)),
        ((3, 2), (5, 3), (3, 3)),
        ((1, 6), (1, 4), (1, 2)),
        ((6, 1), (4, 1), (3, 1)),
        ((2, 3), (7, 2), (2, 1)),
        ((3, 4), (3, 3), (1, 1)),
        ((1, 5), (1, 2), (1, 3)),
        ((2, 5), (2, 1), (2, 4)),
    ],
)
@pytest.mark.parametrize("per_channel", [True, False])
def test_a_transposed_convolution_in_phases(size, kernel, stride, padding, per_channel):
    model = transposed(size, kernel, stride, padding, per_channel=per_channel)
    after = same(model, phases.run)
    assert "TRANSPOSE_CONV" not in kinds(after)
    assert 1 <= kinds(after).count("CONV_2D") <= stride[0] * stride[1]
    assert after.operators[0].index == 0


def test_phases_that_see_the_same_places_are_channels():
    after = same(transposed((1, 6), (1, 3), (1, 3), SAME), phases.run)
    assert kinds(after) == ["CONV_2D", "RESHAPE"]


def test_phases_of_two_batches():
    """TFLite Micro computes one batch only."""
    model = transposed((3, 4), (3, 3), (2, 2), SAME, batches=2)
    assert "PACK" in kinds(same(model, phases.run, judge=None))


@pytest.mark.parametrize(
    ("depth", "filters", "count"), [(2, 1, 1), (16, 8, 2)], ids=["few channels", "many"]
)
def test_phases_are_one_convolution_where_products_are_few(depth, filters, count):
    """Taps of 0 cost less than an interleaving join as long as there are few of them."""
    after = same(transposed((1, 6), (1, 4), (1, 2), SAME, channels=(depth, filters)), phases.run)
    assert kinds(after).count("CONV_2D") == count
    assert ("PACK" in kinds(after)) == (count > 1)


def test_gaps_between_lines_stay():
    graph = tflite.load(transposed((3, 4), (1, 3), (2, 2), SAME), "m")
    assert phases.run(graph) is graph


@pytest.mark.slow
def test_any_transposed_convolution_in_phases():
    rng = np.random.default_rng(9)
    for _ in range(300):
        size, stride = rng.integers(1, 7, 2), rng.integers(1, 5, 2)
        kernel = rng.integers((stride[0], 1), 8)
        shape = (size.tolist(), kernel.tolist(), stride.tolist())
        model = transposed(*shape, int(rng.integers(2)), channels=(int(rng.integers(1, 9)), 3))
        before = tflite.load(model, "m")
        x = [int8_values(rng, before.tensor(before.inputs[0]).shape)]
        after = phases.run(before)
        assert after is not before
        expected = reference.run(before, x)[0]
        np.testing.assert_array_equal(reference.run(dead.run(after), x)[0], expected)


def test_a_transposed_convolution_of_int16_in_phases():
    changed = 0
    for seed in range(40):
        case = transpose_conv_s16(np.random.default_rng([seed, 4]))
        before = tflite.load(case.model, "m")
        after = dead.run(phases.run(before))
        expected = reference.run(before, case.inputs)[0]
        for isa in ("dsp", "rv32"):
            found = kernels.library("gcc-O3").run(after, case.inputs, KernelChoice(isa))
            np.testing.assert_array_equal(found[0], expected)
        changed += "CONV_2D" in kinds(after)
    assert changed > 15


@pytest.mark.parametrize(("channels", "filters", "parts"), [(8, 8, 2), (15, 12, 3)])
def test_groups_apart(channels, filters, parts):
    model = convolution("CONV_2D", channels, filters, parts=parts)
    after = same(model, grouped.run, judge=oracle.run_tflite)
    assert kinds(after) == ["SPLIT", *["CONV_2D"] * parts, "CONCATENATION"]
    assert [o.index for o in after.operators][1] == 0


@pytest.mark.parametrize(
    ("channels", "filters", "parts"), [(8, 8, 1), (36, 36, 9), (12, 16, 4), (16, 12, 4)]
)
def test_few_channels_or_many_groups_stay(channels, filters, parts):
    graph = tflite.load(convolution("CONV_2D", channels, filters, parts=parts), "m")
    assert grouped.run(graph) is graph


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize(("channels", "copies"), [(2, 2), (3, 5), (8, 2)])
def test_a_multiplier_becomes_copies(channels, copies, stride):
    model = convolution(
        "DEPTHWISE_CONV_2D", channels, channels * copies, copies=copies, stride=stride
    )
    after = same(model, repeated.run)
    assert kinds(after) == ["RESHAPE", "TILE", "RESHAPE", "DEPTHWISE_CONV_2D"]


@pytest.mark.parametrize(("channels", "copies"), [(1, 4), (4, 1)])
def test_one_channel_or_no_multiplier_stays(channels, copies):
    model = convolution("DEPTHWISE_CONV_2D", channels, channels * copies, copies=copies)
    graph = tflite.load(model, "m")
    assert repeated.run(graph) is graph


MODELS = {
    "TRANSPOSE_CONV": transposed((6, 6), (3, 3), (2, 2), SAME, channels=(8, 8)),
    "CONV_2D": convolution("CONV_2D", 16, 16, kernel=(3, 3), parts=2),
    "DEPTHWISE_CONV_2D": convolution("DEPTHWISE_CONV_2D", 4, 8, kernel=(5, 5), copies=2),
}


@pytest.mark.parametrize("kind", sorted(MODELS))
@pytest.mark.parametrize("isa", ["ref", "dsp", "rv32"])
def test_it_is_done_where_there_is_a_faster_kernel(kind, isa):
    program = compile_model(tflite.load(MODELS[kind], "m"), target="host", isa=isa)
    (decision,) = program.decisions
    # The rv32 kernel has channel multipliers itself, the dsp one of large windows has not; the
    # dsp kernel has all phases of few channels itself.
    direct = {"DEPTHWISE_CONV_2D": ("ref", "rv32"), "TRANSPOSE_CONV": ("ref", "dsp")}
    assert decision.taken == (isa not in direct.get(kind, ("ref",)))
    assert decision.operator.index == 0
    assert (len(program.calls) > 1) == decision.taken
    assert decision.replaced == 1


@pytest.mark.parametrize("kind", ["TRANSPOSE_CONV", "CONV_2D"])
def test_size_prefers_one_call(kind):
    graph = tflite.load(MODELS[kind], "m")
    program = compile_model(graph, target="host", isa="dsp", optimize="size")
    assert [o.kind for o, _ in program.calls] == [kind]
