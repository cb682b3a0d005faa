"""The reference takes any number of windows and refuses the wrong ones."""

import numpy as np
import pytest

from codegen import reference
from codegen.errors import ModelInvalidError


def windows(count):
    return np.random.default_rng(7).integers(-128, 128, (count, 1, 6, 3)).astype(np.int8)


def test_windows_are_independent(small_graph):
    x = windows(20)
    (together,) = reference.run(small_graph, [x])
    alone = [reference.run(small_graph, [x[i : i + 1]])[0] for i in range(20)]
    np.testing.assert_array_equal(together, np.concatenate(alone))
    assert together.shape == (20, 1, 2, 3)
    assert together.dtype == np.int8


def test_golden(forecaster):
    from codegen.frontend.tflite import load

    golden = np.load(forecaster / "golden.npz")
    graph = load(forecaster / "model_int8.tflite", "forecaster")
    (found,) = reference.run(graph, [golden["windows"][:, None]])
    np.testing.assert_array_equal(found[:, 0], golden["outputs"])


@pytest.mark.parametrize(
    "inputs",
    [[], [windows(1), windows(1)], [windows(1)[0]], [windows(1).astype(np.int16)]],
)
def test_wrong_inputs(small_graph, inputs):
    with pytest.raises(ModelInvalidError):
        reference.run(small_graph, inputs)


def test_reset_values(small_graph):
    found = {
        t.dtype: reference.reset_value(t) for t in small_graph.tensors.values() if t.is_variable
    }
    assert found == {"int8": small_graph.tensor(25).quantization.zero_point, "int16": 0}
