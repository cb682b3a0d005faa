"""FULLY_CONNECTED: output = clamp(requantize(input · weightsᵀ + bias)).

input int8[batches, K] (leading dimensions flattened), weights int8[units, K], bias
int32[units], output int8[batches, units]. Source of the arithmetic: TFLM's
`reference_integer_ops::FullyConnected(PerChannel)`, double rounding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import exact_dot, requantize, saturate
from codegen.ir.graph import Array, Graph, Operator, Quantization, Tensor
from codegen.operators import _int16, _packing, _rv32
from codegen.operators._common import (
    accumulator_bound,
    activation_name,
    bias_values,
    fold_bias,
    invalid,
    optional_input,
    prove_accumulator,
    require_activation,
    require_constant,
    require_counts,
    require_input,
    require_per_tensor,
    require_shape,
    require_weights,
    unsupported,
)
from codegen.operators.base import (
    Constant,
    ConstantArg,
    KernelCall,
    KernelChoice,
    OperatorSpec,
    ParamsArg,
    Scratch,
    ScratchArg,
    TensorArg,
)
from codegen.quantization import activation_range, output_multipliers

_LITTLE = 4096
"""Products in all FULLY_CONNECTED of a graph below which a faster kernel is not worth its code:
it would save some 10,000 instructions for 1,200 bytes."""


@dataclass(frozen=True, eq=False)
class _Integers:
    """Everything the arithmetic needs; `multiplier` and `shift` have 1 or `units` entries."""

    batches: int
    depth: int
    units: int
    weights: NDArray[np.int8]
    bias: NDArray[np.int64]
    multiplier: NDArray[np.int32]
    shift: NDArray[np.int8]
    zero_point: int
    low: int
    high: int


class FullyConnected(OperatorSpec):
    """The dense matrix product."""

    kind = "FULLY_CONNECTED"

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
        source_scales = require_per_tensor(graph, operator, source)
        weight_scales = require_weights(graph, operator, weights, units)
        output_scales = require_per_tensor(graph, operator, output)
        bias = optional_input(graph, operator, 2)
        bias_values(graph, operator, bias, units)
        _check_bias_scale(graph, operator, bias, (source_scales, weight_scales, output_scales))
        integers = _integers(graph, operator)
        _prove(graph, operator, integers)

    def lower(self, graph: Graph, operator: Operator, choice: KernelChoice) -> KernelCall | None:
        """Return the call of `safe_kernel_fully_connected_s8`, its dsp or its rv32 variant.

        The reference reads weights as in the file; the dsp kernel paired rows and the rv32 kernel
        rows side by side, where the weights prove that it is exact.
        """
        if _int16.is_int16(graph, operator):
            return _lower_s16(graph, operator)
        p = _integers(graph, operator)
        proof = _prove(graph, operator, p)
        if choice.isa == "ref":
            return _reference_call(operator, p, (proof,))
        if choice.isa == "rv32":
            return _rv32_call(operator, p, proof)
        if choice.optimize != "speed" and _is_little(graph):
            note = f"no dsp kernel: fewer than {_LITTLE} products do not pay for its code"
            return _reference_call(operator, p, (note, proof))
        bound = int(_packing.sum_bound(p.weights, p.bias).max())
        refusal = _packing.refuse_rows(p.weights, p.bias) or _packing.refuse_rescale(
            p.multiplier, p.shift, p.zero_point, bound
        )
        if refusal is not None:
            return _reference_call(operator, p, (f"no dsp kernel: {refusal}", proof))
        return _dsp_call(operator, p, bound)

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Compute with int64 sums; `inputs[0]` is int8[N, …]."""
        values = inputs[0]
        assert values is not None
        if _int16.is_int16(graph, operator):
            wide = _int16.integers(graph, operator)
            rows = values.reshape(values.shape[0], -1, wide.weights.shape[1])
            result = wide.rescale(exact_dot(rows, wide.weights)).astype(np.int16)
            return [result.reshape(-1, *graph.tensor(operator.outputs[0]).shape)]
        p = _integers(graph, operator)
        rows = values.reshape(values.shape[0], p.batches, p.depth)
        scaled = requantize(exact_dot(rows, p.weights) + p.bias, p.multiplier, p.shift)
        result = saturate(scaled + p.zero_point, p.low, p.high).astype(np.int8)
        return [result.reshape(-1, *graph.tensor(operator.outputs[0]).shape)]


def _lower_s16(graph: Graph, operator: Operator) -> KernelCall:
    """Return the call of `safe_kernel_fully_connected_s16`."""
    p = _int16.integers(graph, operator)
    units, depth = p.weights.shape
    batches = graph.tensor(operator.inputs[0]).elements // depth
    fields = {"batches": batches, "depth": depth, "units": units}
    note = _int16.prove(graph, operator)
    return p.call(operator, "fully_connected", fields, batches, note)


def _is_little(graph: Graph) -> bool:
    """Return whether the graph multiplies little outside of convolutions.

    An LSTM brings most of the dsp kernel's code by itself.
    """
    products = 0
    for operator in graph.operators:
        if operator.kind == "UNIDIRECTIONAL_SEQUENCE_LSTM":
            return False
        if operator.kind == OPERATOR.kind:
            weights, source = graph.tensor(operator.inputs[1]), graph.tensor(operator.inputs[0])
            products += source.elements * weights.shape[0]
    return products < _LITTLE


def _reference_call(operator: Operator, p: _Integers, notes: tuple[str, ...]) -> KernelCall:
    per_channel = p.multiplier.size > 1
    return KernelCall(
        kernel="safe_kernel_fully_connected_s8",
        header="safe/kernel/fully_connected.h",
        source="fully_connected",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("weights"),
            ConstantArg("bias"),
            ConstantArg("multiplier"),
            ConstantArg("shift"),
            ScratchArg("expanded"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_fully_connected_params_t",
        params={
            "batches": p.batches,
            "depth": p.depth,
            "units": p.units,
            "requantize_step": int(per_channel),
            "output_zero_point": p.zero_point,
            "output_min": p.low,
            "output_max": p.high,
        },
        constants=(
            Constant("weights", p.weights),
            Constant("bias", p.bias.astype(np.int32)),
            Constant("multiplier", p.multiplier, counts_as_weight=False),
            Constant("shift", p.shift, counts_as_weight=False),
        ),
        scratch=(Scratch("expanded", 0, alignment=1),),
        macs=p.batches * p.units * p.depth,
        notes=(
            f"reference kernel, {'per-channel' if per_channel else 'per-tensor'} scales, "
            "input zero point folded into the bias",
            *notes,
        ),
    )


def _dsp_call(operator: Operator, p: _Integers, bound: int) -> KernelCall:
    step = int(p.multiplier.size > 1)
    return KernelCall(
        kernel="safe_kernel_fully_connected_s8_dsp",
        header="safe/kernel/fully_connected_dsp.h",
        source="fully_connected_dsp",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("weights"),
            ConstantArg("start"),
            ConstantArg("multiplier"),
            ConstantArg("shift"),
            ScratchArg("expanded"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_fully_connected_dsp_params_t",
        params={
            "batches": p.batches,
            "row": _packing.dense_row(p.weights, step, p.zero_point, (p.low, p.high)),
        },
        constants=_packing.dense_constants(p.weights, p.bias, p.multiplier, p.shift),
        scratch=(Scratch("expanded", 8 * _packing.blocks(p.depth), alignment=4),),
        macs=p.batches * p.units * p.depth,
        notes=(
            "dsp kernel, rows in pairs, eight at a time",
            f"|sum| <= {bound}; the first of each pair < 2^23",
        ),
    )


def _rv32_call(operator: Operator, p: _Integers, proof: str) -> KernelCall:
    dense = _rv32.Dense(p.weights, p.bias, (p.multiplier, p.shift), p.zero_point)
    refusal = _rv32.refusal(dense, _rv32.DOT8_MIN_ROWS)
    if refusal is not None:
        return _reference_call(operator, p, (f"no rv32 kernel: {refusal}", proof))
    return _rv32.fully_connected_call(operator, dense, p.batches, (p.low, p.high))


def _check_bias_scale(
    graph: Graph, operator: Operator, bias: Tensor | None, scales: tuple[Quantization, ...]
) -> None:
    """TFLM's own rule: a per-tensor bias must have (about) the accumulator's scale."""
    source, weights, output = scales
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


def _integers(graph: Graph, operator: Operator) -> _Integers:
    source = graph.tensor(operator.inputs[0])
    weights = graph.tensor(operator.inputs[1])
    output = graph.tensor(operator.outputs[0])
    assert source.quantization is not None
    assert weights.quantization is not None
    assert output.quantization is not None
    units, depth = weights.shape
    data = require_constant(graph, operator, weights)
    bias = bias_values(graph, operator, optional_input(graph, operator, 2), units)
    multiplier, shift = output_multipliers(
        source.quantization.scale, weights.quantization.scales, output.quantization.scale
    )
    zero_point = output.quantization.zero_point
    low, high = activation_range(
        require_activation(graph, operator), output.quantization.scale, zero_point
    )
    return _Integers(
        batches=source.elements // depth,
        depth=depth,
        units=units,
        weights=data,
        bias=fold_bias(bias, data, source.quantization.zero_point),
        multiplier=multiplier,
        shift=shift,
        zero_point=zero_point,
        low=low,
        high=high,
    )


def _prove(graph: Graph, operator: Operator, p: _Integers) -> str:
    bound = accumulator_bound(p.bias, p.weights)
    return prove_accumulator(graph, operator, bound, p.shift, operator.inputs[1])


OPERATOR = FullyConnected()
