"""PADV2, int8: PAD with a border of any value. See `pad.py`."""

from codegen.ir.graph import DType, Graph, Operator
from codegen.operators.checks import (
    invalid,
    require_constant,
    require_input,
    require_per_tensor,
    unsupported,
)
from codegen.operators.layout.pad import Pad


class PadV2(Pad):
    """The padding with a value."""

    kind = "PADV2"
    dtypes = (DType.INT8,)

    _input_count = 3

    def _check_value(self, graph: Graph, operator: Operator) -> None:
        """Check that the value is one constant of the output's own quantization, as TFLM does."""
        value = require_input(graph, operator, 2, "value")
        if require_constant(graph, operator, value).size != 1:
            invalid(graph, operator, f"has shape {list(value.shape)}, expected one", value.index)
        own = require_per_tensor(graph, operator, value)
        output = require_per_tensor(graph, operator, graph.tensor(operator.outputs[0]))
        if (own.scale, own.zero_point) != (output.scale, output.zero_point):
            unsupported(
                graph,
                operator,
                "has another scale or zero point than the output; convert the model again",
                value.index,
            )

    def value(self, graph: Graph, operator: Operator) -> int:
        """Return the constant."""
        data = require_constant(graph, operator, graph.tensor(operator.inputs[2]))
        return int(data.reshape(-1)[0])


OPERATOR = PadV2()
