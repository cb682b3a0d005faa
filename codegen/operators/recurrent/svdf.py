"""SVDF: filters of rank 1 in features and time, int8 with an int16 state that stays between calls.

input int8[B, I], feature weights int8[F, I], time weights int16[F, M], bias int32[F / rank],
state int16[B, F · M]; output int8[B, F / rank]. Source of the arithmetic: TFLM's
EvalIntegerSvdfReference, double rounding, scales in double precision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from codegen.fixed_point import Int64, exact_dot, requantize, saturate
from codegen.ir.call import Constant, ConstantArg, KernelCall, ParamsArg, TensorArg
from codegen.ir.graph import Array, DType, Graph, Operator
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    activation_name,
    bias_values,
    invalid,
    prove_accumulator,
    require_constant,
    require_counts,
    require_dtype,
    require_input,
    require_options,
    require_per_tensor,
    require_shape,
    require_weights,
    unsupported,
)
from codegen.quantization import INT8_MAX, INT8_MIN, INT16_MAX, INT16_MIN, quantize_multiplier

_INPUT, _FEATURES, _TIME, _BIAS, _STATE = range(5)


@dataclass(frozen=True, eq=False)
class _Integers:
    """Weights as int64, and (multiplier, shift) of both sums."""

    features: Int64
    time: Int64
    bias: Int64
    rank: int
    input_zero_point: int
    output_zero_point: int
    feature_scale: tuple[int, int]
    output_scale: tuple[int, int]


class Svdf(OperatorSpec):
    """One step of the filters; the state is for the next one."""

    kind = "SVDF"
    keeps_state = True
    updates = (_STATE,)

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read the rank and the fused activation, which TFLM ignores."""
        if builtin_options is None:
            return {}
        return {
            "rank": int(builtin_options.Rank()),
            "fused_activation": activation_name(builtin_options.FusedActivationFunction()),
        }

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, shapes, scales, and that the sums fit."""
        require_counts(graph, operator, (5,))
        require_options(graph, operator)
        source = require_input(graph, operator, _INPUT, "input")
        features = require_input(graph, operator, _FEATURES, "feature weights")
        time = require_input(graph, operator, _TIME, "time weights")
        bias = require_input(graph, operator, _BIAS, "bias")
        state = require_input(graph, operator, _STATE, "state")
        output = graph.tensor(operator.outputs[0])
        rank = operator.options["rank"]
        shapes = [t.shape for t in (source, features, time)]
        if any(len(shape) != 2 for shape in shapes) or rank < 1 or features.shape[0] % rank:
            invalid(graph, operator, f"has shapes {shapes} at rank {rank}; export the model again")
        batches, inputs = source.shape
        filters, memory = time.shape
        require_shape(graph, operator, features, (filters, inputs))
        require_shape(graph, operator, output, (batches, filters // rank))
        require_shape(graph, operator, state, (batches, filters * memory))
        require_per_tensor(graph, operator, source)
        require_per_tensor(graph, operator, output)
        if require_weights(graph, operator, features, filters).per_channel:
            unsupported(graph, operator, "has per-channel feature weights", features.index)
        for tensor in (time, state):
            if require_per_tensor(graph, operator, tensor, DType.INT16).zero_point != 0:
                unsupported(graph, operator, "has a zero point other than 0", tensor.index)
        require_constant(graph, operator, time)
        require_dtype(graph, operator, bias, DType.INT32)
        if not state.is_variable:
            invalid(graph, operator, "is no variable; export the model again", state.index)
        if operator.options["fused_activation"] not in ("NONE", "RELU"):
            unsupported(graph, operator, f"has activation {operator.options['fused_activation']}")
        _prove(graph, operator)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_svdf_s8`."""
        p = _integers(graph, operator)
        batches, inputs = graph.tensor(operator.inputs[_INPUT]).shape
        filters, memory = p.time.shape
        return KernelCall(
            kernel="safe_kernel_svdf_s8",
            header="safe/kernel/svdf.h",
            source="svdf",
            arguments=(
                ParamsArg(),
                TensorArg(operator.inputs[_INPUT]),
                ConstantArg("feature_weights"),
                ConstantArg("time_weights"),
                ConstantArg("bias"),
                TensorArg(operator.inputs[_STATE]),
                TensorArg(operator.outputs[0]),
            ),
            params_type="safe_svdf_params_t",
            params={
                "batches": batches,
                "inputs": inputs,
                "filters": filters,
                "rank": p.rank,
                "memory": memory,
                "input_zero_point": p.input_zero_point,
                "feature_multiplier": p.feature_scale[0],
                "feature_shift": p.feature_scale[1],
                "multiplier": p.output_scale[0],
                "shift": p.output_scale[1],
                "output_zero_point": p.output_zero_point,
            },
            constants=(
                Constant("feature_weights", p.features.astype(np.int8)),
                Constant("time_weights", p.time.astype(np.int16)),
                Constant("bias", p.bias.astype(np.int32)),
            ),
            macs=batches * filters * (inputs + memory),
            notes=("reference kernel", *_prove(graph, operator)),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Compute one step in int64; returns the outputs and the new state."""
        values, before = inputs[_INPUT], inputs[_STATE]
        assert values is not None
        assert before is not None
        p = _integers(graph, operator)
        sums = exact_dot(values.astype(np.int64) - p.input_zero_point, p.features)  # N, B, F
        newest = saturate(requantize(sums, *p.feature_scale), INT16_MIN, INT16_MAX)
        state = before.astype(np.int64).reshape(*newest.shape, p.time.shape[1])
        state = np.concatenate([state[..., 1:], newest[..., np.newaxis]], axis=-1)
        filtered = (state * p.time).sum(axis=-1)
        units = filtered.reshape(*filtered.shape[:-1], -1, p.rank).sum(axis=-1) + p.bias
        result = requantize(units, *p.output_scale) + p.output_zero_point
        limited = saturate(result, INT8_MIN, INT8_MAX).astype(np.int8)
        return [limited, state.astype(np.int16).reshape(before.shape)]


def _integers(graph: Graph, operator: Operator) -> _Integers:
    found = [graph.tensor(i).quantization for i in (*operator.inputs, operator.outputs[0])]
    source, features, time, _, state, output = found
    assert source is not None
    assert features is not None
    assert time is not None
    assert state is not None
    assert output is not None
    weights = require_constant(graph, operator, graph.tensor(operator.inputs[_FEATURES]))
    in_time = require_constant(graph, operator, graph.tensor(operator.inputs[_TIME]))
    units = in_time.shape[0] // operator.options["rank"]
    return _Integers(
        features=weights.astype(np.int64),
        time=in_time.astype(np.int64),
        bias=bias_values(graph, operator, graph.tensor(operator.inputs[_BIAS]), units),
        rank=operator.options["rank"],
        input_zero_point=source.zero_point,
        output_zero_point=output.zero_point,
        feature_scale=quantize_multiplier(source.scale * features.scale / state.scale),
        output_scale=quantize_multiplier(state.scale * time.scale / output.scale),
    )


def _prove(graph: Graph, operator: Operator) -> tuple[str, str]:
    """Check that both sums fit; return the lines for the manifest."""
    p = _integers(graph, operator)
    span = max(127 - p.input_zero_point, p.input_zero_point + 128)
    first = span * np.abs(p.features).sum(axis=1)
    units = np.abs(p.time).sum(axis=1).reshape(-1, p.rank).sum(axis=1)
    second = np.abs(p.bias) + 32768 * units
    return (
        prove_accumulator(
            graph, operator, first, np.array([p.feature_scale[1]]), operator.inputs[_FEATURES]
        ),
        prove_accumulator(
            graph, operator, second, np.array([p.output_scale[1]]), operator.inputs[_TIME]
        ),
    )


OPERATOR = Svdf()
