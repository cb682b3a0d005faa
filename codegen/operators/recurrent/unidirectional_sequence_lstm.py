"""UNIDIRECTIONAL_SEQUENCE_LSTM: int8 activations and weights, int16 cell state.

input int8[B, T, I] (or [T, B, I] when time-major), output int8[B, T, U] (or [T, B, U]), states
int8[B, U] and int16[B, U]. Source of the arithmetic: TFLM's lstm_eval. No peephole,
projection or normalization, as Keras' LSTM.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from codegen.ir.call import (
    Constant,
    ConstantArg,
    KernelCall,
    ParamsArg,
    Scratch,
    ScratchArg,
    TensorArg,
)
from codegen.ir.graph import ABSENT, Array, DType, Graph, Operator
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    activation_name,
    bias_values,
    invalid,
    require_counts,
    require_dtype,
    require_input,
    require_options,
    require_per_tensor,
    require_shape,
    require_weights,
    unsupported,
)
from codegen.operators.layout.strided_slice import slices
from codegen.operators.recurrent import lstm as _lstm

_EXTRAS = {
    9: "peephole weights",
    10: "peephole weights",
    11: "peephole weights",
    16: "a projection",
    17: "a projection",
    20: "layer normalization",
    21: "layer normalization",
    22: "layer normalization",
    23: "layer normalization",
}


class UnidirectionalSequenceLstm(OperatorSpec):
    """The fused LSTM that the converter writes for a rolled Keras LSTM.

    Option `last_step` (set by `absorb`): only the last hidden state is written.
    """

    kind = "UNIDIRECTIONAL_SEQUENCE_LSTM"

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read activation, clips and layout."""
        if builtin_options is None:
            return {}
        return {
            "fused_activation": activation_name(builtin_options.FusedActivationFunction()),
            "cell_clip": float(builtin_options.CellClip()),
            "time_major": bool(builtin_options.TimeMajor()),
            "diagonal_recurrent": bool(builtin_options.DiagonalRecurrentTensors()),
            "last_step": False,
        }

    def absorb(self, graph: Graph, operator: Operator, consumer: Operator) -> Operator | None:
        """Take over a STRIDED_SLICE that keeps the last time step of all batches and units."""
        if consumer.kind != "STRIDED_SLICE" or operator.options["last_step"]:
            return None
        sequence = graph.tensor(operator.outputs[0])
        time_axis = 0 if operator.options["time_major"] else 1
        for axis, (part, size) in enumerate(
            zip(slices(graph, consumer), sequence.shape, strict=True)
        ):
            first, count = (size - 1, 1) if axis == time_axis else (0, size)
            if (part.start, part.count) != (first, count) or (count > 1 and part.step != 1):
                return None
        return replace(
            operator, outputs=consumer.outputs, options={**operator.options, "last_step": True}
        )

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check the variant, types, shapes, scales, and that every accumulator fits."""
        require_counts(graph, operator, (20, 24))
        require_options(graph, operator)
        _check_variant(graph, operator)
        source = require_input(graph, operator, 0, "input")
        hidden = require_input(graph, operator, _lstm.HIDDEN_STATE, "hidden state")
        cell = require_input(graph, operator, _lstm.CELL_STATE, "cell state")
        output = graph.tensor(operator.outputs[0])
        if len(source.shape) != 3 or 0 in source.shape:
            invalid(
                graph,
                operator,
                f"has shape {list(source.shape)}, expected [batches, steps, inputs]; export the "
                "model again",
                source.index,
            )
        sizes = _lstm.sizes(graph, operator)
        for state in (hidden, cell):
            if state.elements != sizes.batches * sizes.units or not state.is_variable:
                invalid(
                    graph,
                    operator,
                    f"has shape {list(state.shape)}, expected a variable tensor of "
                    f"[{sizes.batches}, {sizes.units}]; export the model again",
                    state.index,
                )
        if operator.options["last_step"]:
            if output.elements != sizes.batches * sizes.units:
                invalid(
                    graph,
                    operator,
                    f"has shape {list(output.shape)}, expected the last step of "
                    f"[{sizes.batches}, {sizes.units}]",
                    output.index,
                )
        else:
            require_shape(graph, operator, output, (*source.shape[:2], sizes.units))
        require_per_tensor(graph, operator, source)
        require_per_tensor(graph, operator, hidden)
        require_per_tensor(graph, operator, output)
        require_per_tensor(graph, operator, cell, DType.INT16)
        _lstm.cell_power(graph, operator)
        _check_gates(graph, operator, sizes)
        _lstm.prove(graph, operator, _lstm.integers(graph, operator))

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_unidirectional_sequence_lstm_s8`.

        It reads weights [unit][gate][k], gates in the order input, forget, cell, output.
        """
        p = _lstm.integers(graph, operator)
        rows = _lstm.GATES * p.sizes.units
        steps = p.sizes.batches * p.sizes.time_steps
        return KernelCall(
            kernel="safe_kernel_unidirectional_sequence_lstm_s8",
            header="safe/kernel/unidirectional_sequence_lstm.h",
            source="unidirectional_sequence_lstm",
            arguments=(
                ParamsArg(),
                TensorArg(operator.inputs[0]),
                ConstantArg("input_weights"),
                ConstantArg("input_bias"),
                ConstantArg("recurrent_weights"),
                ConstantArg("recurrent_bias"),
                ConstantArg("scales"),
                ConstantArg("sigmoid_table"),
                TensorArg(operator.inputs[_lstm.HIDDEN_STATE]),
                TensorArg(operator.inputs[_lstm.CELL_STATE]),
                ScratchArg("expanded"),
                TensorArg(operator.outputs[0]),
            ),
            params_type="safe_lstm_params_t",
            params=_lstm.params(operator, p),
            constants=(
                Constant("input_weights", p.input_weights),
                Constant("input_bias", p.input_bias.astype("int32")),
                Constant("recurrent_weights", p.recurrent_weights),
                Constant(
                    "recurrent_bias", p.recurrent_bias.astype("int32"), counts_as_weight=False
                ),
                Constant("scales", p.scales.astype("int32"), counts_as_weight=False),
                Constant("sigmoid_table", _lstm.table(), counts_as_weight=False),
            ),
            scratch=(Scratch("expanded", 0, alignment=1),),
            macs=steps * rows * (p.sizes.inputs + p.sizes.units),
            notes=(
                "reference kernel, four gates of a unit at a time, zero points folded into bias",
                _lstm.written(operator),
                *_lstm.scale_notes(graph, operator),
                *_lstm.prove(graph, operator, p),
            ),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Run all steps from a reset state; `inputs[0]` is int8[N, …], states are ignored."""
        values = inputs[0]
        assert values is not None
        time_major = operator.options["time_major"]
        sequence = values if time_major else values.swapaxes(1, 2)  # N, T, B, I
        hidden = _lstm.run(_lstm.integers(graph, operator), sequence)  # N, T, B, U
        if operator.options["last_step"]:
            hidden = hidden[:, -1]
        elif not time_major:
            hidden = hidden.swapaxes(1, 2)
        return [hidden.reshape(-1, *graph.tensor(operator.outputs[0]).shape)]


def _check_variant(graph: Graph, operator: Operator) -> None:
    for position, name in _EXTRAS.items():
        if position < len(operator.inputs) and operator.inputs[position] != ABSENT:
            unsupported(graph, operator, f"has {name}; use a plain LSTM", operator.inputs[position])
    for position in range(1, 9):
        if operator.inputs[position] == ABSENT:
            unsupported(graph, operator, f"lacks weights (input {position}); use a plain LSTM")
    if operator.options["fused_activation"] != "TANH":
        unsupported(
            graph,
            operator,
            f"has activation {operator.options['fused_activation']}; only tanh is supported",
        )
    if operator.options["diagonal_recurrent"]:
        unsupported(graph, operator, "has diagonal recurrent weights; use a plain LSTM")


def _check_gates(graph: Graph, operator: Operator, sizes: _lstm.Sizes) -> None:
    for gate in range(_lstm.GATES):
        for first, depth in ((1, sizes.inputs), (5, sizes.units)):
            weights = require_input(graph, operator, first + gate, "weights")
            require_shape(graph, operator, weights, (sizes.units, depth))
            scales = require_weights(graph, operator, weights, sizes.units)
            if scales.per_channel:
                unsupported(graph, operator, "has per-channel gate weights", weights.index)
        bias = require_input(graph, operator, _lstm.FIRST_BIAS + gate, "bias")
        require_dtype(graph, operator, bias, DType.INT32)
        bias_values(graph, operator, bias, sizes.units)


OPERATOR = UnidirectionalSequenceLstm()
