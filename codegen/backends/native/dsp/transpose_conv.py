"""TRANSPOSE_CONV of few channels as one convolution that writes all outputs where they belong."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.dsp import conv_2d, packing
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
from codegen.operators.checks import fold_bias
from codegen.operators.linear import transposed
from codegen.operators.linear.int16 import is_int16
from codegen.operators.linear.products import products
from codegen.operators.linear.transpose_conv import OPERANDS, transposed_axes
from codegen.operators.window import Axis
from codegen.options import Goal

_MAX_LINES = 4
"""Largest stride along y, SAFE_TRANSPOSE_CONV_DSP_LINES of safe/kernel/transpose_conv_dsp.h."""


@dataclass(frozen=True)
class _Line:
    """Weights of a line of outputs, [rows, taps], and the first line of the window they see."""

    rows: NDArray[np.int8]
    first: int


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel for all phases at once, or why it takes none."""
    del plain, goal
    if is_int16(graph, operator, OPERANDS):
        return None
    y, x = transposed_axes(graph, operator)
    batches, _, _, depth = graph.tensor(operator.inputs[OPERANDS.source]).shape
    p = products(graph, operator, OPERANDS)
    weights = p.weights
    if x.size == x.kernel == x.output == 1:
        # One column is one line, whose positions go in pairs.
        y, x, weights = x, y, weights.swapaxes(1, 2)
    step = _step(x, len(weights))
    reason = _refusal(y, x, depth, step)
    if reason is not None:
        return reason
    lines = _lines(weights, y, x, step)
    across = transposed.united(x, step)
    copies = len(across)
    scales = p.multiplier, p.shift
    if p.multiplier.size > 1:
        scales = np.tile(p.multiplier, copies), np.tile(p.shift, copies)
    packed = []
    for line in lines:
        bias = fold_bias(np.tile(p.bias, copies), line.rows, p.input_zero_point)
        reason = conv_2d.refusal(line.rows, bias, scales, p.output_zero_point)
        if reason is not None:
            return reason
        packed.append(conv_2d.pack(line.rows, bias, scales).reshape(-1))
    axes = (
        _convolved(y, transposed.united(y)[0], 1),
        _convolved(x, across[0], step),
    )
    fields = {
        "batches": batches,
        "input_channels": depth,
        "y": axes[0].params(),
        "x": axes[1].params(),
        "lines": y.stride,
        "output_lines": y.output,
        "groups": copies * len(weights) // packing.GEMM4X2_ROWS,
        "line": _fields(lines, packed, axes[1].kernel * depth),
        **p.limits,
    }
    return _call(operator, fields, np.concatenate(packed), axes, lines)


def _step(x: Axis, channels: int) -> int:
    """Return how many inputs a position has: as many as make its outputs whole groups of four."""
    whole = packing.GEMM4X2_ROWS
    return next((n for n in (1, 2) if n * x.stride * channels % whole == 0), whole)


def _refusal(y: Axis, x: Axis, depth: int, step: int) -> str | None:
    if depth % packing.BLOCK:
        return f"{depth} channels, no multiple of {packing.BLOCK}"
    if x.output % (x.stride * step):
        return f"{x.output} columns of outputs, no multiple of {x.stride * step}"
    if y.stride > min(y.kernel, _MAX_LINES):
        return f"stride {y.stride} along y, above {min(y.kernel, _MAX_LINES)}"
    if y.stride * x.stride == 1:
        return "stride 1: a convolution"
    return None


def _lines(weights: NDArray[np.int8], y: Axis, x: Axis, step: int) -> list[_Line]:
    """Return the weights of each phase along y, without the lines of the window that are 0."""
    filled = np.pad(weights, ((0, 0), (0, 0), (0, 1), (0, 0)))  # one more tap along x, of 0
    across = transposed.united(x, step)
    found = []
    for phase in transposed.united(y):
        own = [n for n, tap in enumerate(phase.taps) if tap < y.kernel]
        part = filled[:, [phase.taps[n] for n in own]]
        rows = np.concatenate([part[:, :, list(other.taps)] for other in across])
        found.append(_Line(rows.reshape(len(rows), -1), own[0]))
    return found


def _convolved(axis: Axis, phase: transposed.Phase, step: int) -> Axis:
    """Return the axis of the convolution of which all phases are channels."""
    count = transposed.count(axis) // step
    return Axis(axis.size, len(phase.taps), step, 1, count, phase.border[0])


def _fields(
    lines: list[_Line], packed: list[NDArray[np.uint32]], taps: int
) -> list[dict[str, int]]:
    """Return the fields of each `safe_transpose_conv_line_t`; `taps` of a line of the window."""
    starts = [0, *np.cumsum([words.size for words in packed]).tolist()]
    unused = {"values": 0, "weights": 0, "blocks": 0}
    found = [
        {
            "values": 4 * packing.blocks(line.first * taps),
            "weights": start,
            "blocks": packing.blocks(line.rows.shape[1]),
        }
        for line, start in zip(lines, starts, strict=False)
    ]
    return found + [unused] * (_MAX_LINES - len(lines))


def _call(
    operator: Operator,
    fields: Mapping[str, Any],
    packed: NDArray[np.uint32],
    axes: tuple[Axis, Axis],
    lines: list[_Line],
) -> KernelCall:
    y, x = axes
    depth = fields["input_channels"]
    rows, taps = len(lines[0].rows), sum(line.rows.shape[1] for line in lines)
    seen = y.seen * x.seen
    border = depth * seen if seen != y.size * x.size else 0
    size = 16 * packing.blocks(y.kernel * x.kernel * depth) + border
    return KernelCall(
        kernel="safe_kernel_transpose_conv_s8_dsp",
        header="safe/kernel/transpose_conv_dsp.h",
        source="transpose_conv_dsp",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[OPERANDS.source]),
            ConstantArg("weights"),
            ScratchArg("columns"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_transpose_conv_dsp_params_t",
        params=fields,
        constants=(Constant("weights", packed, weight_bytes=rows * (taps + 4 * len(lines))),),
        scratch=(Scratch("columns", size, alignment=4),),
        macs=fields["batches"] * y.output * x.output * rows * taps,
        notes=("dsp kernel for all phases at once, rows in pairs, two positions at a time",),
    )
