"""Operators say what they are: a new one takes part in every pass without being named there."""

import ast
from pathlib import Path

import numpy as np
import pytest

from codegen import pipeline
from codegen.errors import ModelUnsupportedError
from codegen.frontend import islands, tflite
from codegen.operators.elementwise.unary import Unary
from codegen.operators.registry import operators
from codegen.passes import rows
from tests.operators import streaming
from tests.operators.builder import options
from tests.operators.stream_models import SAME, VALID, Net

ROOT = Path(__file__).resolve().parents[4]

NONE = 0
CREATED = {
    "depthwise.py": {"DEPTHWISE_CONV_2D"},
    "dense.py": {"FULLY_CONNECTED"},
    "grouped.py": {"CONCATENATION", "SPLIT"},
    "phases.py": {"CONV_2D", "PACK", "RESHAPE", "SLICE"},
    "repeated.py": {"RESHAPE", "TILE"},
    "islands.py": {"LOOKUP", "RESHAPE"},
    "single_channel.py": {"CONV_2D"},
    "variables.py": {"READ_VARIABLE", "SLIDE"},
    "lookup.py": {"LOOKUP", "RESHAPE"},
    "pad.py": {"RESHAPE"},
    "streaming.py": {"CONV_STREAM", "RESHAPE", "SLICE", "SLIDE"},
    "reroll.py": {"REROLLED_LSTM"},
    "reroll_gru.py": {"REROLLED_GRU"},
    "dilation.py": {"RESHAPE"},
}
"""The kinds that each pass makes."""
CELL = {"ADD", "FULLY_CONNECTED", "LOGISTIC", "MUL", "SPLIT", "TANH"}
FLOAT = (set(islands._UNARY) | set(islands._BY_CONSTANT)) & set(operators())
"""Functions of float32 values that an island may have: their arithmetic is not that of int8."""
PATTERNS = {
    "depthwise.py": {"CONV_2D"},
    "dense.py": {"CONV_2D"},
    "islands.py": {"DEQUANTIZE", "QUANTIZE"} | FLOAT,
    "grouped.py": {"CONV_2D"},
    "parts.py": {"SPLIT_V"},
    "phases.py": {"TRANSPOSE_CONV"},
    "repeated.py": {"DEPTHWISE_CONV_2D"},
    "shapes.py": {"TRANSPOSE_CONV"},
    "shared_products.py": {"CONV_2D"},
    "single_channel.py": {"DEPTHWISE_CONV_2D"},
    "reroll.py": CELL | {"PACK", "RESHAPE", "REVERSE_V2", "UNPACK"},
    "unrolled.py": {"FULLY_CONNECTED", "REROLLED_GRU", "REROLLED_LSTM", "UNPACK"},
    "reroll_gru.py": CELL - {"FULLY_CONNECTED"} | {"RESHAPE", "SPLIT_V", "STRIDED_SLICE", "SUB"},
    "dilation.py": {"BATCH_TO_SPACE_ND", "CONV_2D", "DEPTHWISE_CONV_2D", "SPACE_TO_BATCH_ND"},
}
"""The one group of operators that a pass recognises, as a converter writes it."""


class Abs(Unary):
    """The absolute value of one scale, limited to int8."""

    kind = "ABS"

    def evaluate(self, graph, operator, values):
        zero = graph.tensor(operator.inputs[0]).quantization.zero_point
        return np.minimum(np.abs(values - zero) + zero, 127)


def named(path: Path) -> set[str]:
    """The kinds that stand in a file as whole strings, outside of docstrings."""
    constants = (
        n.value for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Constant)
    )
    return {text for text in constants if text in operators()}


def test_passes_and_importer_name_what_they_make_or_recognise():
    for path in sorted((ROOT / "codegen").glob("[pf][ar]*s*/*.py")) + sorted(
        (ROOT / "codegen" / "frontend").glob("*.py")
    ):
        allowed = CREATED.get(path.name, set()) | PATTERNS.get(path.name, set())
        assert named(path) == allowed, path.name


def around_abs(padding: int) -> bytes:
    net = Net(16, 4)
    x = net.conv(net.first, 8, 3, padding=padding, activation=NONE)
    y = net._value(net.shapes[x], *net.scales[x])
    net.builder.operator("ABS", [x], [y], options("Abs"))
    return net.model(net.conv(y, 8, 3, padding=padding))


def test_without_the_operator_the_model_is_refused(monkeypatch, tmp_path):
    monkeypatch.delitem(operators(), "ABS")
    path = tmp_path / "m.tflite"
    path.write_bytes(around_abs(VALID))
    with pytest.raises(ModelUnsupportedError, match=r"ABS.*: operator is not supported"):
        tflite.load(path, "m")


@pytest.mark.parametrize("padding", [VALID, SAME])
def test_a_new_operator_streams(monkeypatch, tmp_path, padding):
    """An ABS between two convolutions: 8 x 8 x 3 products a sample instead of those of 12 rows."""
    monkeypatch.setitem(operators(), "ABS", Abs())
    assert "ABS" in rows.supported()
    path = tmp_path / "m.tflite"
    path.write_bytes(around_abs(padding))
    manifest = pipeline.generate(path, name="m", out=tmp_path / "a", stream=True)
    assert manifest["streaming"]["whole_window"] == []
    per_sample = set(manifest["streaming"]["per_sample"])
    macs = [o["macs"] for o in manifest["operators"] if o["symbol"] in per_sample and o["macs"]]
    assert macs == [4 * 8 * 3, 192]
    if padding == VALID:
        whole = pipeline.generate(path, name="m", out=tmp_path / "b")
        assert [o["macs"] for o in whole["operators"] if o["macs"]][-1] == 2304


def test_a_new_operator_is_part_of_a_table(monkeypatch, tmp_path):
    """Two in a row become one lookup of both."""
    monkeypatch.setitem(operators(), "ABS", Abs())
    net = Net(16, 4)
    x = net.conv(net.first, 8, 3, padding=VALID, activation=NONE)
    for kind in ("ABS", "ABS"):
        y = net._value(net.shapes[x], *net.scales[x])
        net.builder.operator(kind, [x], [y], options("Abs"))
        x = y
    path = tmp_path / "m.tflite"
    path.write_bytes(net.model(net.conv(x, 8, 3, padding=VALID)))
    manifest = pipeline.generate(path, name="m", out=tmp_path / "out")
    assert [o["kind"] for o in manifest["operators"]].count("LOOKUP") == 1
    assert "ABS" not in [o["kind"] for o in manifest["operators"]]


def test_padv2_streams_as_pad_does(tmp_path):
    """A border of channels lies inside of a row, whatever its value is."""
    net = Net(16, 4)
    x = net.conv(net.first, 8, 3, padding=VALID)
    borders = net.builder.constant(np.array([[0, 0], [0, 0], [0, 0], [1, 1]], np.int32))
    scale, zero = net.scales[x]
    value = net.builder.constant(np.array([5], np.int8), scale, zero)
    y = net._value((1, 1, 14, 10), scale, zero)
    net.builder.operator("PADV2", [x, borders, value], [y], options("PadV2"))
    model = net.model(net.conv(y, 8, 3, padding=VALID))
    program = streaming.build(model, tmp_path)
    assert program.manifest["streaming"]["whole_window"] == []
