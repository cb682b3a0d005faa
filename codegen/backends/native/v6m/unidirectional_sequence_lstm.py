"""The LSTM's constants as the v6m kernel reads them, and the proof that it is exact with them.

The gates of two units are one tile, as for the dsp kernel.
"""

from collections.abc import Mapping
from dataclasses import replace as changed
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.shared import unidirectional_sequence_lstm as shared
from codegen.backends.native.shared import weights
from codegen.backends.native.v6m import packing as _v6m
from codegen.ir.call import Constant, KernelCall, Scratch
from codegen.ir.graph import Graph, Operator
from codegen.operators.recurrent import lstm as _lstm
from codegen.options import Goal

_MAX_TERM_SUM = (1 << 20) - 1
"""Largest |sum| of `safe_lstm_v6m_term_t`: 11 bits of a multiplier times it fit 32 bits."""
_MAX_TERM_SHIFT = 19
"""Largest right shift of it: 2^(10 + shift) and the shift by 11 + shift fit 32 bits."""
_BITS, _ROUND = 10, 11
"""SAFE_LSTM_V6M_BITS and SAFE_LSTM_V6M_ROUND: bits of the lower parts of a multiplier, and of what
the product with all of them has beyond the first rounding."""
_PASS = (1 << 30, -1)
"""Multiplier and shift of a quarter, by which four times a number comes out as it is."""
_NARROW = -64
"""SAFE_LSTM_V6M_NARROW."""


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel for the gates of two units, or why it is not exact."""
    del plain, goal
    p = _lstm.integers(graph, operator)
    return refusal(p) or call(operator, p, (_lstm.written(operator),))


def _sources(p: _lstm.LstmIntegers) -> list[tuple[NDArray[np.int8], NDArray[np.int64]]]:
    """Return rows of tiles, and what their sums start from, of the input and the hidden state."""
    return [
        (shared.tiles(rows), shared.starts(bias))
        for rows, bias in (
            (p.input_weights, p.input_bias),
            (p.recurrent_weights, p.recurrent_bias),
        )
    ]


def refusal(p: _lstm.LstmIntegers) -> str | None:
    """Return why the v6m kernel cannot run this LSTM exactly, or None."""
    found = shared.refuse_bound(p) or shared.refuse_scales(p)
    if found is None and shared.bound(p) > _v6m.MAX_SUM:
        found = f"a sum can reach {shared.bound(p)}, beyond {_v6m.MAX_SUM}"
    return found


def _is_term(multiplier: int, shift: int, bound: int) -> bool:
    """Return whether `safe_lstm_v6m_term_t` rescales sums up to `bound` exactly."""
    if bound > _MAX_TERM_SUM or not 1 <= -shift <= _MAX_TERM_SHIFT:
        return False
    return (bound * multiplier >> 2 * _BITS) + 1 + _addend(shift) < 1 << 31


def _addend(shift: int) -> int:
    """Return what both roundings add: half a unit of the first, and of the second."""
    return (1 << _ROUND - 1) + (1 << _ROUND - 1 - shift)


def _term(multiplier: int, shift: int) -> Mapping[str, int]:
    """Return the fields of `safe_lstm_v6m_term_t`; the shift as TFLite's, negative."""
    part = (1 << _BITS) - 1
    return {
        "low": multiplier & part,
        "middle": multiplier >> _BITS & part,
        "high": multiplier >> 2 * _BITS,
        "addend": _addend(shift),
        "shift": _ROUND - shift,
    }


def _terms(p: _lstm.LstmIntegers) -> Mapping[str, Any]:
    """Return the fields of `safe_lstm_v6m_params_t` that rescale the terms of the gates."""
    bounds = [int(weights.sum_bound(rows, start).max()) for rows, start in _sources(p)]
    gates: list[list[Mapping[str, int]]] = [[], []]
    wide: list[Mapping[str, int]] = []
    for terms, pairs, bound in zip(gates, p.scales.tolist(), bounds, strict=True):
        for gate in shared.GATE_ORDER:
            multiplier, shift = pairs[gate]
            fits = _is_term(multiplier, shift, bound)
            terms.append(_term(*((multiplier, shift) if fits else _PASS)))
            before = (0, _NARROW) if fits else (multiplier, shift)
            wide.append(dict(zip(("multiplier", "shift"), before, strict=True)))
    return {
        "gates": [
            dict(zip(("input", "recurrent"), pair, strict=True))
            for pair in zip(*gates, strict=True)
        ],
        "any_wide": int(any(one["shift"] != _NARROW for one in wide)),
        "wide": wide,
    }


def call(operator: Operator, p: _lstm.LstmIntegers, notes: tuple[str, ...]) -> KernelCall:
    """Return the call of `safe_kernel_unidirectional_sequence_lstm_s8_v6m`; `refusal` is None."""
    cuts = [_v6m.Vectors(1, rows.shape[1] + rows.shape[1] % 2) for rows, _ in _sources(p)]
    parts = [_v6m.words(rows, cut) for (rows, _), cut in zip(_sources(p), cuts, strict=True)]
    words = np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)
    own = p.input_weights.nbytes + p.recurrent_weights.nbytes
    form = shared.PairTiles(
        "v6m",
        _v6m.pack_start,
        (Constant("weights", words, weight_bytes=own),),
        Scratch("values", sum(cut.bytes for cut in cuts), alignment=4),
        _v6m.START_BYTES,
    )
    found = shared.call(operator, p, form, notes)
    given = {"input", "recurrent", "any_wide", "wide"}
    kept = {k: v for k, v in found.params.items() if k not in given}
    return changed(found, params={**kept, **_terms(p)})
