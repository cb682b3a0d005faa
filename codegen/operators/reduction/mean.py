"""MEAN, int8 or int16: the mean over any axes, with another scale.

Source of the arithmetic: TFLM's `reference_ops::QuantizedMeanOrSum`. The sum is exact; the number
of elements n divides the integer multiplier, after a left shift by ⌊log2 n⌋ that keeps its bits.
There is no special case for axes 1 and 2 in TFLM's integer path (TFLite on a host has one).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codegen.fixed_point import requantize, saturate
from codegen.ir.call import KernelCall, ParamsArg, TensorArg
from codegen.ir.graph import Array, DType, Graph, Operator
from codegen.operators.checks import prove_accumulator
from codegen.operators.reduction.axes import Reduction, batch_axes, loop_params
from codegen.quantization import quantize_multiplier

_SUFFIX = {DType.INT8: "s8", DType.INT16: "s16"}


@dataclass(frozen=True)
class _Integers:
    number: int
    """Number of elements that one result is taken over."""
    multiplier: int
    shift: int
    input_zero_point: int
    output_zero_point: int


class Mean(Reduction):
    """Mean over one or more axes."""

    kind = "MEAN"

    def check_integers(self, graph: Graph, operator: Operator) -> None:
        """Prove that the sum fits."""
        _prove(graph, operator, self._integers(graph, operator))

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_mean_s8` or `_s16`."""
        p = self._integers(graph, operator)
        suffix = _SUFFIX[graph.tensor(operator.inputs[0]).dtype]
        return KernelCall(
            kernel=f"safe_kernel_mean_{suffix}",
            header="safe/kernel/mean.h",
            source="mean" if suffix == "s8" else "mean_s16",
            arguments=(
                ParamsArg(),
                TensorArg(operator.inputs[0]),
                TensorArg(operator.outputs[0]),
            ),
            params_type="safe_mean_params_t",
            params={
                "loops": loop_params(graph, operator),
                "start": -p.number * p.input_zero_point,
                "multiplier": p.multiplier,
                "shift": p.shift,
                "output_zero_point": p.output_zero_point,
            },
            notes=(f"{p.number} values for each output", _prove(graph, operator, p)),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Sum in int64 and rescale."""
        values = inputs[0]
        assert values is not None
        p = self._integers(graph, operator)
        output = graph.tensor(operator.outputs[0])
        sums = values.astype(np.int64).sum(axis=batch_axes(graph, operator))
        scaled = requantize(sums - p.number * p.input_zero_point, p.multiplier, p.shift)
        limits = np.iinfo(output.dtype.value)
        result = saturate(scaled + p.output_zero_point, int(limits.min), int(limits.max))
        return [result.astype(output.dtype.value).reshape(-1, *output.shape)]

    def factor(self, number: int, multiplier: int, shift: int) -> tuple[int, int]:
        """Return multiplier and shift of a sum of `number` values, from those of the scales."""
        # TFLM's own limits: no more than 32, and the remaining right shift no more than 31.
        left = min(number.bit_length() - 1, 32, 31 + shift)
        return (multiplier << left) // number, shift - left

    def _integers(self, graph: Graph, operator: Operator) -> _Integers:
        source, output = graph.tensor(operator.inputs[0]), graph.tensor(operator.outputs[0])
        assert source.quantization is not None
        assert output.quantization is not None
        number = source.elements // output.elements
        ratio = quantize_multiplier(source.quantization.scale / output.quantization.scale)
        multiplier, shift = self.factor(number, *ratio)
        return _Integers(
            number=number,
            multiplier=multiplier,
            shift=shift,
            input_zero_point=source.quantization.zero_point,
            output_zero_point=output.quantization.zero_point,
        )


def _prove(graph: Graph, operator: Operator, p: _Integers) -> str:
    limits = np.iinfo(graph.tensor(operator.inputs[0]).dtype.value)
    low, high = int(limits.min), int(limits.max)
    span = max(high - p.input_zero_point, p.input_zero_point - low)
    bound = np.array([p.number * max(span, abs(p.input_zero_point))], dtype=np.int64)
    return prove_accumulator(graph, operator, bound, np.array([p.shift]), operator.inputs[0])


OPERATOR = Mean()
