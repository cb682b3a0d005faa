"""A model file that ends behind one of its operators: what tells where a difference begins.

The file is changed in place: the list of operators gets shorter, and the first output is the
operator's. Tensors, buffers and everything else stay where they are.
"""

import struct
from typing import Any

from codegen.errors import ModelInvalidError
from codegen.frontend import reader

_OUTPUTS, _OPERATORS = 2, 3
"""Numbers of these fields in the table SubGraph of the schema."""


def behind(content: bytes, operator: int) -> bytes:
    """Return the model that ends behind `operator`, whose first output is its only one.

    Raises ModelInvalidError when there is no such operator, or the file has no output.
    """
    with reader.reading("operators and outputs"):
        subgraph = reader.root(content).Subgraphs(0)
        if not 0 <= operator < subgraph.OperatorsLength():
            raise ModelInvalidError(f"operator {operator} does not exist")
        if subgraph.OutputsLength() < 1:
            raise ModelInvalidError("the model has no output")
        output = int(subgraph.Operators(operator).Outputs(0))
        operators, outputs = (_vector(subgraph, field) for field in (_OPERATORS, _OUTPUTS))
        changed = bytearray(content)
        struct.pack_into("<I", changed, operators, operator + 1)
        struct.pack_into("<Ii", changed, outputs, 1, output)
    return bytes(changed)


def _vector(table: Any, field: int) -> int:
    """Return the place of a vector's length, which stands before its elements."""
    tab = table._tab
    return int(tab.Vector(tab.Offset(4 + 2 * field))) - 4
