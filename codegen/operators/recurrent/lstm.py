"""LstmIntegers of the LSTM, its parameter structure, and the numpy recurrence."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import frexp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import Int64, exact_dot, requantize, saturate, sigmoid_s16, tanh_s16
from codegen.ir.graph import Array, Graph, Operator, Quantization
from codegen.operators.checks import (
    accumulator_bound,
    bias_values,
    fold_bias,
    prove_accumulator,
    require_constant,
    unsupported,
)
from codegen.quantization import INT8_MAX, INT8_MIN, INT16_MAX, INT16_MIN, quantize_multiplier
from codegen.sigmoid_table import SIGMOID_TABLE

GATES = 4
"""Number of gates: input, forget, cell, output, in the order of the operator's inputs and of the
packing."""
FIRST_INPUT_WEIGHTS, FIRST_RECURRENT_WEIGHTS, FIRST_BIAS = 1, 5, 12
HIDDEN_STATE, CELL_STATE = 18, 19

GATE_SCALE = 2.0**-12
"""Scale of a gate before its activation, which is in Q3.12."""
ACTIVATION_SCALE = 2.0**-15
"""Scale of the results of sigmoid and tanh, which are in Q0.15."""
NO_CLIP = 1 << 15
_BLOCK = 32
"""Number of windows computed together: few enough for their gates to stay in the cache."""


@dataclass(frozen=True)
class Sizes:
    """Extent of the sequence and of the cell."""

    batches: int
    time_steps: int
    inputs: int
    units: int


@dataclass(frozen=True, eq=False)
class LstmIntegers:
    """Everything the arithmetic needs.

    Weights are [units, 4, K] and bias [units, 4], folded; `scales` is [2, 4, 2]: (input,
    recurrent) × gate × (multiplier, shift). `forget`, `update`, `hidden` are (multiplier,
    shift) of the three products.
    """

    sizes: Sizes
    input_weights: NDArray[np.int8]
    input_bias: Int64
    recurrent_weights: NDArray[np.int8]
    recurrent_bias: Int64
    scales: Int64
    forget: tuple[int, int]
    update: tuple[int, int]
    hidden: tuple[int, int]
    hidden_zero_point: int
    cell_clip: int
    tanh: tuple[int, int]


def written(operator: Operator) -> str:
    """Return the line for the manifest that says which steps are written."""
    return "writes the last step only" if operator.options["last_step"] else "all steps"


def scale_notes(graph: Graph, operator: Operator) -> tuple[str, ...]:
    """Return a line where the file gives the output another scale than the hidden state has.

    The converter writes that where a CONCATENATION wants one scale for its inputs. TFLite Micro
    copies the hidden state's bytes all the same, and so does SAFE.
    """
    hidden = _quantization(graph, operator.inputs[HIDDEN_STATE])
    output = _quantization(graph, operator.outputs[0])
    if (hidden.scale, hidden.zero_point) == (output.scale, output.zero_point):
        return ()
    return (
        f"the file gives the output scale {output.scale:.6g} and zero point {output.zero_point}, "
        f"the hidden state {hidden.scale:.6g} and {hidden.zero_point}: the bytes are the hidden "
        "state's, as in TFLite Micro",
    )


def table() -> NDArray[np.uint16]:
    """Return the sigmoid table as the kernels read it."""
    return np.array(SIGMOID_TABLE, dtype=np.uint16)


def sizes(graph: Graph, operator: Operator) -> Sizes:
    """Read the sizes from the input and the input gate's recurrent weights."""
    shape = graph.tensor(operator.inputs[0]).shape
    batches, steps = (shape[1], shape[0]) if operator.options["time_major"] else shape[:2]
    units = graph.tensor(operator.inputs[FIRST_RECURRENT_WEIGHTS]).shape[0]
    return Sizes(batches, steps, shape[2], units)


def cell_power(graph: Graph, operator: Operator) -> int:
    """Return p of the cell state's scale 2^p; raises unless it is a power of two ≤ 1."""
    index = operator.inputs[CELL_STATE]
    scale = _quantization(graph, index).scale
    zero_point = _quantization(graph, index).zero_point
    fraction, exponent = frexp(scale)
    if fraction != 0.5 or not -15 <= exponent - 1 <= 0 or zero_point != 0:
        unsupported(
            graph,
            operator,
            f"has scale {scale} and zero point {zero_point}, expected a power of two in "
            "[2^-15, 1] and 0",
            index,
        )
    return exponent - 1


def integers(graph: Graph, operator: Operator) -> LstmIntegers:
    """Compute all integers; the operator must have passed `check`."""
    extent = sizes(graph, operator)
    source = _quantization(graph, operator.inputs[0])
    hidden = _quantization(graph, operator.inputs[HIDDEN_STATE])
    cell_scale = _quantization(graph, operator.inputs[CELL_STATE]).scale
    power = cell_power(graph, operator)
    input_rows, input_bias, input_scales = _terms(
        graph, operator, FIRST_INPUT_WEIGHTS, source, extent.units, with_bias=True
    )
    rows, bias, scales = _terms(
        graph, operator, FIRST_RECURRENT_WEIGHTS, hidden, extent.units, with_bias=False
    )
    left = 12 + power
    product = ACTIVATION_SCALE * ACTIVATION_SCALE
    return LstmIntegers(
        sizes=extent,
        input_weights=input_rows,
        input_bias=input_bias,
        recurrent_weights=rows,
        recurrent_bias=bias,
        scales=np.stack([input_scales, scales]),
        forget=quantize_multiplier(ACTIVATION_SCALE * cell_scale / cell_scale),
        update=quantize_multiplier(product / cell_scale),
        hidden=quantize_multiplier(product / hidden.scale),
        hidden_zero_point=hidden.zero_point,
        cell_clip=_cell_clip(operator, cell_scale),
        tanh=(3 << left, 0) if left >= 0 else (3, -left),
    )


def _cell_clip(operator: Operator, cell_scale: float) -> int:
    clip = float(operator.options["cell_clip"])
    if not clip > 0.0:
        return NO_CLIP
    return int(min(clip / cell_scale, float(INT16_MAX)))


def _quantization(graph: Graph, index: int) -> Quantization:
    quantization = graph.tensor(index).quantization
    assert quantization is not None
    return quantization


def _terms(
    graph: Graph,
    operator: Operator,
    first: int,
    source: Quantization,
    units: int,
    *,
    with_bias: bool,
) -> tuple[NDArray[np.int8], Int64, Int64]:
    """Return packed weights, folded bias and (multiplier, shift) of four neighbouring inputs."""
    rows, biases, pairs = [], [], []
    for gate in range(GATES):
        tensor = graph.tensor(operator.inputs[first + gate])
        weights = require_constant(graph, operator, tensor)
        bias_tensor = graph.tensor(operator.inputs[FIRST_BIAS + gate]) if with_bias else None
        bias = bias_values(graph, operator, bias_tensor, units)
        rows.append(weights)
        biases.append(fold_bias(bias, weights, source.zero_point))
        scale = _quantization(graph, tensor.index).scale
        pairs.append(quantize_multiplier(source.scale * scale / GATE_SCALE))
    packed = np.ascontiguousarray(np.stack(rows, axis=1), dtype=np.int8)
    return packed, np.stack(biases, axis=1), np.array(pairs, dtype=np.int64)


def params(operator: Operator, p: LstmIntegers) -> Mapping[str, Any]:
    """Return the fields of `safe_lstm_params_t` in order."""
    s = p.sizes
    time_major = operator.options["time_major"]
    output_time, output_batch = (s.batches, 1) if time_major else (1, s.time_steps)
    if operator.options["last_step"]:
        output_time, output_batch = 0, 1
    return {
        "batches": s.batches,
        "time_steps": s.time_steps,
        "input_size": s.inputs,
        "units": s.units,
        "input_batch_step": s.inputs * (1 if time_major else s.time_steps),
        "input_time_step": s.inputs * (s.batches if time_major else 1),
        "output_batch_step": s.units * output_batch,
        "output_time_step": s.units * output_time,
        "forget_multiplier": p.forget[0],
        "forget_shift": p.forget[1],
        "update_multiplier": p.update[0],
        "update_shift": p.update[1],
        "hidden_multiplier": p.hidden[0],
        "hidden_shift": p.hidden[1],
        "hidden_zero_point": p.hidden_zero_point,
        "cell_clip": p.cell_clip,
        "tanh_multiplier": p.tanh[0],
        "tanh_shift": p.tanh[1],
    }


def prove(graph: Graph, operator: Operator, p: LstmIntegers) -> tuple[str, str]:
    """Check all accumulators and return two lines for the manifest."""
    for shift, what in ((p.forget[1], "cell"), (p.update[1], "cell"), (p.hidden[1], "hidden")):
        if shift > 0:
            # The product of two int16 may be 2^30: any left shift overflows.
            unsupported(graph, operator, f"the {what} state's scale is too small; convert again")
    lines = []
    for term, (weights, bias) in enumerate(
        ((p.input_weights, p.input_bias), (p.recurrent_weights, p.recurrent_bias))
    ):
        bound = accumulator_bound(bias.reshape(-1), weights.reshape(bias.size, -1))
        shifts = np.tile(p.scales[term, :, 1], p.sizes.units)
        name = ("input", "recurrent")[term]
        lines.append(f"{name} terms: {prove_accumulator(graph, operator, bound, shifts)}")
    return lines[0], lines[1]


def run(p: LstmIntegers, sequence: Array) -> NDArray[np.int8]:
    """Return the hidden state after each step, int8[N, T, B, U], from int8[N, T, B, I].

    Every (N, B) starts from the reset state: hidden at its zero point, cell at 0.
    """
    outputs = np.empty((*sequence.shape[:3], p.sizes.units), dtype=np.int8)
    for first in range(0, len(sequence), _BLOCK):
        part = slice(first, first + _BLOCK)
        outputs[part] = _run_block(p, sequence[part])
    return outputs


def _run_block(p: LstmIntegers, sequence: Array) -> NDArray[np.int8]:
    count, steps, batches, _ = sequence.shape
    rows = count * batches
    hidden = np.full((rows, p.sizes.units), p.hidden_zero_point, dtype=np.int64)
    cell = np.zeros((rows, p.sizes.units), dtype=np.int64)
    outputs = np.empty((count, steps, batches, p.sizes.units), dtype=np.int8)
    for step in range(steps):
        x = sequence[:, step].reshape(rows, -1)
        hidden, cell = _step(p, x, hidden, cell)
        outputs[:, step] = hidden.reshape(count, batches, -1)
    return outputs


def _step(p: LstmIntegers, x: Array, hidden: Int64, cell: Int64) -> tuple[Int64, Int64]:
    """Return hidden and cell state after one step; rows are independent sequences."""
    inputs = _gate_terms(x, p.input_weights, p.input_bias, p.scales[0])
    recurrent = _gate_terms(hidden, p.recurrent_weights, p.recurrent_bias, p.scales[1])
    gates = _saturate_s16(inputs + recurrent)
    kept = _saturate_s16(requantize(sigmoid_s16(gates[..., 1]) * cell, *p.forget))
    added = sigmoid_s16(gates[..., 0]) * tanh_s16(gates[..., 2], 3, 0)
    cell = _saturate_s16(kept + _saturate_s16(requantize(added, *p.update)))
    cell = saturate(cell, -p.cell_clip, p.cell_clip)
    product = tanh_s16(cell, *p.tanh) * sigmoid_s16(gates[..., 3])
    hidden = requantize(product, *p.hidden) + p.hidden_zero_point
    return saturate(hidden, INT8_MIN, INT8_MAX), cell


def _gate_terms(values: Array, weights: Array, bias: Int64, scales: Int64) -> Int64:
    """Return int16-saturated Q3.12 terms [rows, units, 4] of one source."""
    units, gates, depth = weights.shape
    sums = exact_dot(values, weights.reshape(units * gates, depth)).reshape(-1, units, gates)
    return _saturate_s16(requantize(sums + bias, scales[:, 0], scales[:, 1]))


def _saturate_s16(value: Int64) -> Int64:
    return saturate(value, INT16_MIN, INT16_MAX)
