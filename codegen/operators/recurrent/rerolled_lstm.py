"""REROLLED_LSTM: an unrolled Keras LSTM as a loop over its steps.

No file holds it: the pass `reroll` makes it. Inputs: the sequence int8[T, 1, I] (or any shape of
T · I values in that order), the weights int8[4 · U, I] and int8[4 · U, U], the first step's bias
int32[4 · U], the other steps' bias int8[4 · U]. Output: the hidden state after the last step,
or (`all_steps`) after each. Gates stand in Keras' order i, f, g, o.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from codegen.ir.call import (
    Constant,
    ConstantArg,
    KernelCall,
    ParamsArg,
    Scratch,
    ScratchArg,
    TensorArg,
)
from codegen.ir.graph import Array, DType, Graph, Operator, Quantization, Tensor
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    bias_values,
    invalid,
    prove_accumulator,
    require_constant,
    require_counts,
    require_input,
    require_per_tensor,
    require_weights,
    unsupported,
)
from codegen.operators.recurrent import rerolled as _rerolled


class RerolledLstm(OperatorSpec):
    """The loop; option `steps` is a tuple of `rerolled.Step`, `all_steps` what is written."""

    kind = "REROLLED_LSTM"
    internal = True

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types and sizes, and that the kernel gives the bytes of the unrolled graph."""
        require_counts(graph, operator, (5,))
        source = require_input(graph, operator, 0, "sequence")
        require_per_tensor(graph, operator, source)
        inputs = require_input(graph, operator, 1, "weights")
        recurrent = require_input(graph, operator, 2, "recurrent weights")
        rows, units = recurrent.shape
        for tensor in (inputs, recurrent):
            require_weights(graph, operator, tensor, rows)
        bias_values(graph, operator, graph.tensor(operator.inputs[3]), rows)
        require_per_tensor(graph, operator, graph.tensor(operator.inputs[4]), DType.INT8)
        output = graph.tensor(operator.outputs[0])
        steps = len(operator.options["steps"])
        written = steps if operator.options["all_steps"] else 1
        if (
            rows != _rerolled.GATES * units
            or inputs.shape[0] != rows
            or source.elements != steps * inputs.shape[1]
            or output.elements != written * units
        ):
            invalid(graph, operator, f"has shape {list(source.shape)}, not {steps} steps")
        _prove(graph, operator)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_rerolled_lstm_s8`; weights as in the file."""
        p = cell(graph, operator)
        tables, proofs = _prove(graph, operator)
        rows, units = p.recurrent_weights.shape
        steps, depth = len(p.steps), p.input_weights.shape[1]
        constants = (
            Constant("weights", p.input_weights),
            Constant("recurrent", p.recurrent_weights),
            _own("scales", np.asarray(p.input_scales, np.float32).view(np.uint32)),
            _own("recurrent_scales", np.asarray(p.recurrent_scales, np.float32).view(np.uint32)),
            Constant("first_bias", p.first_bias),
            Constant("bias", p.bias),
            _own("multipliers", tables.multipliers.reshape(-1)),
            _own("smalls", tables.smalls.reshape(-1)),
            _own("sigmoid", _rerolled.thresholds("LOGISTIC")),
            _own("tanh", _rerolled.thresholds("TANH")),
        )
        return KernelCall(
            kernel="safe_kernel_rerolled_lstm_s8",
            header="safe/kernel/rerolled_lstm.h",
            source="rerolled_lstm",
            arguments=(
                ParamsArg(),
                TensorArg(operator.inputs[0]),
                *(ConstantArg(constant.suffix) for constant in constants),
                ScratchArg("gates"),
                ScratchArg("tables"),
                TensorArg(operator.outputs[0]),
            ),
            params_type="safe_rerolled_lstm_params_t",
            params={
                "time_steps": steps,
                "input_size": depth,
                "units": units,
                "output_step": units if operator.options["all_steps"] else 0,
                "input_zero_point": p.sequence.zero_point,
                "bias_zero_point": p.bias_quantization.zero_point,
            },
            constants=constants,
            scratch=(
                Scratch("gates", 2 * rows + units, alignment=1),
                Scratch("tables", 512, alignment=1),
            ),
            macs=rows * (steps * depth + (steps - 1) * units),
            notes=("reference kernel, one table of scales per step", *proofs),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Run the recurrence."""
        values = inputs[0]
        assert values is not None
        p = cell(graph, operator)
        sequence = values.reshape(len(values), len(p.steps), -1)
        outputs = _rerolled.run(p, sequence)
        if not operator.options["all_steps"]:
            outputs = outputs[:, -1]
        shape = graph.tensor(operator.outputs[0]).shape
        return [np.ascontiguousarray(outputs).reshape(len(values), *shape)]


def cell(graph: Graph, operator: Operator) -> _rerolled.LstmCell:
    """Return the weights, scales and steps of the operator."""
    tensors = tuple(graph.tensor(i) for i in operator.inputs)
    for tensor in tensors[1:]:
        require_constant(graph, operator, tensor)
    return _cell(operator, tensors)


@lru_cache(maxsize=4)
def _cell(operator: Operator, tensors: tuple[Tensor, ...]) -> _rerolled.LstmCell:
    """Return one object for the same operator and tensors, for which its constants are kept."""
    source, inputs, recurrent, _, bias = tensors
    rows = recurrent.shape[0]
    data = [np.asarray(tensor.data) for tensor in tensors[1:]]
    return _rerolled.LstmCell(
        sequence=_quantization(source),
        input_weights=data[0],
        input_scales=_row_scales(_quantization(inputs), rows),
        recurrent_weights=data[1],
        recurrent_scales=_row_scales(_quantization(recurrent), rows),
        first_bias=data[2].reshape(-1).astype(np.int32),
        bias=data[3].reshape(-1),
        bias_quantization=_quantization(bias),
        steps=operator.options["steps"],
    )


def _own(suffix: str, data: Array) -> Constant:
    return Constant(suffix, data, counts_as_weight=False)


def _quantization(tensor: Tensor) -> Quantization:
    assert tensor.quantization is not None
    return tensor.quantization


def _row_scales(quantization: Quantization, rows: int) -> tuple[float, ...]:
    return quantization.scales if quantization.per_channel else quantization.scales * rows


def _prove(graph: Graph, operator: Operator) -> tuple[_rerolled.Tables, tuple[str, str]]:
    """Return the kernel's tables and a line for each product; raises unless all fits."""
    p = cell(graph, operator)
    tables = _rerolled.tables(p)
    if tables is None:
        unsupported(graph, operator, "has scales that the loop cannot reproduce")
    bounds, shifts = _rerolled.bounds(p), _rerolled.largest_shifts(tables, p)
    first = prove_accumulator(graph, operator, bounds[0], shifts[0], operator.inputs[1])
    second = prove_accumulator(graph, operator, bounds[1], shifts[1], operator.inputs[2])
    return tables, (f"input terms: {first}", f"recurrent terms: {second}")


OPERATOR = RerolledLstm()
