"""Search of a file for an open batch in which blocks lie, which the graph no longer shows."""

import tflite

from codegen.frontend import reader
from codegen.frontend.tflite import builtin_code


def first_open(data: bytes) -> int | None:
    """Return the index of the first SPACE_TO_BATCH_ND of a model whose result has an open batch.

    Raises ModelInvalidError when the file is damaged.
    """
    model = reader.root(data)
    with reader.reading("list of operators"):
        graph = model.Subgraphs(0)
        for index in range(graph.OperatorsLength()):
            operator = graph.Operators(index)
            code = builtin_code(model.OperatorCodes(operator.OpcodeIndex()))
            if code != tflite.BuiltinOperator.SPACE_TO_BATCH_ND:
                continue
            output = graph.Tensors(operator.Outputs(0))
            if output.ShapeSignatureLength() > 0 and output.ShapeSignature(0) < 0:
                return index
    return None
