"""Products of int16 values with int8 weights, four channels at a time: proofs and constants.

Sums of TensorFlow Lite Micro have 64 bits. A product is at most 2^15 · |weight|, so 32 bits hold
them for as long as Σ |weight| < 2^16: of a whole row, with its bias, where that is proved, else of
parts of it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import Int64
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
from codegen.operators.linear.int16 import Integers16, integers, prove
from codegen.operators.window import Axis, convolution_axes

ROWS = 4
"""Number of output channels of a tile."""
BLOCK = 4
"""Number of values that a kernel takes at a time: columns are filled up with zeros."""
MIN_ROWS = 2
"""Least number of channels for which tiles pay: of one, three quarters of a tile is padding."""
CHUNK = 508
"""Number of values, whole blocks, whose products never leave 32 bits: 128 · 508 < 2^16."""
MAX_SUM = (1 << 31) - 1
_LARGEST = 1 << 15
"""Largest magnitude of a value."""
_HIGH = 17
"""Left shift of a 15-bit multiplier by which the high word of a 64-bit product is the result."""


@dataclass(frozen=True, eq=False)
class Products16:
    """A convolution of int16 values; a matrix product is one with a window of 1 x 1."""

    p: Integers16
    batches: int
    depth: int
    axes: tuple[Axis, Axis]
    proof: str

    @property
    def length(self) -> int:
        """The number of values that one output sees, filled up to whole blocks."""
        taps: int = self.p.rows.shape[1]
        return -(-taps // BLOCK) * BLOCK

    @property
    def macs(self) -> int:
        """The number of products."""
        y, x = self.axes
        return self.batches * y.output * x.output * self.p.rows.size

    @property
    def window(self) -> dict[str, object]:
        """Fields of `safe_window_s16_t`."""
        y, x = self.axes
        return {"channels": self.depth, "y": y.params(), "x": x.params()}

    @property
    def scratch(self) -> Scratch:
        """The memory for one column; none where each lies in the image as it is."""
        y, x = self.axes
        is_run = y.kernel == 1 and (x.kernel == 1 or x.dilation == 1)
        is_inside = all(axis.pad == 0 and axis.seen <= axis.size for axis in self.axes)
        is_there = is_run and is_inside and self.p.rows.shape[1] % BLOCK == 0
        return Scratch("column", 0 if is_there else 2 * self.length, alignment=4)

    def filled(self) -> NDArray[np.int8]:
        """Return the weights as int8[tiles, ROWS, length], filled with zeros."""
        rows = self.p.rows
        tiles = -(-len(rows) // ROWS)
        filled = np.zeros((tiles * ROWS, self.length), np.int8)
        filled[: len(rows), : rows.shape[1]] = rows
        return filled.reshape(tiles, ROWS, self.length)


def of_convolution(graph: Graph, operator: Operator) -> Products16:
    """Return the products of a CONV_2D."""
    batches, _, _, depth = graph.tensor(operator.inputs[0]).shape
    axes = convolution_axes(graph, operator)
    p = integers(graph, operator)
    return Products16(p, batches, depth, axes, prove(graph, operator))


def of_matrix(graph: Graph, operator: Operator) -> Products16:
    """Return the products of a FULLY_CONNECTED: its batches are the places of a line."""
    p = integers(graph, operator)
    depth = p.rows.shape[1]
    count = graph.tensor(operator.inputs[0]).elements // depth
    axes = Axis(1, 1, 1, 1, 1, 0), Axis(count, 1, 1, 1, count, 0)
    return Products16(p, 1, depth, axes, prove(graph, operator))


def refuse_narrow(p: Integers16) -> str | None:
    """Return why sums of 32 bits and one rounding at the high word are not exact, or None."""
    if not p.wide:
        return "its sums are rescaled with two roundings"
    weights = np.abs(p.rows.astype(np.int64)).sum(axis=1)
    # Python integers: an int64 bias may be anything.
    most = max(abs(int(b)) + _LARGEST * int(w) for b, w in zip(p.bias, weights, strict=True))
    if most > MAX_SUM:
        return f"a sum can reach {most}, beyond 2^31"
    # Shifted by less, bits of the multiplier would be lost; by more, it would leave 31 bits.
    outside = p.shift[(p.shift < -_HIGH) | (p.shift > -1)]
    return f"a shift of {outside[0]}, outside [-{_HIGH}, -1]" if outside.size else None


def high_multiplier(p: Integers16) -> NDArray[np.int32]:
    """Return m for which round(sum · m / 2^32) is the rescaling; `refuse_narrow` is None."""
    return p.multiplier << (_HIGH + p.shift.astype(np.int32))


def chunk(p: Integers16, length: int) -> int:
    """Return how many values at a time are summed in 32 bits."""
    whole = int(np.abs(p.rows.astype(np.int64)).sum(axis=1).max())
    return length if _LARGEST * whole <= MAX_SUM else CHUNK


def tiled_call(operator: Operator, products: Products16) -> KernelCall | str:
    """Return the call of `safe_kernel_conv_2d_s16_tiled`, or why it does not pay."""
    p = products.p
    if len(p.rows) < MIN_ROWS:
        return f"{len(p.rows)} channels, fewer than {MIN_ROWS}"
    is_narrow = refuse_narrow(p) is None
    by_value = np.ascontiguousarray(products.filled().swapaxes(1, 2))
    part = chunk(p, products.length)
    return KernelCall(
        kernel="safe_kernel_conv_2d_s16_tiled",
        header="safe/kernel/conv_2d_s16_tiled.h",
        source="conv_2d_s16_tiled",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(name) for name in ("weights", "bias", "multiplier", "shift")),
            ScratchArg("column"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_conv_2d_s16_tiled_params_t",
        params={
            "batches": products.batches,
            "output_channels": len(p.rows),
            "window": products.window,
            "chunk": part,
            "is_narrow": int(is_narrow),
            **p.params(),
        },
        constants=(
            Constant("weights", by_value, weight_bytes=p.rows.nbytes),
            Constant("bias", start(p), weight_bytes=p.bias.nbytes),
            Constant(
                "multiplier",
                high_multiplier(p) if is_narrow else p.multiplier,
                counts_as_weight=False,
            ),
            Constant("shift", p.shift, counts_as_weight=False),
        ),
        scratch=(products.scratch,),
        macs=products.macs,
        notes=(
            f"shared kernel, four channels at a time, {part} products in 32 bits",
            products.proof,
        ),
    )


def start(p: Integers16) -> Int64:
    """Return what the sums of each tile start from, [tiles, ROWS], filled with zeros."""
    filled = np.zeros(-(-len(p.bias) // ROWS) * ROWS, np.int64)
    filled[: len(p.bias)] = p.bias
    return filled.reshape(-1, ROWS)
