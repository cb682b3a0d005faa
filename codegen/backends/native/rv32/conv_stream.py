"""CONV_STREAM for RV32: tiles of eight channels, or of four where a convolution has three taps."""

import numpy as np

from codegen.backends.native.rv32 import packing
from codegen.backends.native.shared import weights
from codegen.backends.native.shared.conv_stream import TILE_ROWS, constants, packed, product_bytes
from codegen.ir.call import Constant, KernelCall
from codegen.ir.graph import Graph, Operator
from codegen.operators.linear.conv_stream import Taps, kept_taps, rows_of
from codegen.options import Goal
from codegen.quantization import INT32_LIMIT

CHANNELS_AT_ONCE = 4
"""Number of channels that the kernel for three taps computes at a time."""


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the packed kernel, or why it is not exact or does not pay."""
    del goal
    p = kept_taps(graph, operator)
    refusal = _refusal(p)
    if refusal is not None:
        return refusal
    before, _, after = rows_of(operator)
    fours = (p.count, before, after, len(p.weights) % CHANNELS_AT_ONCE) == (3, 1, 1, 0)
    return packed(plain, "rv32", _constants(p, fours=fours), 0 if fours else product_bytes(p))


def _refusal(p: Taps) -> str | None:
    """Return why the rv32 kernel would not be exact or not pay, or None."""
    if len(p.weights) < packing.DOT8_MIN_ROWS:
        return f"{len(p.weights)} rows, fewer than {packing.DOT8_MIN_ROWS}"
    if 4 * p.bound >= INT32_LIMIT:
        return f"a sum can reach {p.bound}, beyond 2^29"
    # Rescaled with one bit more; the signs, and the 1 in the addend, are two of its LSB.
    return weights.refuse_rescale(
        p.multiplier, p.shift, p.zero_point, p.bound
    ) or weights.refuse_rescale(p.multiplier, p.shift - 1, p.zero_point, 2 * p.bound + 4)


def _constants(p: Taps, *, fours: bool) -> tuple[Constant, ...]:
    """Return the arrays of `safe_kernel_conv_stream_s8_rv32`."""
    rescale = weights.rescale(p.multiplier, p.shift - 1, p.zero_point)
    rescale[:, 1] += 1
    if fours:
        grouped = p.weights.reshape(-1, CHANNELS_AT_ONCE, *p.weights.shape[1:])
        grouped_weights = np.ascontiguousarray(grouped.transpose(0, 3, 2, 1))
        start = p.start.reshape(p.count, -1, CHANNELS_AT_ONCE).swapaxes(0, 1).astype(np.int32)
        return constants(p, grouped_weights, np.ascontiguousarray(start), rescale)
    tiles = [packing.pack_rows(p.weights[:, tap], TILE_ROWS) for tap in range(p.count)]
    starts = [packing.pack_start(start, TILE_ROWS) for start in p.start]
    return constants(p, np.concatenate(tiles), np.concatenate(starts), rescale)
