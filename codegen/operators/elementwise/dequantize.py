"""DEQUANTIZE: int8 or int16 to float32 at the output edge.

Source of the arithmetic: TFLM's Dequantize. Its double-precision product is exact (24 + 17
bits), so the one rounding to float32 equals a float32 product.
"""

from collections.abc import Sequence

import numpy as np

from codegen.ir.call import KernelCall, ParamsArg, TensorArg
from codegen.ir.graph import Array, DType, Graph, Operator
from codegen.ir.rows import Known, RowRule
from codegen.operators import row_rules
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    require_counts,
    require_dtype,
    require_input,
    require_per_tensor,
    require_shape,
)


class Dequantize(OperatorSpec):
    """Conversion of int8 or int16 to float32."""

    kind = "DEQUANTIZE"
    takes_float = True
    dtypes = (DType.INT8, DType.INT16)

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, shapes and the scale."""
        require_counts(graph, operator, (1,))
        source = require_input(graph, operator, 0, "input")
        output = graph.tensor(operator.outputs[0])
        require_per_tensor(graph, operator, source, *self.dtypes)
        require_dtype(graph, operator, output, DType.FLOAT32)
        require_shape(graph, operator, output, source.shape)

    def shape(self, graph: Graph, operator: Operator) -> tuple[int, ...] | None:
        """Return the input's shape."""
        return graph.tensor(operator.inputs[0]).shape

    def rows(self, graph: Graph, operator: Operator, known: Known) -> RowRule | str:
        """Return the rows of the input: each element follows from one."""
        return row_rules.one_by_one(graph, operator, known)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_dequantize_s8_f32` or `_s16_f32`."""
        source = graph.tensor(operator.inputs[0])
        assert source.quantization is not None
        return KernelCall(
            kernel=f"safe_kernel_dequantize_{'s8' if source.dtype == DType.INT8 else 's16'}_f32",
            header="safe/kernel/dequantize.h",
            source="dequantize",
            arguments=(ParamsArg(), TensorArg(source.index), TensorArg(operator.outputs[0])),
            params_type="safe_dequantize_params_t",
            params={
                "length": source.elements,
                "scale": source.quantization.scale,
                "zero_point": source.quantization.zero_point,
            },
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Compute scale · (q − zero point) with one rounding to float32."""
        values = inputs[0]
        quantization = graph.tensor(operator.inputs[0]).quantization
        assert values is not None
        assert quantization is not None
        centred = (values.astype(np.int32) - quantization.zero_point).astype(np.float32)
        return [centred * np.float32(quantization.scale)]


OPERATOR = Dequantize()
