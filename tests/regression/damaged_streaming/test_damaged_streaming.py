"""Damaged options of CALL_ONCE and of float operators, and a model of views: no tracebacks."""

import numpy as np
import pytest

from codegen import pipeline
from codegen.errors import ModelInvalidError, ModelUnsupportedError
from codegen.frontend.tflite import load
from targets.errors import SafeError
from tests.operators.builder import ModelBuilder, options
from tests.unit.codegen.frontend import test_islands
from tests.unit.codegen.frontend.test_variables import Streaming

LEAKY = test_islands.CASES["LEAKY_RELU"][0]


@pytest.mark.parametrize("data", [Streaming().build(), test_islands.model(LEAKY)])
def test_every_damaged_word_is_an_error_or_harmless(data):
    found = []
    for place in range(8, len(data) - 4, 4):
        try:
            load(data[:place] + b"\xff\xff\xff\x7f" + data[place + 4 :], "m")
        except SafeError as error:
            found.append(error)
    assert {ModelInvalidError, ModelUnsupportedError} <= {type(error) for error in found}
    assert all("\n" not in str(error) for error in found)


def test_a_model_of_views_is_not_streamed(tmp_path):
    m = ModelBuilder()
    x = m.input((1, 6, 2), "int8", 0.05, 3)
    y = m.tensor((1, 1, 6, 2), "int8", 0.05, 3)
    shape = m.constant(np.array([1, 1, 6, 2], np.int32))
    m.operator("RESHAPE", [x, shape], [y], options("Reshape", newShape=[1, 1, 6, 2]))
    m.output(y)
    path = tmp_path / "m.tflite"
    path.write_bytes(m.build())
    with pytest.raises(ModelUnsupportedError, match="only shapes its input"):
        pipeline.generate(path, name="m", out=tmp_path / "c", stream=True)
