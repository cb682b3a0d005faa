"""Where a difference begins is found, whichever operator it is, in few runs."""

import numpy as np
import pytest

from codegen.frontend import tflite
from host_tools.workflow import bisect, images
from targets.load import load
from targets.options import Options
from targets.places import MODELS

CONTENT = (MODELS / "forecaster" / "model_int8.tflite").read_bytes()
KINDS = [o.kind for o in tflite.load(CONTENT, "m").source_operators]
WINDOWS = np.random.default_rng(3).integers(-128, 128, (1, 30, 16)).astype(np.int8)


def wrong_from(operator, runs):
    """A device on which this operator gets one bit wrong."""

    def run(content):
        runs.append(content)
        outputs = images.reference_of(content, WINDOWS).copy()
        if len(tflite.load(content, "m").source_operators) > operator:
            outputs.reshape(-1)[-1] ^= 1
        return outputs

    return run


@pytest.mark.parametrize("operator", range(len(KINDS)))
def test_the_operator_is_named(operator):
    runs = []
    found = bisect.find(CONTENT, WINDOWS, wrong_from(operator, runs))
    assert (found.index, found.kind) == (operator, KINDS[operator])
    assert found.differing_bytes == 1
    assert f"begins at operator {operator} {KINDS[operator]}, " in found.text
    assert len(runs) <= 4


def test_nothing_is_named_where_all_is_equal():
    assert bisect.find(CONTENT, WINDOWS, wrong_from(99, [])) is None


def test_an_image_of_this_host_is_equal():
    assert bisect.locate(CONTENT, WINDOWS, load("host"), Options()) is None
