"""An int16 product whose output scale is far too small: a message, no traceback."""

import numpy as np
import pytest

from codegen.errors import ModelUnsupportedError
from codegen.frontend.tflite import load
from tests.operators.builder import ModelBuilder, options


@pytest.mark.parametrize("output", [1e-9, 1e-11])
def test_the_bound_of_the_result_is_told(output):
    m = ModelBuilder()
    x = m.input((1, 3), "int16", 1e-3)
    weights = m.constant(np.full((2, 3), 100, np.int8), 0.02)
    y = m.tensor((1, 2), "int16", output)
    m.operator("FULLY_CONNECTED", [x, weights, -1], [y], options("FullyConnected"), version=4)
    m.output(y)
    with pytest.raises(ModelUnsupportedError, match="larger output scale"):
        load(m.build(), "m")
