"""What element-wise operators of two inputs share: broadcasting, constants, the one-value case.

Shapes broadcast as in TensorFlow Lite Micro: aligned at the last axis, an extent of 1 repeats.
Either input may be a constant. An int8 operator whose constant input is a single value is a
function of one int8 value and becomes a table lookup.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from codegen.fixed_point import Int64
from codegen.ir.call import KernelCall, ParamsArg, TensorArg
from codegen.ir.graph import Array, DType, Graph, Operator, Quantization
from codegen.ir.rows import Known, RowRule
from codegen.operators import row_rules
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    activation_name,
    data_argument,
    in_place,
    invalid,
    require_activation,
    require_counts,
    require_input,
    require_options,
    require_per_tensor,
    require_shape,
    unsupported,
)
from codegen.operators.elementwise.unary import lookup_call
from codegen.operators.table import INPUTS, Table
from codegen.quantization import (
    INT8_MAX,
    INT8_MIN,
    INT16_MAX,
    INT16_MIN,
    activation_range,
)

BROADCAST_AXES = 5
"""Largest rank of a broadcast, SAFE_BROADCAST_AXES of safe/kernel/broadcast.h."""

_LIMITS = {DType.INT8: (INT8_MIN, INT8_MAX), DType.INT16: (INT16_MIN, INT16_MAX)}
_SUFFIX = {DType.INT8: "s8", DType.INT16: "s16"}


@dataclass(frozen=True)
class Sides:
    """The three quantizations and the output's limits."""

    input1: Quantization
    input2: Quantization
    output: Quantization
    low: int
    high: int


class Elementwise(OperatorSpec):
    """An operator that computes each output from one value of either input."""

    clamps = True
    dtypes: ClassVar[tuple[DType, ...]] = (DType.INT8, DType.INT16)
    _stem: ClassVar[str]
    """Stem of the names of kernel, header and parameter type, e.g. `add`."""

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read the fused activation."""
        if builtin_options is None:
            return {}
        return {"fused_activation": activation_name(builtin_options.FusedActivationFunction())}

    def evaluate(self, graph: Graph, operator: Operator, first: Int64, second: Int64) -> Int64:
        """Return the exact results of broadcastable quantized values."""
        raise NotImplementedError

    def check_integers(self, graph: Graph, operator: Operator) -> None:
        """Raise unless the scales allow the arithmetic of `evaluate`."""
        raise NotImplementedError

    def params(self, graph: Graph, operator: Operator) -> Mapping[str, Any]:
        """Return the fields of the kernel's element structure."""
        raise NotImplementedError

    def swapped(self, graph: Graph, operator: Operator) -> bool:
        """Return whether the kernel takes the second input first."""
        del graph, operator
        return False

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, shapes, scales and the fused activation."""
        require_counts(graph, operator, (2,))
        require_options(graph, operator)
        require_activation(graph, operator)
        first = require_input(graph, operator, 0, "first input")
        second = require_input(graph, operator, 1, "second input")
        output = graph.tensor(operator.outputs[0])
        require_per_tensor(graph, operator, output, *self.dtypes)
        for tensor in (first, second, output):
            quantization = require_per_tensor(graph, operator, tensor, output.dtype)
            if tensor.dtype == DType.INT16 and quantization.zero_point != 0:
                unsupported(
                    graph, operator, "is int16 with a zero point other than 0", tensor.index
                )
        if first.is_constant and second.is_constant:
            unsupported(graph, operator, "has constants only; export with constants folded")
        try:
            shape = np.broadcast_shapes(first.shape, second.shape)
        except ValueError:
            invalid(
                graph,
                operator,
                f"has shapes {list(first.shape)} and {list(second.shape)}, which do not broadcast",
            )
        require_shape(graph, operator, output, shape)
        if len(broadcast_axes(first.shape, second.shape)) > BROADCAST_AXES + 1:
            unsupported(graph, operator, f"repeats along more than {BROADCAST_AXES + 1} axes")
        self.check_integers(graph, operator)

    def shape(self, graph: Graph, operator: Operator) -> tuple[int, ...] | None:
        """Return the shape to which both inputs broadcast; None where they do not."""
        first, second = (graph.tensor(index).shape for index in operator.inputs)
        try:
            return np.broadcast_shapes(first, second)
        except ValueError:
            return None

    def int8_table(self, graph: Graph, operator: Operator) -> Table | None:
        """Return the 256 results where the other input is one constant value, else None."""
        tensors = [graph.tensor(index) for index in operator.inputs]
        output = graph.tensor(operator.outputs[0])
        if output.dtype != DType.INT8:
            return None
        for constant, value, swapped in ((1, 0, False), (0, 1, True)):
            data = tensors[constant].data
            if data is None or data.size != 1 or tensors[value].shape != output.shape:
                continue
            if tensors[value].is_constant or tensors[value].is_variable:
                return None
            other = data.reshape(1).astype(np.int64)
            pair = (other, INPUTS) if swapped else (INPUTS, other)
            return self.evaluate(graph, operator, *pair).astype(np.int8)
        return None

    def rows(self, graph: Graph, operator: Operator, known: Known) -> RowRule | str:
        """Return the rows of both sides: each element follows from one of either."""
        return row_rules.both_sides(graph, operator, known)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of the operator's kernel, or a table lookup."""
        output = graph.tensor(operator.outputs[0])
        table = self.int8_table(graph, operator)
        if table is not None:
            value = next(i for i in operator.inputs if not graph.tensor(i).is_constant)
            return lookup_call(graph, value, output.index, table)
        tensors = [graph.tensor(index) for index in operator.inputs]
        if self.swapped(graph, operator):
            tensors.reverse()
        found = [data_argument(tensor, f"input{n}") for n, tensor in enumerate(tensors, 1)]
        suffix = _SUFFIX[output.dtype]
        whole = [tensor.index for tensor in tensors if tensor.shape == output.shape]
        return KernelCall(
            kernel=f"safe_kernel_{self._stem}_{suffix}",
            header=f"safe/kernel/{self._stem}.h",
            source=self._stem if output.dtype == DType.INT8 else f"{self._stem}_{suffix}",
            arguments=(ParamsArg(), found[0][0], found[1][0], TensorArg(output.index)),
            params_type=f"safe_{self._stem}_params_t",
            params={
                "walk": walk_params(tensors[0].shape, tensors[1].shape),
                "element": self.params(graph, operator),
            },
            constants=(*found[0][1], *found[1][1]),
            notes=("reference kernel",),
            in_place=in_place(graph, *whole),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Broadcast with numpy; constants repeat for every inference."""
        output = graph.tensor(operator.outputs[0])
        rank = len(output.shape)
        values = []
        for index, array in zip(operator.inputs, inputs, strict=True):
            assert array is not None
            shape = graph.tensor(index).shape
            count = 1 if graph.tensor(index).is_constant else array.shape[0]
            padded = (count, *[1] * (rank - len(shape)), *shape)
            values.append(array.astype(np.int64).reshape(padded))
        result = self.evaluate(graph, operator, values[0], values[1])
        return [result.astype(output.dtype.value)]


def sides(graph: Graph, operator: Operator) -> Sides:
    """Return scales and limits of a checked operator."""
    found = [graph.tensor(i).quantization for i in (*operator.inputs, operator.outputs[0])]
    output = graph.tensor(operator.outputs[0])
    input1, input2, quantization = found
    assert input1 is not None
    assert input2 is not None
    assert quantization is not None
    low, high = activation_range(
        str(operator.options["fused_activation"]),
        quantization.scale,
        quantization.zero_point,
        _LIMITS[output.dtype],
    )
    return Sides(input1, input2, quantization, low, high)


def broadcast_axes(first: Sequence[int], second: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return (count, step1, step2) for each axis of the output that is walked, innermost first.

    Neighbouring axes along which the same inputs advance are one; axes of extent 1 are left out.
    """
    rank = max(len(first), len(second))
    shape1 = (*[1] * (rank - len(first)), *first)
    shape2 = (*[1] * (rank - len(second)), *second)
    axes: list[tuple[int, int, int]] = []
    stride1 = stride2 = 1
    for extent1, extent2 in zip(reversed(shape1), reversed(shape2), strict=True):
        count = max(extent1, extent2)
        step1 = stride1 if extent1 > 1 else 0
        step2 = stride2 if extent2 > 1 else 0
        stride1, stride2 = stride1 * extent1, stride2 * extent2
        if count == 1:
            continue
        before = axes[-1] if axes else None
        if before and (step1, step2) == (before[0] * before[1], before[0] * before[2]):
            axes[-1] = (before[0] * count, before[1], before[2])
        else:
            axes.append((count, step1, step2))
    return axes


def walk_params(first: Sequence[int], second: Sequence[int]) -> Mapping[str, Any]:
    """Return the fields of `safe_broadcast_t` for two input shapes."""
    axes = broadcast_axes(first, second) or [(1, 1, 1)]
    (length, step1, step2), outer = axes[0], axes[1:]
    rest = [(1, 0, 0)] * (BROADCAST_AXES - len(outer))
    return {
        "rows": int(np.prod([count for count, _, _ in outer], dtype=np.int64)),
        "length": length,
        "step1": step1,
        "step2": step2,
        "axes": len(outer),
        "axis": [
            dict(zip(("count", "step1", "step2"), axis, strict=True)) for axis in (*outer, *rest)
        ],
    }
