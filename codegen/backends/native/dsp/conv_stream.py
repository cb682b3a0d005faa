"""CONV_STREAM for the DSP extension: tiles of eight channels, rows in pairs."""

import numpy as np

from codegen.backends.native.dsp import packing
from codegen.backends.native.shared import weights
from codegen.backends.native.shared.conv_stream import TILE_ROWS, constants, packed, product_bytes
from codegen.ir.call import Constant, KernelCall
from codegen.ir.graph import Graph, Operator
from codegen.operators.linear.conv_stream import Taps, kept_taps
from codegen.options import Goal


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the packed kernel, or why it is not exact or does not pay."""
    del goal
    p = kept_taps(graph, operator)
    work = 8 * packing.blocks(p.weights.shape[2]) + product_bytes(p)
    return _refusal(p) or packed(plain, "dsp", _constants(p), work)


def _refusal(p: Taps) -> str | None:
    """Return why the dsp kernel would not be exact or not pay, or None."""
    for tap, start in enumerate(p.start):
        refusal = packing.refuse_rows(p.weights[:, tap], start)
        if refusal is not None:
            return f"tap {tap}: {refusal}"
    if p.bound > weights.MAX_SUM:
        return f"a sum can reach {p.bound}, beyond 2^30"
    return weights.refuse_rescale(p.multiplier, p.shift, p.zero_point, p.bound)


def _constants(p: Taps) -> tuple[Constant, ...]:
    """Return the arrays of `safe_kernel_conv_stream_s8_dsp`."""
    tiles = [packing.pack_rows(p.weights[:, tap], TILE_ROWS) for tap in range(p.count)]
    starts = [packing.pack_start(start, TILE_ROWS) for start in p.start]
    rescale = weights.rescale(p.multiplier, p.shift, p.zero_point)
    # Of eight channels all taps, then of the next eight.
    return constants(p, np.concatenate(tiles, axis=1), np.stack(starts, axis=1), rescale)
