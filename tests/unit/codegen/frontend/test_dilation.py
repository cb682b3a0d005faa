"""Blocks moved to the batch and back around a convolution: read as its dilation, or refused."""

import numpy as np
import pytest

from codegen import reference
from codegen.errors import ModelUnsupportedError
from codegen.frontend.tflite import load
from tests.operators import kernels, oracle
from tests.operators.builder import ModelBuilder
from tests.operators.dilation_cases import dilated


@pytest.mark.parametrize("line", [False, True], ids=["image", "line"])
@pytest.mark.parametrize("open_batch", [False, True], ids=["fixed", "open"])
def test_the_dilated_convolution_equals_the_oracle(line, open_batch):
    kinds = set()
    for seed in range(25):
        case = dilated(np.random.default_rng([seed, 77]), open_batch=open_batch, line=line)
        graph = load(case.model, "m")
        kinds |= {o.kind for o in graph.operators}
        expected = oracle.ORACLES[case.oracle](case.model, case.inputs)[0]
        for isa in ("ref", "dsp", "rv32"):
            choice = kernels.KernelChoice(isa)
            result = kernels.library("gcc-O3").run(graph, case.inputs, choice)[0]
            assert np.array_equal(result, expected), (seed, isa)
        assert np.array_equal(reference.run(graph, case.inputs)[0], expected), seed
    assert kinds == {"CONV_2D", "DEPTHWISE_CONV_2D", *(["RESHAPE"] if line else [])}


def test_blocks_without_a_convolution_are_refused():
    m = ModelBuilder()
    x = m.input((1, 4, 4, 2), "int8", 0.1, 3)
    y = m.tensor((4, 2, 2, 2), "int8", 0.1, 3)
    block, pads = np.array([2, 2], np.int32), np.zeros((2, 2), np.int32)
    m.operator("SPACE_TO_BATCH_ND", [x, m.constant(block), m.constant(pads)], [y])
    m.output(y)
    with pytest.raises(ModelUnsupportedError, match="operator 0 SPACE_TO_BATCH_ND"):
        load(m.build(), "m")
