"""SPACE_TO_BATCH_ND without inputs before a convolution raised IndexError (input 2018215)."""

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from codegen.errors import CodegenError
from codegen.frontend.tflite import load
from tests.operators.dilation_cases import dilated


@pytest.mark.parametrize("inputs", [[], [-1], [-1, 0, 0]])
@pytest.mark.parametrize("position", [0, 2])
def test_a_move_without_inputs_is_an_error(inputs: list[int], position: int) -> None:
    packed = dilated(np.random.default_rng([3, 77])).model
    model = schema.ModelT.InitFromPackedBuf(packed, 0)
    model.subgraphs[0].operators[position].inputs = inputs
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    with pytest.raises(CodegenError):
        load(bytes(builder.Output()), "m")
