"""The gates of two units as one tile, and the parameters, for all instruction sets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.shared import weights
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
from codegen.operators.recurrent import lstm as _lstm
from codegen.sigmoid_table import SIGMOID_TABLE

GATE_ORDER = (0, 2, 1, 3)
"""Order in which the kernel reads the gates: input, cell, forget, output."""
_FORGET = (1 << 30, -14)
"""Multiplier and shift of 2^-15, which is the only rescaling of forget · cell that the kernel has
built in."""
_PASS = (1 << 30, -1)
"""Multiplier and shift of 2^-2, by which a kernel that rescales twice the sum brings eight times a
number back to the number."""
_NARROW = -64
"""Value of SAFE_LSTM_DSP_NARROW: the term needs no left shift before it is rescaled."""
_MAX_WIDE_SHIFT = 7
"""Largest left shift of a wide term: a sum below 2^23 then stays below 2^30."""
_MIN_UPDATE_SHIFT, _MAX_UPDATE_SHIFT = 14, 29
"""Limits of the right shift of input · cell after the multiplication by 2^30 / 2^31: from the first
on the product fits int16, up to the second the sum fits 32 bits."""


def tiles(packed: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return [units, 4, K] as rows of tiles [8 · pairs, K]: (u, v) of each gate in the order."""
    units, gates, depth = packed.shape
    filled = np.zeros((units + units % 2, gates, depth), dtype=np.int8)
    filled[:units] = packed[:, GATE_ORDER]
    return filled.reshape(-1, 2, gates, depth).swapaxes(1, 2).reshape(-1, depth)


def starts(bias: Int64) -> Int64:
    """Return [units, 4] in the order of `tiles`."""
    units, gates = bias.shape
    filled = np.zeros((units + units % 2, gates), dtype=np.int64)
    filled[:units] = bias[:, GATE_ORDER]
    return filled.reshape(-1, 2, gates).swapaxes(1, 2).reshape(-1)


def bound(p: _lstm.LstmIntegers) -> int:
    """Return the largest |sum| of any gate's two terms."""
    return max(
        int(weights.sum_bound(tiles(rows), starts(bias)).max())
        for rows, bias in (
            (p.input_weights, p.input_bias),
            (p.recurrent_weights, p.recurrent_bias),
        )
    )


def sigmoid_curve() -> NDArray[np.int16]:
    """Return int16[257]: the upper half of the sigmoid in 0.16, less 2^15, at steps of 512.

    The last step is flat, where TFLite's tanh saturates.
    """
    table = np.array(SIGMOID_TABLE, dtype=np.int64)
    return (np.append(table, table[-1]) - (1 << 15)).astype(np.int16)


def refuse_scales(p: _lstm.LstmIntegers) -> str | None:
    """Return why the dsp kernel, or the rv32 kernel, cannot take the scales, or None."""
    if p.forget != _FORGET or p.update[0] != 1 << 30:
        return "the cell state's scale is not a power of two"
    if not _MIN_UPDATE_SHIFT <= -p.update[1] <= _MAX_UPDATE_SHIFT:
        return f"a shift of the cell update of {p.update[1]}"
    if p.scales[..., 1].max() > _MAX_WIDE_SHIFT:
        return f"a left shift of {p.scales[..., 1].max()}, beyond {_MAX_WIDE_SHIFT}"
    hidden = np.array([p.hidden], dtype=np.int64)
    narrow = ~_is_wide(p)
    return weights.refuse_rescale(
        *_columns(p.scales[narrow]), 0, weights.MAX_SUM
    ) or weights.refuse_rescale(*_columns(hidden), p.hidden_zero_point, weights.MAX_SUM)


def _columns(pairs: Int64) -> tuple[Int64, Int64]:
    return pairs[:, 0], pairs[:, 1]


def wide_sources(p: _lstm.LstmIntegers) -> list[int]:
    """Return 1 where any term of the input is wide, and of the hidden state, else 0."""
    return [int(source.any()) for source in _is_wide(p)]


def _is_wide(p: _lstm.LstmIntegers) -> NDArray[np.bool_]:
    """Return, per source and gate, whether the term needs no right shift: [2, 4]."""
    wide: NDArray[np.bool_] = p.scales[..., 1] > -1
    return wide


def _rescales(pairs: Int64, zero_point: int) -> list[Mapping[str, int]]:
    """Return safe_dsp_rescale_t for (multiplier, shift) [n, 2]."""
    words = weights.rescale(pairs[:, 0], pairs[:, 1], zero_point)
    names = ("multiplier", "addend", "shift")
    return [dict(zip(names, map(int, row), strict=True)) for row in words]


def params(operator: Operator, p: _lstm.LstmIntegers) -> Mapping[str, Any]:
    """Return the fields of `safe_lstm_dsp_params_t` in order."""
    common = _lstm.params(operator, p)
    names = list(common)[: list(common).index("forget_multiplier")]
    shift = -p.update[1]
    multiplier, tanh_shift = p.tanh
    unlimited = p.cell_clip == _lstm.NO_CLIP
    order = list(GATE_ORDER)
    wide = _is_wide(p)
    scales = np.where(wide[..., None], _PASS, p.scales)[:, order]
    before = np.where(wide[..., None], p.scales, (0, _NARROW))[:, order].reshape(-1, 2)
    return {
        **{name: common[name] for name in names},
        "hidden_zero_point": p.hidden_zero_point,
        "update_addend": 1 + (1 << shift),
        "update_shift": shift + 1,
        "cell_clip": p.cell_clip,
        "cell_clip_span": 0xFFFF if unlimited else 2 * p.cell_clip,
        "tanh_multiplier": multiplier,
        "tanh_addend": (1 << tanh_shift) >> 1,
        "tanh_shift": tanh_shift,
        "input": _rescales(scales[0], 0),
        "recurrent": _rescales(scales[1], 0),
        "hidden": _rescales(np.array([p.hidden]), p.hidden_zero_point)[0],
        "any_wide": int(wide.any()),
        "wide": [{"multiplier": int(m), "shift": int(s)} for m, s in before],
    }


@dataclass(frozen=True)
class PairTiles:
    """Gates of two units as one tile, the way an instruction set reads them."""

    isa: str
    pack_start: Callable[[Int64], NDArray[np.int32] | NDArray[np.uint32]]
    """Function that packs what the sums of each tile start from: [tiles, words of a tile]."""
    weights: tuple[Constant, ...]
    """Both tiles of each pair of units, and what goes with them."""
    scratch: Scratch
    start_bytes: int = 4
    """Bytes that tell what the sum of a row starts from."""


def refuse_bound(p: _lstm.LstmIntegers) -> str | None:
    """Return why sums of 32 bits cannot be rescaled, or None."""
    most = bound(p)
    return f"a sum can reach {most}, beyond 2^30" if most > weights.MAX_SUM else None


def call(
    operator: Operator, p: _lstm.LstmIntegers, form: PairTiles, notes: tuple[str, ...]
) -> KernelCall:
    """Return the call of a kernel for tiles of two units; `refuse_bound` is None.

    What the hidden state's sums start from is one tile of zeros for all where its zero point is 0.
    """
    s = p.sizes
    recurrent = form.pack_start(starts(p.recurrent_bias))
    step = recurrent.shape[1] if p.recurrent_bias.any() else 0
    return KernelCall(
        kernel=f"safe_kernel_unidirectional_sequence_lstm_s8_{form.isa}",
        header=f"safe/kernel/unidirectional_sequence_lstm_{form.isa}.h",
        source=f"unidirectional_sequence_lstm_{form.isa}",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(constant.suffix) for constant in form.weights),
            ConstantArg("input_start"),
            ConstantArg("recurrent_start"),
            ConstantArg("curve"),
            TensorArg(operator.inputs[_lstm.HIDDEN_STATE]),
            TensorArg(operator.inputs[_lstm.CELL_STATE]),
            ScratchArg(form.scratch.name),
            TensorArg(operator.outputs[0]),
        ),
        params_type=f"safe_lstm_{form.isa}_params_t",
        params={**params(operator, p), "recurrent_start_step": step},
        constants=(
            *form.weights,
            Constant(
                "input_start",
                form.pack_start(starts(p.input_bias)),
                weight_bytes=form.start_bytes * p.input_bias.size,
            ),
            Constant(
                "recurrent_start",
                recurrent if recurrent.any() else recurrent[:1],
                counts_as_weight=False,
            ),
            Constant("curve", sigmoid_curve(), counts_as_weight=False),
        ),
        scratch=(form.scratch,),
        macs=s.batches * s.time_steps * _lstm.GATES * s.units * (s.inputs + s.units),
        notes=(
            f"{form.isa} kernel, the gates of two units at a time",
            *notes,
            f"|sum| <= {bound(p)}",
        ),
    )
