"""A dilated convolution in an open batch: TFLM computed a part of it and passed for the truth."""

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from host_tools.errors import ConversionError
from host_tools.runtimes import tflm as oracle
from tests.operators.dilation_cases import dilated


def opened(content: bytes) -> bytes:
    """Return the model with the batch of the blocks open, as the converter writes it."""
    model = schema.ModelT.InitFromPackedBuf(content)
    graph = model.subgraphs[0]
    blocks = graph.tensors[graph.operators[0].outputs[0]]
    blocks.shapeSignature = [-1, *blocks.shape[1:]]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def test_no_oracle_for_an_open_batch() -> None:
    case = dilated(np.random.default_rng(3), open_batch=True)
    with pytest.raises(ConversionError, match=r"operator 0 SPACE_TO_BATCH_ND.*first block only"):
        oracle.interpreter(opened(case.model))


def test_blocks_of_known_number_are_computed() -> None:
    case = dilated(np.random.default_rng(3))
    assert oracle.interpreter(case.model) is not None
