"""The dump is stable and exact."""

import pytest

from codegen.frontend import tflite
from codegen.ir.dump import dump, hex_float


@pytest.mark.parametrize("value", [0.0, 1.0, 0.5, 3.4e-8, 0.1, 1e300, 5e-324, -2.5])
def test_hex_float_reads_back(value):
    assert float.fromhex(hex_float(value)) == value


def test_hex_float_is_short():
    assert hex_float(0.01171875) == "0x1.8p-7"
    assert hex_float(1.0) == "0x1p+0"


def test_dump(small_graph, small_bytes):
    text = dump(small_graph)
    assert text == dump(tflite.load(small_bytes, "small"))
    lines = text.splitlines()
    assert lines[0] == f"graph small sha256={small_graph.sha256}"
    assert lines[1:3] == ["inputs t0", "outputs t35"]
    assert any(line.startswith("op 3 UNIDIRECTIONAL_SEQUENCE_LSTM t24 ") for line in lines)
    assert sum(line.startswith("t") for line in lines) == len(small_graph.tensors)
