"""QUANTIZE: float32 to int8 at the input edge, or int8 to int8 between two scales.

Source of the arithmetic: TFLM's AffineQuantize (float32 quotient, rounded half away from zero)
and Requantize (double rounding). Beyond TFLM: a value too large for int32 saturates instead of
wrapping, and NaN gives -128.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from codegen.fixed_point import requantize, saturate
from codegen.ir.graph import Array, DType, Graph, Operator
from codegen.operators._common import (
    prove_accumulator,
    require_counts,
    require_dtype,
    require_input,
    require_per_tensor,
    require_shape,
)
from codegen.operators.base import KernelCall, KernelChoice, OperatorSpec, ParamsArg, TensorArg
from codegen.quantization import INT8_MAX, INT8_MIN, quantize_multiplier


class Quantize(OperatorSpec):
    """To int8."""

    kind = "QUANTIZE"

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Return nothing: the scales say all."""
        del builtin_options
        return {}

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, shapes and scales."""
        require_counts(graph, operator, (1,))
        source = require_input(graph, operator, 0, "input")
        output = graph.tensor(operator.outputs[0])
        require_dtype(graph, operator, source, DType.FLOAT32, DType.INT8)
        require_per_tensor(graph, operator, output)
        require_shape(graph, operator, output, source.shape)
        if source.dtype == DType.INT8:
            require_per_tensor(graph, operator, source)
            _prove(graph, operator)

    def lower(self, graph: Graph, operator: Operator, choice: KernelChoice) -> KernelCall | None:
        """Return the call of `safe_kernel_quantize_f32_s8` or `safe_kernel_requantize_s8`."""
        del choice
        source = graph.tensor(operator.inputs[0])
        quantization = graph.tensor(operator.outputs[0]).quantization
        assert quantization is not None
        arguments = (ParamsArg(), TensorArg(source.index), TensorArg(operator.outputs[0]))
        if source.dtype == DType.FLOAT32:
            return KernelCall(
                kernel="safe_kernel_quantize_f32_s8",
                header="safe/kernel/quantize.h",
                source="quantize",
                arguments=arguments,
                params_type="safe_quantize_params_t",
                params={
                    "length": source.elements,
                    "scale": quantization.scale,
                    "zero_point": quantization.zero_point,
                },
            )
        multiplier, shift, input_zero_point = _ratio(graph, operator)
        return KernelCall(
            kernel="safe_kernel_requantize_s8",
            header="safe/kernel/quantize.h",
            source="quantize",
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
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Compute in float32 or in int64, as the type of the input says."""
        values = inputs[0]
        quantization = graph.tensor(operator.outputs[0]).quantization
        assert values is not None
        assert quantization is not None
        if graph.tensor(operator.inputs[0]).dtype == DType.FLOAT32:
            with np.errstate(over="ignore"):  # saturates below
                quotient = values.astype(np.float32) / np.float32(quantization.scale)
            limited = np.clip(np.where(np.isnan(quotient), -512.0, quotient), -512.0, 512.0)
            whole = np.trunc(limited)
            away = np.where(np.abs(limited - whole) >= 0.5, np.sign(limited), 0.0)
            rounded = (whole + away).astype(np.int64)
        else:
            multiplier, shift, zero_point = _ratio(graph, operator)
            rounded = requantize(values.astype(np.int64) - zero_point, multiplier, shift)
        result = saturate(rounded + quantization.zero_point, INT8_MIN, INT8_MAX)
        return [result.astype(np.int8)]


def _ratio(graph: Graph, operator: Operator) -> tuple[int, int, int]:
    """Return multiplier and shift of input scale / output scale, and the input zero point."""
    source = graph.tensor(operator.inputs[0]).quantization
    output = graph.tensor(operator.outputs[0]).quantization
    assert source is not None
    assert output is not None
    multiplier, shift = quantize_multiplier(source.scale / output.scale)
    return multiplier, shift, source.zero_point


def _prove(graph: Graph, operator: Operator) -> str:
    _, shift, zero_point = _ratio(graph, operator)
    bound = np.array([max(INT8_MAX - zero_point, zero_point - INT8_MIN)], dtype=np.int64)
    return prove_accumulator(graph, operator, bound, np.array([shift]), operator.inputs[0])


OPERATOR = Quantize()
