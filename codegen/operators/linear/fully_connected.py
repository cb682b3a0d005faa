"""FULLY_CONNECTED: output = clamp(requantize(input · weightsᵀ + bias)).

input int8[batches, K] (leading dimensions flattened), weights int8[units, K], bias
int32[units], output int8[batches, units]. Source of the arithmetic: TFLM's
`reference_integer_ops::FullyConnected(PerChannel)`, double rounding.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from codegen.fixed_point import exact_dot
from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, DType, Graph, Operator
from codegen.ir.rows import Known, RowRule
from codegen.operators import row_rules
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    activation_name,
    invalid,
    optional_input,
    require_activation,
    require_counts,
    require_input,
    require_shape,
    unsupported,
)
from codegen.operators.linear import int16 as _int16
from codegen.operators.linear import products as _products
from codegen.operators.linear.products import Products, products


class FullyConnected(OperatorSpec):
    """Dense matrix product with constant weights."""

    kind = "FULLY_CONNECTED"
    operands = _products.PLAIN
    clamps = True
    dtypes = (DType.INT8, DType.INT16)

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read the table; an absent one means the schema's defaults, as in TFLM."""
        if builtin_options is None:
            return {"fused_activation": "NONE", "weights_format": 0, "keep_num_dims": False}
        return {
            "fused_activation": activation_name(builtin_options.FusedActivationFunction()),
            "weights_format": int(builtin_options.WeightsFormat()),
            "keep_num_dims": bool(builtin_options.KeepNumDims()),
            **_int16.bias_type(builtin_options),
        }

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, shapes, quantization, and that the accumulator fits."""
        require_counts(graph, operator, (2, 3))
        if operator.options["weights_format"] != 0:
            unsupported(graph, operator, "has shuffled weights; convert with default weights")
        require_activation(graph, operator)
        source = require_input(graph, operator, 0, "input")
        weights = require_input(graph, operator, 1, "weights")
        output = graph.tensor(operator.outputs[0])
        if len(weights.shape) != 2 or 0 in weights.shape:
            invalid(
                graph,
                operator,
                f"has shape {list(weights.shape)}, expected [units, depth]; export the model again",
                weights.index,
            )
        units, depth = weights.shape
        if source.elements % depth or not output.shape or output.shape[-1] != units:
            invalid(
                graph,
                operator,
                f"input {list(source.shape)}, weights {list(weights.shape)} and output "
                f"{list(output.shape)} do not fit; export the model again",
            )
        batches = source.elements // depth
        if operator.options["keep_num_dims"]:
            require_shape(graph, operator, output, (*source.shape[:-1], units))
        elif output.elements != batches * units:
            invalid(
                graph,
                operator,
                f"has shape {list(output.shape)}, expected {[batches, units]}; export the model "
                "again",
                output.index,
            )
        if _int16.is_int16(graph, operator):
            _int16.check(graph, operator)
            return
        _products.check(graph, operator)
        _check_bias_scale(graph, operator)

    def rows(self, graph: Graph, operator: Operator, known: Known) -> RowRule | str:
        """Return the same rows, where the last axis lies inside of them."""
        separate = _is_by_row(graph, operator, known)
        return row_rules.inside(operator, known, separate=separate)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_fully_connected_s8` or `_s16`; weights as in the file."""
        if _int16.is_int16(graph, operator):
            return _call_s16(graph, operator)
        p = products(graph, operator)
        batches = graph.tensor(operator.inputs[0]).elements // p.rows.shape[1]
        return _plain_call(operator, p, batches, p.prove(graph, operator))

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Compute with int64 sums; `inputs[0]` is int8[N, …]."""
        values = inputs[0]
        assert values is not None
        if _int16.is_int16(graph, operator):
            wide = _int16.integers(graph, operator)
            rows = values.reshape(values.shape[0], -1, wide.rows.shape[1])
            result = wide.rescale(exact_dot(rows, wide.rows)).astype(np.int16)
            return [result.reshape(-1, *graph.tensor(operator.outputs[0]).shape)]
        p = products(graph, operator)
        rows = values.reshape(values.shape[0], -1, p.rows.shape[1])
        return [
            p.rescale(exact_dot(rows, p.rows)).reshape(-1, *graph.tensor(operator.outputs[0]).shape)
        ]


def _call_s16(graph: Graph, operator: Operator) -> KernelCall:
    """Return the call of `safe_kernel_fully_connected_s16`."""
    p = _int16.integers(graph, operator)
    units, depth = p.rows.shape
    batches = graph.tensor(operator.inputs[0]).elements // depth
    fields = {"batches": batches, "depth": depth, "units": units}
    note = _int16.prove(graph, operator)
    return p.call(operator, "fully_connected", fields, batches, note)


def _plain_call(operator: Operator, p: Products, batches: int, proof: str) -> KernelCall:
    units, depth = p.rows.shape
    fields = {
        "batches": batches,
        "depth": depth,
        "units": units,
        "requantize_step": p.step,
        "output_zero_point": p.output_zero_point,
        "output_min": p.low,
        "output_max": p.high,
    }
    return _products.reference_call(
        operator,
        p,
        "expanded",
        fields,
        macs=batches * p.rows.size,
        notes=(
            f"reference kernel, {'per-channel' if p.step else 'per-tensor'} scales, "
            "input zero point folded into the bias",
            proof,
        ),
    )


def _check_bias_scale(graph: Graph, operator: Operator) -> None:
    """TFLM's own rule: a per-tensor bias must have (about) the accumulator's scale."""
    bias = optional_input(graph, operator, 2)
    source, weights, output = (
        graph.tensor(i).quantization
        for i in (operator.inputs[0], operator.inputs[1], operator.outputs[0])
    )
    assert source is not None
    assert weights is not None
    assert output is not None
    if bias is None or bias.quantization is None or weights.per_channel:
        return
    gap = abs(source.scale * weights.scale - bias.quantization.scale) / output.scale
    if not gap <= 0.02:
        invalid(
            graph,
            operator,
            f"has scale {bias.quantization.scale}, expected input scale * weight scale = "
            f"{source.scale * weights.scale}; convert the model again",
            bias.index,
        )


def _is_by_row(graph: Graph, operator: Operator, known: Known) -> bool:
    """Return whether the rows lie outside of the axis that is multiplied."""
    source, rows = row_rules.streamed(graph, operator, known)
    output = graph.tensor(operator.outputs[0])
    return source.shape[:-1] == output.shape[:-1] and rows.axis < len(source.shape) - 1


OPERATOR = FullyConnected()
