"""PAD (int8 or int16) and PADV2 (int8): a border of one value around a tensor of up to five axes.

PAD fills with the output's zero point, PADV2 with a constant. Source: TFLM's `reference_ops::Pad`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from codegen.ir.call import KernelCall, ParamsArg, TensorArg
from codegen.ir.graph import Array, DType, Graph, Operator
from codegen.ir.rows import Known, RowRule
from codegen.operators import row_rules
from codegen.operators.base import Border, OperatorSpec
from codegen.operators.checks import (
    invalid,
    require_constant,
    require_counts,
    require_dtype,
    require_input,
    require_per_tensor,
    require_shape,
    unsupported,
)

MAX_RANK = 5
"""Largest rank, TFLM's own limit; the kernel has a loop for each axis but the last."""


@dataclass(frozen=True)
class _Axis:
    """One axis: border before, input extent, border behind."""

    before: int
    size: int
    after: int

    @property
    def output(self) -> int:
        return self.before + self.size + self.after

    @property
    def border(self) -> int:
        return self.before + self.after


class Pad(OperatorSpec):
    """The padding; `PADV2` differs by a third input only."""

    kind = "PAD"
    dtypes: ClassVar[tuple[DType, ...]] = (DType.INT8, DType.INT16)

    _input_count = 2

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, constant borders, their value, and the output's shape."""
        require_counts(graph, operator, (self._input_count,))
        source = require_input(graph, operator, 0, "input")
        borders = require_input(graph, operator, 1, "borders")
        output = graph.tensor(operator.outputs[0])
        require_per_tensor(graph, operator, source, *self.dtypes)
        filled = require_per_tensor(graph, operator, output, source.dtype)
        if source.dtype is DType.INT16 and filled.zero_point != 0:
            unsupported(graph, operator, "is int16 with a zero point other than 0", output.index)
        rank = len(source.shape)
        if not 1 <= rank <= MAX_RANK:
            unsupported(graph, operator, f"has rank {rank}, at most {MAX_RANK}", source.index)
        require_dtype(graph, operator, borders, DType.INT32)
        values = require_constant(graph, operator, borders)
        if values.size != 2 * rank or values.min() < 0:
            invalid(
                graph,
                operator,
                f"holds {values.reshape(-1).tolist()}, expected {2 * rank} counts of at least 0",
                borders.index,
            )
        require_shape(graph, operator, output, tuple(a.output for a in axes(graph, operator)))
        self._check_value(graph, operator)

    def _check_value(self, graph: Graph, operator: Operator) -> None:
        """Check the value of the border, where it is an input."""

    def value(self, graph: Graph, operator: Operator) -> int:
        """Return what every element of the border holds."""
        quantization = graph.tensor(operator.outputs[0]).quantization
        assert quantization is not None
        return quantization.zero_point

    def border(self, graph: Graph, operator: Operator) -> Border:
        """Return value and widths."""
        widths = tuple((a.before, a.after) for a in axes(graph, operator))
        return Border(self.value(graph, operator), widths)

    def rows(self, graph: Graph, operator: Operator, known: Known) -> RowRule | str:
        """Return the same rows, where the border lies inside of them."""
        separate = _pads_inside(graph, operator, known)
        return row_rules.inside(operator, known, separate=separate)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_pad_bytes`."""
        size = graph.tensor(operator.inputs[0]).dtype.itemsize
        # In bytes: an int16 border is 0, so that both its bytes are.
        joined = _joined([*axes(graph, operator), _Axis(0, size, 0)])
        *outer, last = joined
        steps = [prod(a.output for a in joined[n + 1 :]) for n in range(len(joined))]
        loops = [
            {"count": a.size, "gap_bytes": a.border * step}
            for a, step in zip(outer, steps, strict=False)
        ]
        loops = [{"count": 1, "gap_bytes": 0}] * (MAX_RANK - 1 - len(loops)) + loops
        return KernelCall(
            kernel="safe_kernel_pad_bytes",
            header="safe/kernel/pad.h",
            source="pad",
            arguments=(
                ParamsArg(),
                TensorArg(operator.inputs[0]),
                TensorArg(operator.outputs[0]),
            ),
            params_type="safe_pad_params_t",
            params={
                "output_bytes": graph.tensor(operator.outputs[0]).size_bytes,
                "first_bytes": sum(a.before * s for a, s in zip(joined, steps, strict=True)),
                "run_bytes": last.size,
                "run_gap_bytes": last.border,
                "value": self.value(graph, operator),
                **{f"axis{n}": loop for n, loop in enumerate(loops)},
            },
            notes=(f"copies runs of {last.size} bytes",),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Pad with numpy."""
        values = inputs[0]
        assert values is not None
        widths = [(0, 0), *((a.before, a.after) for a in axes(graph, operator))]
        return [np.pad(values, widths, constant_values=self.value(graph, operator))]


def axes(graph: Graph, operator: Operator) -> list[_Axis]:
    """Return border and extent of every axis, outermost first."""
    shape = graph.tensor(operator.inputs[0]).shape
    borders = require_constant(graph, operator, graph.tensor(operator.inputs[1])).reshape(-1, 2)
    return [
        _Axis(int(before), size, int(after))
        for size, (before, after) in zip(shape, borders, strict=True)
    ]


def _joined(found: list[_Axis]) -> list[_Axis]:
    """Return the axes with those that have no border joined to the one before them.

    An axis [size] with a border around positions of `inner` elements each is one axis of
    size · inner elements with a border of so many elements.
    """
    joined: list[_Axis] = []
    for axis in found:
        if joined and axis.border == 0:
            last = joined.pop()
            joined.append(
                _Axis(last.before * axis.size, last.size * axis.size, last.after * axis.size)
            )
        else:
            joined.append(axis)
    return joined


def _pads_inside(graph: Graph, operator: Operator, known: Known) -> bool:
    """Return whether no border lies along the rows, or before them."""
    _, rows = row_rules.streamed(graph, operator, known)
    return not any(axis.border for axis in axes(graph, operator)[: rows.axis + 1])


OPERATOR = Pad()
