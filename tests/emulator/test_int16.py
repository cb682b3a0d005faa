"""int16x8 products on emulated cores: the dsp kernel, the portable one, and both widths of sums."""

import numpy as np
import pytest

from codegen import reference
from codegen.frontend.tflite import load as load_model
from host_tools.perf import standalone
from targets.emulate import bare
from targets.load import load
from tests.operators.builder import ModelBuilder, options
from tests.operators.draw import product_scale

pytestmark = pytest.mark.emulator

DSP, TILED = "safe_kernel_conv_2d_s16_dsp", "safe_kernel_conv_2d_s16_tiled"
DEPTHWISE = "safe_kernel_depthwise_conv_2d_s16_narrow"
LINES = "safe_kernel_depthwise_lines_s16_dsp"
CHOSEN = {
    "mps2-an386": [DSP, LINES, DSP, DSP, TILED],
    "mps2-an505": [DSP, LINES, DSP, DSP, TILED],
    "mps2-m0plus": [TILED, DEPTHWISE, *[TILED] * 3],
    "riscv-virt": [TILED, DEPTHWISE, *[TILED] * 3],
}


def network() -> bytes:
    """Return convolutions of odd and even columns, one by channels, and matrix products of 90 and
    800 values.
    """
    rng = np.random.default_rng(81)
    m = ModelBuilder()
    source = 2.0**-12
    x = m.input((1, 1, 15, 3), "int16", source)
    shape = (1, 1, 15, 6)
    for kernel in ((6, 1, 3, 3), (1, 1, 3, 6), (6, 1, 1, 6)):
        x = _product(rng, m, x, kernel, shape)
    for rows, depth in ((800, 90), (5, 800)):
        x = _product(rng, m, x, (rows, depth), (1, rows))
    m.output(x)
    return m.build()


def _product(rng, m, x, weights, shape):
    """Add an operator with large weights, by their rank; its output has the scale of its input."""
    kind = "FULLY_CONNECTED" if len(weights) == 2 else "CONV_2D"
    if weights[0] == 1:
        kind = "DEPTHWISE_CONV_2D"
    axis = 3 if kind == "DEPTHWISE_CONV_2D" else 0
    products = np.prod(weights) / weights[axis]
    scale = [float(np.float32(2.0**-7 / np.sqrt(products)))] * weights[axis]
    drawn = rng.choice([-128, -100, 3, 120, 127], weights).astype(np.int8)
    w = m.constant(drawn, scale, axis=axis)
    bias = rng.integers(-(1 << 24), 1 << 24, weights[axis])
    b = m.constant(bias, product_scale(2.0**-12, scale))
    y = m.tensor(shape, "int16", 2.0**-12)
    table = {
        "CONV_2D": options("Conv2D", strideH=1, strideW=1),
        "DEPTHWISE_CONV_2D": options("DepthwiseConv2D", strideH=1, strideW=1, depthMultiplier=1),
        "FULLY_CONNECTED": options("FullyConnected"),
    }[kind]
    m.operator(kind, [x, w, b], [y], table, version=4)
    return y


@pytest.mark.parametrize("name", sorted(CHOSEN))
def test_values_are_those_of_the_reference(name, tmp_path):
    path = tmp_path / "case.tflite"
    path.write_bytes(network())
    target = load(name)
    built = standalone.build(path, target, tmp_path)
    assert [o["kernel"] for o in built.manifest["operators"]] == CHOSEN[name]
    graph = load_model(path, "case")
    shape = graph.tensor(graph.inputs[0]).shape
    raw = bare.inputs(built.interface.input_bytes, standalone.CALLS)
    values = np.stack([np.frombuffer(r, np.int16).reshape(shape) for r in raw])
    expected = reference.run(graph, [values])[0]
    outputs = [call.output for call in bare.run(target, built.elf)]
    assert outputs == [row.tobytes() for row in expected]
    assert len(set(outputs)) > 2
