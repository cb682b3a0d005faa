"""REDUCE_MAX, int8: the largest value over any axes, at one scale and zero point.

Source of the arithmetic: TFLM's EvalMinMaxHelper, which compares the integers as they are.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from codegen.ir.call import KernelCall, ParamsArg, TensorArg
from codegen.ir.graph import Array, DType, Graph, Operator
from codegen.operators.checks import require_same_values
from codegen.operators.reduction.axes import Reduction, batch_axes, loop_params


class ReduceMax(Reduction):
    """The largest value over one or more axes."""

    kind = "REDUCE_MAX"
    dtypes = (DType.INT8,)
    sign: ClassVar[int] = 1
    """1 where the largest value wins, −1 where the smallest does."""

    def check_integers(self, graph: Graph, operator: Operator) -> None:
        """Refuse a change of scale, as TFLite Micro does."""
        source, output = graph.tensor(operator.inputs[0]), graph.tensor(operator.outputs[0])
        require_same_values(graph, operator, output, source)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_reduce_extreme_s8`."""
        return KernelCall(
            kernel="safe_kernel_reduce_extreme_s8",
            header="safe/kernel/reduce_extreme.h",
            source="reduce_extreme",
            arguments=(
                ParamsArg(),
                TensorArg(operator.inputs[0]),
                TensorArg(operator.outputs[0]),
            ),
            params_type="safe_reduce_extreme_params_t",
            params={"loops": loop_params(graph, operator), "sign": self.sign},
            notes=("compares integers",),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Take the extreme with numpy."""
        values = inputs[0]
        assert values is not None
        signed = self.sign * values.astype(np.int64)
        found = self.sign * signed.max(axis=batch_axes(graph, operator))
        return [found.astype(np.int8).reshape(-1, *graph.tensor(operator.outputs[0]).shape)]


OPERATOR = ReduceMax()
