"""What operators that multiply by constant int8 weights share: sums, scales, checks, constants.

CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV and FULLY_CONNECTED of int8 values: an int32 sum for each
output channel, rescaled with two roundings. Input 1 of each of them is its weights.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from codegen.fixed_point import requantize, saturate
from codegen.ir.call import (
    Constant,
    ConstantArg,
    KernelCall,
    ParamsArg,
    Scratch,
    ScratchArg,
    TensorArg,
)
from codegen.ir.graph import Graph, Operator
from codegen.operators.base import Operands
from codegen.operators.checks import (
    accumulator_bound,
    bias_values,
    fold_bias,
    optional_input,
    prove_accumulator,
    require_activation,
    require_constant,
    require_per_tensor,
    require_weights,
)
from codegen.quantization import activation_range, output_multipliers

WEIGHTS = 1
"""Position of the input that holds the weights."""


@dataclass(frozen=True, eq=False)
class Products:
    """Everything the arithmetic needs; `multiplier` and `shift` have 1 or `channels` entries."""

    weights: NDArray[np.int8]
    """Weights in the file's shape."""
    rows: NDArray[np.int8]
    """Weights as [channels, products of one sum]."""
    bias: NDArray[np.int64]
    multiplier: NDArray[np.int32]
    shift: NDArray[np.int8]
    input_zero_point: int
    output_zero_point: int
    low: int
    high: int
    folds: bool

    @property
    def step(self) -> int:
        """Field `requantize_step` of the parameters: 1 where each channel has its own scale."""
        return int(self.multiplier.size > 1)

    @property
    def scales(self) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
        """Multiplier and TFLite shift of one or every channel."""
        return self.multiplier, self.shift

    @property
    def limits(self) -> Mapping[str, int]:
        """The last fields of the parameters of most kernels."""
        return {
            "input_zero_point": self.input_zero_point,
            "output_zero_point": self.output_zero_point,
            "output_min": self.low,
            "output_max": self.high,
        }

    @property
    def constants(self) -> tuple[Constant, ...]:
        """Constant arrays that the portable kernels read."""
        return (
            Constant("weights", self.weights),
            Constant("bias", self.bias.astype(np.int32)),
            Constant("multiplier", self.multiplier, counts_as_weight=False),
            Constant("shift", self.shift, counts_as_weight=False),
        )

    def rescale(self, sums: ArrayLike) -> NDArray[np.int8]:
        """Return the limited outputs for sums[…, channels] without bias."""
        scaled = requantize(np.asarray(sums, np.int64) + self.bias, self.multiplier, self.shift)
        return saturate(scaled + self.output_zero_point, self.low, self.high).astype(np.int8)

    def prove(self, graph: Graph, operator: Operator) -> str:
        """Check that no sum leaves int32 and return the line for the manifest."""
        bound = accumulator_bound(self.bias, self.rows, 128 if self.folds else 255)
        return prove_accumulator(graph, operator, bound, self.shift, operator.inputs[WEIGHTS])


PLAIN = Operands()


def products(graph: Graph, operator: Operator, at: Operands = PLAIN) -> Products:
    """Return the integers of an operator whose types, shapes and scales are sound."""
    source = graph.tensor(operator.inputs[at.source]).quantization
    tensor = graph.tensor(operator.inputs[WEIGHTS])
    output = graph.tensor(operator.outputs[0]).quantization
    assert source is not None
    assert tensor.quantization is not None
    assert output is not None
    weights = require_constant(graph, operator, tensor)
    channels = weights.shape[at.axis]
    rows = np.moveaxis(weights, at.axis, 0).reshape(channels, -1)
    bias = bias_values(graph, operator, optional_input(graph, operator, at.bias), channels)
    multiplier, shift = output_multipliers(source.scale, tensor.quantization.scales, output.scale)
    low, high = activation_range(
        require_activation(graph, operator), output.scale, output.zero_point
    )
    return Products(
        weights=weights,
        rows=rows,
        bias=fold_bias(bias, rows, source.zero_point) if at.folds else bias,
        multiplier=multiplier,
        shift=shift,
        input_zero_point=source.zero_point,
        output_zero_point=output.zero_point,
        low=low,
        high=high,
        folds=at.folds,
    )


def check(graph: Graph, operator: Operator, at: Operands = PLAIN) -> None:
    """Check types and scales of all operands, and that the sums fit; shapes are checked before."""
    weights = graph.tensor(operator.inputs[WEIGHTS])
    channels = weights.shape[at.axis]
    require_per_tensor(graph, operator, graph.tensor(operator.inputs[at.source]))
    require_weights(graph, operator, weights, channels, axis=at.axis)
    require_per_tensor(graph, operator, graph.tensor(operator.outputs[0]))
    bias_values(graph, operator, optional_input(graph, operator, at.bias), channels)
    products(graph, operator, at).prove(graph, operator)


def reference_call(
    operator: Operator,
    p: Products,
    scratch: str,
    fields: Mapping[str, Any],
    *,
    macs: int,
    notes: tuple[str, ...],
    at: Operands = PLAIN,
) -> KernelCall:
    """Return the call of the portable kernel `safe_kernel_<kind>_s8`.

    `fields` are its parameters; `scratch` names the memory that kernels of an instruction set need
    at this place and that the portable one does not.
    """
    stem = operator.kind.lower()
    return KernelCall(
        kernel=f"safe_kernel_{stem}_s8",
        header=f"safe/kernel/{stem}.h",
        source=stem,
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[at.source]),
            *(ConstantArg(constant.suffix) for constant in p.constants),
            ScratchArg(scratch),
            TensorArg(operator.outputs[0]),
        ),
        params_type=f"safe_{stem}_params_t",
        params=fields,
        constants=p.constants,
        scratch=(Scratch(scratch, 0, alignment=1),),
        macs=macs,
        notes=notes,
    )
