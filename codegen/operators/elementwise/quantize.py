"""QUANTIZE: float32 to int8 or int16 at the input edge, or between two integer scales.

A uint8 value at the edge of a model is the int8 value with its sign bit turned.

Source of the arithmetic: TFLM's AffineQuantize (float32 quotient, rounded half away from zero)
and Requantize (double rounding). Beyond TFLM: a value too large for int32 saturates instead of
wrapping, and NaN gives the lowest value.
"""

from collections.abc import Sequence

import numpy as np

from codegen.fixed_point import Int64, requantize, saturate
from codegen.ir.call import KernelCall, ParamsArg, TensorArg
from codegen.ir.graph import Array, DType, Graph, Operator, Quantization
from codegen.ir.rows import Known, RowRule
from codegen.operators import row_rules
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    batched,
    in_place,
    prove_accumulator,
    require_counts,
    require_dtype,
    require_input,
    require_per_tensor,
    require_shape,
    unsupported,
)
from codegen.operators.elementwise.unary import lookup_call
from codegen.operators.table import INPUTS, Table
from codegen.quantization import quantize_multiplier

_FLOAT_LIMIT = {DType.INT8: 512.0, DType.INT16: 131072.0}
"""Limit that the kernel puts on the float quotient, by type: larger than any difference of a result
and a zero point."""

_SUFFIX = {DType.INT8: "s8", DType.INT16: "s16"}


class Quantize(OperatorSpec):
    """Conversion of float32, or of another integer scale, to an integer type."""

    kind = "QUANTIZE"
    takes_float = True
    dtypes = (DType.FLOAT32, DType.INT8, DType.INT16, DType.UINT8)
    prefers_table = True

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, shapes and scales."""
        require_counts(graph, operator, (1,))
        source = require_input(graph, operator, 0, "input")
        output = graph.tensor(operator.outputs[0])
        require_dtype(graph, operator, source, *self.dtypes)
        require_per_tensor(graph, operator, output, DType.INT8, DType.INT16, DType.UINT8)
        require_shape(graph, operator, output, source.shape)
        pair = (source.dtype, output.dtype)
        if DType.UINT8 in pair and DType.INT8 not in pair:
            unsupported(graph, operator, f"converts {pair[0]} to {pair[1]}; use int8 on one side")
        if source.dtype != DType.FLOAT32:
            require_per_tensor(graph, operator, source, source.dtype)
            _prove(graph, operator)

    def int8_table(self, graph: Graph, operator: Operator) -> Table | None:
        """Return the 256 results between two scales of one byte, None for other types."""
        tensors = [graph.tensor(operator.inputs[0]), graph.tensor(operator.outputs[0])]
        if any(tensor.dtype.itemsize != 1 for tensor in tensors):
            return None
        values = INPUTS & 0xFF if tensors[0].dtype == DType.UINT8 else INPUTS
        return _rescaled(graph, operator, values).astype(tensors[1].dtype.value).view(np.int8)

    def shape(self, graph: Graph, operator: Operator) -> tuple[int, ...] | None:
        """Return the input's shape."""
        return graph.tensor(operator.inputs[0]).shape

    def rows(self, graph: Graph, operator: Operator, known: Known) -> RowRule | str:
        """Return the rows of the input: each element follows from one."""
        return row_rules.one_by_one(graph, operator, known)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return a table lookup, or the call of the kernel for the two types."""
        source = graph.tensor(operator.inputs[0])
        output = graph.tensor(operator.outputs[0])
        table = self.int8_table(graph, operator)
        if table is not None:
            return lookup_call(graph, source.index, output.index, table)
        quantization = _quantization(graph, output.index)
        arguments = (ParamsArg(), TensorArg(source.index), TensorArg(output.index))
        target = _SUFFIX[output.dtype]
        # Bytes may lie where the input lies, as C lets bytes alias anything.
        narrow = output.dtype in (DType.INT8, source.dtype)
        shared = in_place(graph, source.index) if narrow else ()
        if source.dtype == DType.FLOAT32:
            return KernelCall(
                kernel=f"safe_kernel_quantize_f32_{target}",
                header="safe/kernel/quantize.h",
                source="quantize" if output.dtype == DType.INT8 else "quantize_s16",
                arguments=arguments,
                params_type="safe_quantize_params_t",
                params={
                    "length": source.elements,
                    "scale": quantization.scale,
                    "zero_point": quantization.zero_point,
                },
                in_place=shared,
            )
        multiplier, shift, input_zero_point = _ratio(graph, operator)
        return KernelCall(
            kernel=f"safe_kernel_requantize_{_SUFFIX[source.dtype]}_{target}",
            header="safe/kernel/quantize.h",
            source="quantize_s16",
            arguments=arguments,
            params_type="safe_requantize_params_t",
            params={
                "length": source.elements,
                "input_zero_point": input_zero_point,
                "multiplier": multiplier,
                "shift": shift,
                "output_zero_point": quantization.zero_point,
            },
            notes=(_prove(graph, operator),),
            in_place=shared,
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Compute in float32 or in int64, as the type of the input says."""
        values = batched(graph, operator.inputs[0], inputs[0])
        output = graph.tensor(operator.outputs[0])
        if graph.tensor(operator.inputs[0]).dtype != DType.FLOAT32:
            result = _rescaled(graph, operator, values.astype(np.int64))
            return [result.astype(output.dtype.value)]
        quantization = _quantization(graph, output.index)
        limit = _FLOAT_LIMIT[output.dtype]
        with np.errstate(over="ignore"):  # saturates below
            quotient = values.astype(np.float32) / np.float32(quantization.scale)
        limited = np.clip(np.where(np.isnan(quotient), -limit, quotient), -limit, limit)
        whole = np.trunc(limited)
        away = np.where(np.abs(limited - whole) >= 0.5, np.sign(limited), 0.0)
        rounded = (whole + away).astype(np.int64) + quantization.zero_point
        return [saturate(rounded, *_limits(output.dtype)).astype(output.dtype.value)]


def _limits(dtype: DType) -> tuple[int, int]:
    limits = np.iinfo(dtype.value)
    return int(limits.min), int(limits.max)


def _quantization(graph: Graph, index: int) -> Quantization:
    quantization = graph.tensor(index).quantization
    assert quantization is not None
    return quantization


def _rescaled(graph: Graph, operator: Operator, values: Int64) -> Int64:
    """Return integer values at the output's scale."""
    multiplier, shift, zero_point = _ratio(graph, operator)
    output = graph.tensor(operator.outputs[0])
    scaled = requantize(values - zero_point, multiplier, shift)
    shifted = scaled + _quantization(graph, output.index).zero_point
    return saturate(shifted, *_limits(output.dtype))


def _ratio(graph: Graph, operator: Operator) -> tuple[int, int, int]:
    """Return multiplier and shift of input scale / output scale, and the input zero point."""
    source = _quantization(graph, operator.inputs[0])
    output = _quantization(graph, operator.outputs[0])
    multiplier, shift = quantize_multiplier(source.scale / output.scale)
    return multiplier, shift, source.zero_point


def _prove(graph: Graph, operator: Operator) -> str:
    _, shift, zero_point = _ratio(graph, operator)
    low, high = _limits(graph.tensor(operator.inputs[0]).dtype)
    bound = np.array([max(high - zero_point, zero_point - low)], dtype=np.int64)
    return prove_accumulator(graph, operator, bound, np.array([shift]), operator.inputs[0])


OPERATOR = Quantize()
