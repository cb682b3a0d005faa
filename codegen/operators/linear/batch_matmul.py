"""BATCH_MATMUL, int8: products of matrices of which both may be computed.

Inputs of rank 2 to 5 whose leading axes broadcast; option `adj_x` or `adj_y` transposes one. Source
of the arithmetic: TFLM's reference_ops::BatchMatMul, double rounding, scales in double precision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from codegen.fixed_point import requantize, saturate
from codegen.ir.call import Constant, ConstantArg, KernelCall, ParamsArg, TensorArg
from codegen.ir.graph import Array, Graph, Operator, Quantization
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    batched,
    data_argument,
    invalid,
    prove_accumulator,
    require_counts,
    require_input,
    require_options,
    require_per_tensor,
    require_shape,
    unsupported,
)
from codegen.quantization import INT8_MAX, INT8_MIN, quantize_multiplier

_MAX_RANK = 5


@dataclass(frozen=True)
class _Sizes:
    """Leading axes of the output, and the extents of one product."""

    batches: tuple[int, ...]
    rows: int
    columns: int
    depth: int
    right_depth: int


class BatchMatmul(OperatorSpec):
    """left · right for each pair of matrices."""

    kind = "BATCH_MATMUL"

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read which operand is transposed."""
        if builtin_options is None:
            return {}
        return {"adj_x": bool(builtin_options.AdjX()), "adj_y": bool(builtin_options.AdjY())}

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, shapes, and that the sum fits."""
        require_counts(graph, operator, (2,))
        require_options(graph, operator)
        left = require_input(graph, operator, 0, "left operand")
        right = require_input(graph, operator, 1, "right operand")
        output = graph.tensor(operator.outputs[0])
        for tensor in (left, right, output):
            require_per_tensor(graph, operator, tensor)
            if not 2 <= len(tensor.shape) <= _MAX_RANK:
                unsupported(
                    graph, operator, f"has rank {len(tensor.shape)}, expected 2 to 5", tensor.index
                )
        if left.is_constant and right.is_constant:
            unsupported(graph, operator, "has constants only; export with constants folded")
        sizes = _sizes(graph, operator)
        if sizes is None or sizes.depth != sizes.right_depth:
            invalid(
                graph,
                operator,
                f"has operands {list(left.shape)} and {list(right.shape)}, which do not fit; "
                "export the model again",
            )
        require_shape(graph, operator, output, (*sizes.batches, sizes.rows, sizes.columns))
        _prove(graph, operator, sizes)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_batch_matmul_s8`."""
        sizes = _sizes(graph, operator)
        assert sizes is not None
        left, right, output = _quantizations(graph, operator)
        found = [data_argument(graph.tensor(i), f"input{n}") for n, i in enumerate(operator.inputs)]
        multiplier, shift = quantize_multiplier(left.scale * right.scale / output.scale)
        left_steps, right_steps = (sizes.depth, 1), (1, sizes.columns)
        if operator.options["adj_x"]:
            left_steps = (1, sizes.rows)
        if operator.options["adj_y"]:
            right_steps = (sizes.depth, 1)
        starts = _starts(graph, operator, sizes.batches)
        return KernelCall(
            kernel="safe_kernel_batch_matmul_s8",
            header="safe/kernel/batch_matmul.h",
            source="batch_matmul",
            arguments=(
                ParamsArg(),
                found[0][0],
                found[1][0],
                ConstantArg("starts"),
                TensorArg(operator.outputs[0]),
            ),
            params_type="safe_batch_matmul_params_t",
            params={
                "batches": len(starts),
                "rows": sizes.rows,
                "columns": sizes.columns,
                "depth": sizes.depth,
                "row_step": left_steps[0],
                "left_step": left_steps[1],
                "column_step": right_steps[0],
                "right_step": right_steps[1],
                "left_zero_point": left.zero_point,
                "right_zero_point": right.zero_point,
                "multiplier": multiplier,
                "shift": shift,
                "output_zero_point": output.zero_point,
            },
            constants=(
                *found[0][1],
                *found[1][1],
                Constant("starts", starts, counts_as_weight=False),
            ),
            macs=len(starts) * sizes.rows * sizes.columns * sizes.depth,
            notes=("reference kernel", _prove(graph, operator, sizes)),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Multiply in int64."""
        quantizations = _quantizations(graph, operator)
        rank = len(graph.tensor(operator.outputs[0]).shape)
        operands = []
        for place, name in enumerate(("adj_x", "adj_y")):
            values = batched(graph, operator.inputs[place], inputs[place]).astype(np.int64)
            values = values - quantizations[place].zero_point
            values = values.swapaxes(-1, -2) if operator.options[name] else values
            missing = rank + 1 - values.ndim
            operands.append(values.reshape(len(values), *[1] * missing, *values.shape[1:]))
        sums = operands[0] @ operands[1]
        left, right, output = quantizations
        factor = quantize_multiplier(left.scale * right.scale / output.scale)
        result = requantize(sums, *factor) + output.zero_point
        return [saturate(result, INT8_MIN, INT8_MAX).astype(np.int8)]


def _quantizations(
    graph: Graph, operator: Operator
) -> tuple[Quantization, Quantization, Quantization]:
    found = [graph.tensor(i).quantization for i in (*operator.inputs, operator.outputs[0])]
    left, right, output = found
    assert left is not None
    assert right is not None
    assert output is not None
    return left, right, output


def _sizes(graph: Graph, operator: Operator) -> _Sizes | None:
    """Return the extents; None where the leading axes do not broadcast."""
    left, right = (graph.tensor(index).shape for index in operator.inputs)
    rows, depth = reversed(left[-2:]) if operator.options["adj_x"] else left[-2:]
    right_depth, columns = reversed(right[-2:]) if operator.options["adj_y"] else right[-2:]
    try:
        batches = np.broadcast_shapes(left[:-2], right[:-2])
    except ValueError:
        return None
    return _Sizes(batches, rows, columns, depth, right_depth)


def _starts(graph: Graph, operator: Operator, batches: tuple[int, ...]) -> Array:
    """Return int32[batches, 2]: where the matrices of each batch begin."""
    starts = []
    for index in operator.inputs:
        shape = graph.tensor(index).shape
        places = np.arange(prod(shape[:-2]), dtype=np.int32) * prod(shape[-2:])
        starts.append(np.broadcast_to(places.reshape(shape[:-2]), batches).reshape(-1))
    return np.ascontiguousarray(np.stack(starts, axis=-1), dtype=np.int32)


def _prove(graph: Graph, operator: Operator, sizes: _Sizes) -> str:
    left, right, output = _quantizations(graph, operator)
    spans = [max(127 - q.zero_point, q.zero_point + 128) for q in (left, right)]
    bound = np.array([sizes.depth * spans[0] * spans[1]], dtype=np.int64)
    _, shift = quantize_multiplier(left.scale * right.scale / output.scale)
    return prove_accumulator(graph, operator, bound, np.array([shift]))


OPERATOR = BatchMatmul()
