"""Constants as the rv32 kernels of FULLY_CONNECTED and CONV_2D read them, and why they are exact.

Rows of weights stay int8 and lie side by side: for each value, the weights of all rows of a tile
(`safe/kernel/dot8_rv32.h`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.dsp import packing as _packing
from codegen.backends.native.shared import conv_2d as _conv_1d
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
from codegen.ir.graph import Operator
from codegen.operators.window import Axis

DOT8_ROWS = 8
CONV_ROWS = 4
DOT8_MIN_ROWS, CONV_MIN_ROWS = 4, 2
"""Below, more than half of a tile is filling, and the reference kernel is as fast."""


@dataclass(frozen=True, eq=False)
class Dense:
    """Rows of weights int8[R, K] with folded bias, one or R rescalings and their zero point.

    `scales` are multiplier and TFLite shift.
    """

    rows: NDArray[np.int8]
    bias: Int64
    scales: tuple[NDArray[np.int32], NDArray[np.int8]]
    zero_point: int

    @property
    def bound(self) -> int:
        """The largest |sum|."""
        return int(_packing.sum_bound(self.rows, self.bias).max())


def refusal(dense: Dense, min_rows: int) -> str | None:
    """Return why the rv32 kernels would not be exact or not pay, or None."""
    if len(dense.rows) < min_rows:
        return f"{len(dense.rows)} rows, fewer than {min_rows}"
    if dense.bound > _packing.MAX_SUM:
        return f"a sum can reach {dense.bound}, beyond 2^30"
    return _packing.refuse_rescale(*dense.scales, dense.zero_point, dense.bound)


def pack_rows(rows: NDArray[np.int8], tile_rows: int) -> NDArray[np.int8]:
    """Return int8[R, K] as int8[tiles, K, tile_rows], filled with zeros."""
    count, depth = rows.shape
    tiles = -(-count // tile_rows)
    filled = np.zeros((tiles * tile_rows, depth), dtype=np.int8)
    filled[:count] = rows
    return np.ascontiguousarray(filled.reshape(tiles, tile_rows, depth).swapaxes(1, 2))


def pack_start(start: Int64, tile_rows: int) -> NDArray[np.int32]:
    """Return int64[R] as int32[tiles, tile_rows], filled with zeros."""
    filled = np.zeros(-(-start.size // tile_rows) * tile_rows, dtype=np.int32)
    filled[: start.size] = start
    return filled.reshape(-1, tile_rows)


def _groups(dense: Dense) -> NDArray[np.int32]:
    """Return the words of `safe_conv_rv32_group_t`, int32[groups, 9]."""
    start = pack_start(dense.bias, CONV_ROWS)
    count = len(dense.rows)
    multiplier = np.zeros(start.size, dtype=np.int32)
    shift = np.ones(start.size, dtype=np.int8)  # any: nothing is written of what fills the last
    multiplier[:count], shift[:count] = dense.scales[0], -dense.scales[1]
    words = multiplier.reshape(start.shape), shift.view("<i4").reshape(-1, 1)
    return np.concatenate([start, *words], axis=1).astype(np.int32)


def pack_dense_start(start: Int64) -> NDArray[np.int16] | NDArray[np.int32]:
    """Return int64[R] as [tiles, 8], filled with zeros: int16 where all fit, else int32."""
    whole = pack_start(start, DOT8_ROWS)
    short = whole.astype(np.int16)
    return short if np.array_equal(short, whole) else whole


def dense_constants(dense: Dense) -> tuple[Constant, ...]:
    """Return the four arrays of `safe_dense_weights_rv32_t`."""
    multiplier, shift = dense.scales
    start = pack_dense_start(dense.bias)
    own = start.itemsize * len(dense.rows)
    return (
        Constant("weights", pack_rows(dense.rows, DOT8_ROWS), weight_bytes=dense.rows.nbytes),
        Constant("start", start, weight_bytes=own),
        Constant("multiplier", multiplier, counts_as_weight=False),
        Constant("shift", (-shift).astype(np.int8), counts_as_weight=False),
    )


def _proof(dense: Dense) -> tuple[str, str]:
    """Return the lines for the manifest."""
    largest = int(np.abs(dense.bias).max())
    bits = 8 * pack_dense_start(dense.bias).itemsize
    starts = f"sums start from up to {largest}, kept in {bits} bits"
    return f"|sum| <= {dense.bound}", starts


def _dense_row(dense: Dense, limits: tuple[int, int]) -> Mapping[str, int]:
    """Return the fields of `safe_dense_row_rv32_t`."""
    units, depth = dense.rows.shape
    return {
        "depth": depth,
        "units": units,
        "start_is_short": int(pack_dense_start(dense.bias).itemsize == 2),
        "rescale_step": int(dense.scales[0].size > 1),
        "output_zero_point": dense.zero_point,
        "output_min": limits[0],
        "output_max": limits[1],
    }


def fully_connected_call(
    operator: Operator, dense: Dense, batches: int, limits: tuple[int, int]
) -> KernelCall:
    """Return the call of `safe_kernel_fully_connected_s8_rv32`; `limits` of the output."""
    constants = dense_constants(dense)
    return KernelCall(
        kernel="safe_kernel_fully_connected_s8_rv32",
        header="safe/kernel/fully_connected_rv32.h",
        source="fully_connected_rv32",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(constant.suffix) for constant in constants),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_fully_connected_rv32_params_t",
        params={"batches": batches, "row": _dense_row(dense, limits)},
        constants=constants,
        macs=batches * dense.rows.size,
        notes=("rv32 kernel, eight outputs at a time", *_proof(dense)),
    )


def conv_1d_call(
    operator: Operator, dense: Dense, conv: Mapping[str, Any], limits: tuple[int, int]
) -> KernelCall:
    """Return the call of `safe_kernel_conv_1d_s8_rv32`.

    `conv` from `_conv_1d.params`; `limits` of the output.
    """
    constants = dense_constants(dense)
    row = _dense_row(dense, limits)
    return KernelCall(
        kernel="safe_kernel_conv_1d_s8_rv32",
        header="safe/kernel/conv_1d_rv32.h",
        source="conv_1d_rv32",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(constant.suffix) for constant in constants),
            ScratchArg("taps"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_conv_1d_rv32_params_t",
        params={"conv": conv, "row": row},
        constants=constants,
        scratch=(Scratch("taps", dense.rows.shape[1], alignment=1),),
        macs=_conv_1d.macs(conv, row),
        notes=(
            "rv32 kernel for height 1, eight channels at a time",
            *_proof(dense),
        ),
    )


def conv_call(
    operator: Operator,
    dense: Dense,
    shape: tuple[int, int],
    axes: tuple[Axis, Axis],
    limits: Mapping[str, Any],
) -> KernelCall:
    """Return the call of `safe_kernel_conv_2d_s8_rv32`.

    `shape` is (batches, input channels), `axes` y and x; `limits` the last fields of the
    parameters: input_zero_point, output_zero_point, output_min, output_max.
    """
    batches, depth = shape
    y, x = axes
    channels, taps = dense.rows.shape
    return KernelCall(
        kernel="safe_kernel_conv_2d_s8_rv32",
        header="safe/kernel/conv_2d_rv32.h",
        source="conv_2d_rv32",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("weights"),
            ConstantArg("groups"),
            ScratchArg("patch"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_conv_2d_rv32_params_t",
        params={
            "batches": batches,
            "input_channels": depth,
            "output_channels": channels,
            "y": y.params(),
            "x": x.params(),
            **limits,
        },
        constants=(
            Constant("weights", pack_rows(dense.rows, CONV_ROWS), weight_bytes=dense.rows.nbytes),
            Constant("groups", _groups(dense), weight_bytes=4 * channels),
        ),
        scratch=(Scratch("patch", CONV_ROWS * taps, alignment=1),),
        macs=batches * y.output * x.output * channels * taps,
        notes=(
            "rv32 kernel, four channels at four positions at a time",
            f"|sum| <= {dense.bound}",
        ),
    )
