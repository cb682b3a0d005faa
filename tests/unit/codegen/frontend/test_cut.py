"""A model that ends behind an operator: the same bytes, a shorter list, another output."""

import numpy as np
import pytest

from codegen import reference
from codegen.errors import ModelInvalidError
from codegen.frontend import cut, tflite
from targets.places import MODELS
from tests.operators import oracle

CONTENT = (MODELS / "forecaster" / "model_int8.tflite").read_bytes()


@pytest.mark.parametrize("index", [1, 3, 5])
def test_its_output_is_the_operators(index):
    whole, model = tflite.load(CONTENT, "whole"), cut.behind(CONTENT, index)
    shorter = tflite.load(model, "cut")
    assert len(model) == len(CONTENT)
    assert [o.index for o in shorter.source_operators] == list(range(index + 1))
    assert shorter.outputs == whole.source_operators[index].outputs[:1]
    windows = np.random.default_rng(1).integers(-128, 128, (2, 1, 30, 16)).astype(np.int8)
    (expected,) = oracle.run(model, [windows.reshape(2, *shorter.tensor(shorter.inputs[0]).shape)])
    shaped = windows.reshape(2, *shorter.tensor(shorter.inputs[0]).shape)
    assert np.array_equal(reference.run(shorter, [shaped])[0].reshape(expected.shape), expected)


def test_behind_the_last_it_is_the_model():
    count = len(tflite.load(CONTENT, "whole").source_operators)
    assert cut.behind(CONTENT, count - 1) == CONTENT


@pytest.mark.parametrize("index", [-1, 7])
def test_an_operator_that_does_not_exist(index):
    with pytest.raises(ModelInvalidError, match="does not exist"):
        cut.behind(CONTENT, index)
