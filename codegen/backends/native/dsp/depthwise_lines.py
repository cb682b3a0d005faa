"""DEPTHWISE_CONV_2D of small windows, any stride and multiplier, as its dsp kernel reads it.

A window is up to three blocks of four taps beside each other on a line of the plane: one line of
up to twelve taps, or up to three lines of up to four.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.shared import plane
from codegen.backends.native.shared.weights import WeightRows
from codegen.ir.call import (
    Constant,
    ConstantArg,
    KernelCall,
    ParamsArg,
    Scratch,
    ScratchArg,
    TensorArg,
)
from codegen.ir.graph import Operator
from codegen.operators.window import Axis, by_channel_in_place

TAPS = 4
"""Number of taps of a block."""
MOST = 3
"""Largest number of blocks."""


_STRIDED = 5
"""Number of taps of which two outputs two positions apart share their loads; up to four are one
block each, which is as fast. They read eight values, one behind the last tap that is seen."""


@dataclass(frozen=True)
class Blocks:
    """How a window falls into blocks: number, and axis (0 y, 1 x) along which lines lie."""

    along: int
    count: int
    is_line: bool
    """Whether blocks lie behind each other on one line, not on lines below each other."""


def blocks_of(y: Axis, x: Axis) -> Blocks | None:
    """Return the fewest blocks of a window, or None where it is too large or dilated."""
    found = []
    for along in (1, 0):
        line, across = (y, x)[along], (y, x)[1 - along]
        parts = -(-line.kernel // TAPS)
        is_line = across.kernel == 1
        # Two blocks lie on one line: a window of two lines takes a third one of zeros.
        count = parts if is_line else max(across.kernel, MOST)
        fits = line.dilation == 1 and count <= MOST and (is_line or parts == 1)
        if fits and (is_line or across.dilation == 1):
            found.append(Blocks(along, count, is_line))
    return min(found, key=lambda blocks: blocks.count, default=None)


def _pairs_apart(line: Axis) -> int:
    """Return how far apart two outputs are that are computed together; 0 where each is alone."""
    if line.stride == 1 and line.kernel < TAPS:
        return 1
    return 2 if line.stride == 2 and line.kernel == _STRIDED else 0


def pack(dense: WeightRows, blocks: Blocks, axes: tuple[Axis, Axis]) -> NDArray[np.uint32]:
    """Return the words of `safe_depthwise_lines_channel_t`, uint32[channels, 6]."""
    words = np.zeros((len(dense.rows), 3 + MOST), dtype=np.uint32)
    words[:, 0] = (2 * dense.bias & 0xFFFFFFFF).astype(np.uint32)
    words[:, 1] = dense.scales[0].astype(np.uint32)
    words[:, 2] = (-dense.scales[1].astype(np.int32)).astype(np.uint32)
    found = by_block(dense.rows, blocks, axes)
    words[:, 3 : 3 + found.shape[1]] = found
    return words


def by_block(rows: NDArray[np.int8], blocks: Blocks, axes: tuple[Axis, Axis]) -> NDArray[np.uint32]:
    """Return the weights of each block as a word, uint32[channels, blocks]; 0 behind a line."""
    channels = len(rows)
    y, x = axes
    weights = rows.reshape(channels, y.kernel, x.kernel)
    lines = weights if blocks.along == 1 else weights.swapaxes(1, 2)
    room = -(-lines.shape[2] // TAPS) * TAPS
    filled = np.zeros((channels, lines.shape[1], room), np.int8)
    filled[:, :, : lines.shape[2]] = lines
    return filled.reshape(channels, -1).view("<u4")


def call(
    operator: Operator,
    dense: WeightRows,
    shape: tuple[int, int],
    axes: tuple[Axis, Axis],
    limits: Mapping[str, Any],
) -> KernelCall | None:
    """Return the call of `safe_kernel_depthwise_lines_s8_dsp`, or None for another window.

    `shape` is (batches, channel multiplier), `axes` y and x; `limits` the last fields of the
    parameters: input_zero_point, output_zero_point, output_min, output_max. The bounds of the
    rescaling are proved.
    """
    y, x = axes
    blocks = blocks_of(y, x)
    batches, copies = shape
    # Lines below each other pay where the plane is copied once for several outputs.
    if blocks is None or (copies == 1 and not blocks.is_line):
        return None
    outputs, taps = dense.rows.shape
    inputs = outputs // copies
    line, across = axes[blocks.along], axes[1 - blocks.along]
    behind = TAPS - 1 if blocks.is_line else (MOST - across.kernel) * line.seen + TAPS - 1
    size = line.seen * across.seen + behind
    return KernelCall(
        kernel="safe_kernel_depthwise_lines_s8_dsp",
        header="safe/kernel/depthwise_lines_dsp.h",
        source="depthwise_lines_dsp",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("channels"),
            ScratchArg("plane"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_depthwise_lines_dsp_params_t",
        params={
            "batches": batches,
            "input_channels": inputs,
            "channel_multiplier": copies,
            "plane": plane.params(axes, blocks.along, inputs, outputs),
            "plane_bytes": size,
            "blocks": blocks.count,
            "pairs_apart": _pairs_apart(line) if blocks.is_line else 0,
            "block_step": TAPS if blocks.is_line else line.seen,
            "line_step": line.stride,
            "across_step": across.stride * line.seen,
            "image_bytes": y.size * x.size * inputs,
            **limits,
        },
        constants=(
            Constant("channels", pack(dense, blocks, axes), weight_bytes=outputs * (taps + 4)),
        ),
        scratch=(Scratch("plane", size, alignment=1),),
        macs=batches * y.output * x.output * outputs * taps,
        notes=(f"dsp kernel for small windows, by channel; |sum| <= {dense.bound}",),
        in_place=by_channel_in_place(operator, y, x) if copies == 1 else (),
    )
