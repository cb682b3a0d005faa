"""REROLLED_GRU: an unrolled Keras GRU (reset_after) as a loop over its steps.

No file holds it: the pass `reroll_gru` makes it. Inputs: the sequence int8[T, 1, I] (or any shape
of T · I values in that order), the weights int8[3 · U, I] and int8[3 · U, U], the bias
int32[3 · U], the 1 of 1 − z, the three recurrent terms int8[U] of the first step, and the
recurrent bias int32[3 · U] of each other step. Output: the hidden state after the last step, or
(`all_steps`) after each. Gates stand in Keras' order update, reset, value.
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
    require_constant,
    require_input,
    require_per_tensor,
    require_weights,
    unsupported,
)
from codegen.operators.recurrent import gru as _gru
from codegen.operators.recurrent import gru_fit as _gru_fit
from codegen.operators.recurrent.rerolled_fit import UnfitError
from codegen.operators.recurrent.words import shared_constants

SHARED = 5
"""Number of inputs before the terms of the first step."""
FIRST = SHARED + _gru.GATES
"""Number of inputs before the recurrent biases."""


class RerolledGru(OperatorSpec):
    """The loop; option `steps` is a tuple of `gru.Step`, `all_steps` what is written."""

    kind = "REROLLED_GRU"
    internal = True

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types and sizes, and that the kernel gives the bytes of the unrolled graph."""
        source = require_input(graph, operator, 0, "sequence")
        require_per_tensor(graph, operator, source)
        inputs = require_input(graph, operator, 1, "weights")
        recurrent = require_input(graph, operator, 2, "recurrent weights")
        rows, units = recurrent.shape
        for tensor in (inputs, recurrent):
            require_weights(graph, operator, tensor, rows)
        for place in (3, *range(FIRST, len(operator.inputs))):
            bias_values(graph, operator, graph.tensor(operator.inputs[place]), rows)
        for place in range(SHARED - 1, FIRST):
            tensor = graph.tensor(operator.inputs[place])
            require_per_tensor(graph, operator, tensor, DType.INT8)
            require_constant(graph, operator, tensor)
        steps = len(operator.options["steps"])
        written = steps if operator.options["all_steps"] else 1
        if (
            rows != _gru.GATES * units
            or inputs.shape[0] != rows
            or len(operator.inputs) != FIRST + steps - 1
            or source.elements != steps * inputs.shape[1]
            or graph.tensor(operator.outputs[0]).elements != written * units
        ):
            invalid(graph, operator, f"has shape {list(source.shape)}, not {steps} steps")
        try:
            _gru_fit.fit(cell(graph, operator))
        except UnfitError as error:
            unsupported(graph, operator, f"has scales that the loop cannot reproduce: {error}")

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_rerolled_gru_s8`; weights as in the file."""
        p = cell(graph, operator)
        fitted = _gru_fit.fit(p)
        rows, units = p.recurrent_weights.shape
        depth, steps = p.input_weights.shape[1], len(p.steps)
        constants = (*_constants(p), *shared_constants(fitted))
        return KernelCall(
            kernel="safe_kernel_rerolled_gru_s8",
            header="safe/kernel/rerolled_gru.h",
            source="rerolled_gru",
            arguments=(
                ParamsArg(),
                TensorArg(operator.inputs[0]),
                *(ConstantArg(constant.suffix) for constant in constants),
                ScratchArg("scratch"),
                TensorArg(operator.outputs[0]),
            ),
            params_type="safe_rerolled_gru_params_t",
            params={
                "time_steps": steps,
                "input_size": depth,
                "units": units,
                "output_step": units if operator.options["all_steps"] else 0,
                "input_zero_point": p.sequence.zero_point,
            },
            constants=constants,
            scratch=(Scratch("scratch", fitted.words[0].nbytes + 2 * rows, alignment=4),),
            macs=rows * (steps * depth + (steps - 1) * units),
            notes=(
                "reference kernel, one table of scales per step",
                f"{len(fitted.exact)} sums as TFLM rounds them, all others affine",
            ),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Run the recurrence."""
        values = inputs[0]
        assert values is not None
        p = cell(graph, operator)
        outputs = _gru.run(p, values.reshape(len(values), len(p.steps), -1))
        if not operator.options["all_steps"]:
            outputs = outputs[:, -1]
        shape = graph.tensor(operator.outputs[0]).shape
        return [np.ascontiguousarray(outputs).reshape(len(values), *shape)]


def _constants(p: _gru.GruCell) -> tuple[Constant, ...]:
    """Return weights and biases as the reference kernel reads them."""
    return (
        Constant("weights", p.input_weights),
        Constant("recurrent", p.recurrent_weights),
        Constant("bias", p.input_bias),
        Constant("first_terms", p.first_terms),
        Constant("recurrent_bias", p.recurrent_bias),
    )


def cell(graph: Graph, operator: Operator) -> _gru.GruCell:
    """Return the weights, scales and steps of the operator, which passed its check of types."""
    return _cell(operator, tuple(graph.tensor(i) for i in operator.inputs))


@lru_cache(maxsize=4)
def _cell(operator: Operator, tensors: tuple[Tensor, ...]) -> _gru.GruCell:
    """Return one object for the same operator and tensors, for which its constants are kept."""
    source, inputs, recurrent, bias, one = tensors[:SHARED]
    rows = recurrent.shape[0]
    terms = [np.asarray(tensor.data).reshape(-1) for tensor in tensors[SHARED:FIRST]]
    biases = [np.asarray(tensor.data).reshape(-1) for tensor in tensors[FIRST:]]
    return _gru.GruCell(
        sequence=_quantization(source),
        input_weights=np.asarray(inputs.data),
        input_scales=_row_scales(_quantization(inputs), rows),
        recurrent_weights=np.asarray(recurrent.data),
        recurrent_scales=_row_scales(_quantization(recurrent), rows),
        input_bias=np.asarray(bias.data).reshape(-1).astype(np.int32),
        first_terms=np.concatenate(terms),
        recurrent_bias=np.array(biases, np.int32).reshape(-1, rows),
        one=int(np.asarray(one.data).reshape(-1)[0]),
        one_quantization=_quantization(one),
        steps=operator.options["steps"],
    )


def _quantization(tensor: Tensor) -> Quantization:
    assert tensor.quantization is not None
    return tensor.quantization


def _row_scales(quantization: Quantization, rows: int) -> tuple[float, ...]:
    return quantization.scales if quantization.per_channel else quantization.scales * rows


OPERATOR = RerolledGru()
