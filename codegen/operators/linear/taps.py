"""CONV_STREAM's integers, tap by tap, and its constants as each kernel reads them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.dsp import packing as _packing
from codegen.backends.native.rv32 import packing as _rv32
from codegen.ir.call import Constant
from codegen.ir.graph import Array, Graph, Operator
from codegen.operators.checks import (
    bias_values,
    optional_input,
    require_activation,
    require_constant,
)
from codegen.quantization import INT32_LIMIT, activation_range, output_multipliers
from targets.kernels import Isa

MAX_TAPS = 15
"""`SAFE_CONV_STREAM_MAX_TAPS`."""
TILE_ROWS = 8
"""Channels whose products with a tap are one tile, in both packed kernels."""
FOUR = 4
"""Channels of the rv32 kernel for three taps."""


@dataclass(frozen=True, eq=False)
class Taps:
    """Everything the arithmetic needs; `multiplier` and `shift` have `channels` entries."""

    weights: NDArray[np.int8]
    """[channels, taps, depth]"""
    start: NDArray[np.int64]
    """[taps, channels]: the zero point folded in tap by tap, the bias in the last tap that is
    the first one of some row."""
    multiplier: NDArray[np.int32]
    shift: NDArray[np.int8]
    zero_point: int
    low: int
    high: int
    before: int
    """Rows of the output that see padding before."""

    @property
    def count(self) -> int:
        """The taps."""
        return int(self.weights.shape[1])

    @property
    def bound(self) -> int:
        """The largest |sum|, over all rows and on the way."""
        products = 128 * np.abs(self.weights.astype(np.int64)).sum(axis=(1, 2))
        return int((np.abs(self.start).sum(axis=0) + products).max())

    @property
    def fits(self) -> bool:
        """Whether no sum leaves 32 bits before it is rescaled."""
        return self.bound << max(int(self.shift.max()), 0) < INT32_LIMIT


def taps(graph: Graph, operator: Operator, first: int, output: int, before: int) -> Taps:
    """Return the integers of a convolution of height 1 along time.

    `first`: position of the sample among the operator's inputs, weights and bias come behind it;
    `output`: the tensor with the output's quantization; `before`: rows of padding before.
    """
    source, kernel = (graph.tensor(i) for i in operator.inputs[first : first + 2])
    result = graph.tensor(output).quantization
    assert source.quantization is not None
    assert kernel.quantization is not None
    assert result is not None
    data = require_constant(graph, operator, kernel)
    channels = data.shape[0]
    weights = data.reshape(channels, -1, data.shape[3])
    start = -source.quantization.zero_point * weights.astype(np.int64).sum(axis=2).T
    start[before] += bias_values(
        graph, operator, optional_input(graph, operator, first + 2), channels
    )
    multiplier, shift = output_multipliers(
        source.quantization.scale, kernel.quantization.scales, result.scale
    )
    activation = require_activation(graph, operator)
    low, high = activation_range(activation, result.scale, result.zero_point)
    each = np.zeros(channels, np.int8)  # one for all becomes one for each
    return Taps(
        weights, start, multiplier + each, shift + each, result.zero_point, low, high, before
    )


@dataclass(frozen=True, eq=False)
class Packed:
    """Which kernel, and what it reads."""

    variant: str
    """What its names end with."""
    constants: tuple[Constant, ...]
    work_bytes: int | None
    """Of its scratch; None: it takes none."""
    notes: tuple[str, ...] = ()


def packed(p: Taps, isa: Isa, after: int) -> Packed:
    """Return the kernel of an instruction set, or the reference where it is not exact.

    `after`: rows of the output that see padding behind.
    """
    channels, count, depth = p.weights.shape
    products = 4 * count * TILE_ROWS * -(-channels // TILE_ROWS)
    refusal = None
    if isa == "dsp":
        refusal = _dsp_refusal(p)
        if refusal is None:
            return Packed("_dsp", _dsp_constants(p), 8 * _packing.blocks(depth) + products)
    elif isa == "rv32":
        refusal = _rv32_refusal(p)
        if refusal is None:
            fours = (count, p.before, after, channels % FOUR) == (3, 1, 1, 0)
            constants = _rv32_constants(p, fours=fours)
            return Packed("_rv32", constants, 0 if fours else products)
    constants = (
        Constant("weights", p.weights),
        Constant("start", p.start.astype(np.int32), weight_bytes=4 * channels),
        Constant("multiplier", p.multiplier, counts_as_weight=False),
        Constant("shift", p.shift, counts_as_weight=False),
    )
    notes = () if refusal is None else (f"no {isa} kernel: {refusal}",)
    return Packed("", constants, None, notes)


def _dsp_refusal(p: Taps) -> str | None:
    """Return why the dsp kernel would not be exact or not pay, or None."""
    for tap, start in enumerate(p.start):
        refusal = _packing.refuse_rows(p.weights[:, tap], start)
        if refusal is not None:
            return f"tap {tap}: {refusal}"
    if p.bound > _packing.MAX_SUM:
        return f"a sum can reach {p.bound}, beyond 2^30"
    return _packing.refuse_rescale(p.multiplier, p.shift, p.zero_point, p.bound)


def _rv32_refusal(p: Taps) -> str | None:
    """Return why the rv32 kernel would not be exact or not pay, or None."""
    if len(p.weights) < _rv32.DOT8_MIN_ROWS:
        return f"{len(p.weights)} rows, fewer than {_rv32.DOT8_MIN_ROWS}"
    if 4 * p.bound >= INT32_LIMIT:
        return f"a sum can reach {p.bound}, beyond 2^29"
    # Rescaled with one bit more; the signs, and the 1 in the addend, are two of its LSB.
    return _packing.refuse_rescale(
        p.multiplier, p.shift, p.zero_point, p.bound
    ) or _packing.refuse_rescale(p.multiplier, p.shift - 1, p.zero_point, 2 * p.bound + 4)


def _dsp_constants(p: Taps) -> tuple[Constant, ...]:
    """Return the arrays of `safe_kernel_conv_stream_s8_dsp`."""
    tiles = [_packing.pack_rows(p.weights[:, tap], TILE_ROWS) for tap in range(p.count)]
    starts = [_packing.pack_start(start, TILE_ROWS) for start in p.start]
    rescale = _packing.rescale(p.multiplier, p.shift, p.zero_point)
    # Of eight channels all taps, then of the next eight.
    return _packed(p, np.concatenate(tiles, axis=1), np.stack(starts, axis=1), rescale)


def _rv32_constants(p: Taps, *, fours: bool) -> tuple[Constant, ...]:
    """Return the arrays of `safe_kernel_conv_stream_s8_rv32`."""
    rescale = _packing.rescale(p.multiplier, p.shift - 1, p.zero_point)
    rescale[:, 1] += 1
    if fours:
        grouped = p.weights.reshape(-1, FOUR, *p.weights.shape[1:])
        weights = np.ascontiguousarray(grouped.transpose(0, 3, 2, 1))
        start = p.start.reshape(p.count, -1, FOUR).swapaxes(0, 1).astype(np.int32)
        return _packed(p, weights, np.ascontiguousarray(start), rescale)
    tiles = [_rv32.pack_rows(p.weights[:, tap], TILE_ROWS) for tap in range(p.count)]
    starts = [_rv32.pack_start(start, TILE_ROWS) for start in p.start]
    return _packed(p, np.concatenate(tiles), np.concatenate(starts), rescale)


def _packed(
    p: Taps, weights: Array, start: NDArray[np.int32], rescale: NDArray[np.int32]
) -> tuple[Constant, ...]:
    return (
        Constant("weights", weights, weight_bytes=p.weights.nbytes),
        Constant("start", start, weight_bytes=4 * len(p.weights)),
        Constant("rescale", rescale, counts_as_weight=False),
    )
