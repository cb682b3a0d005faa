"""FULLY_CONNECTED for the DSP extension: rows in pairs, eight or four at a time."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.dsp import int16, packing
from codegen.backends.native.shared import cost, weights
from codegen.backends.native.shared import fully_connected as shared
from codegen.backends.native.shared import int16 as shared_int16
from codegen.backends.native.shared.fully_connected import Form, Shape
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
from codegen.operators.linear.int16 import is_int16
from codegen.operators.linear.products import Products, products
from codegen.options import Goal


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of a kernel with paired rows, or why none is exact or pays."""
    del plain
    if is_int16(graph, operator):
        return int16.call(operator, shared_int16.of_matrix(graph, operator))
    there = shared.brought(graph, goal, may_replace=False)
    form = shared.choose(graph, operator, FORMS, goal, there)
    if form == "ref":
        return "its code would not pay"
    p = products(graph, operator)
    bound = weights.of(p).bound
    refusal = packing.refuse_rows(p.rows, p.bias, min_rows=1) or weights.refuse_rescale(
        *p.scales, p.output_zero_point, bound
    )
    batches = graph.tensor(operator.inputs[0]).elements // p.rows.shape[1]
    return refusal or _call(operator, p, batches, bound, few=form == "few")


def pack_few(rows: NDArray[np.int8]) -> NDArray[np.uint32]:
    """Return the weights of `safe_kernel_fully_connected_few_s8_dsp`, uint32[words]."""
    begins = range(0, len(rows), shared.FEW_ROWS)
    tiles = zip(begins, shared.few_tiles(len(rows)), strict=True)
    return np.concatenate(
        [packing.pack_rows(rows[k : k + size], size).reshape(-1) for k, size in tiles]
    )


def _few_constants(p: Products) -> tuple[Constant, ...]:
    start = packing.pack_start(shared.filled(p.bias), shared.LAST_ROWS).reshape(-1)
    multiplier, shift = p.scales
    return (
        Constant("weights", pack_few(p.rows), weight_bytes=p.rows.nbytes),
        Constant("start", start, weight_bytes=4 * len(p.rows)),
        Constant("multiplier", multiplier, counts_as_weight=False),
        Constant("shift", shift, counts_as_weight=False),
    )


def _call(operator: Operator, p: Products, batches: int, bound: int, *, few: bool) -> KernelCall:
    constants = _few_constants(p) if few else packing.dense_constants(p.rows, p.bias, *p.scales)
    infix, rows = ("_few", "four") if few else ("", "eight")
    return KernelCall(
        kernel=f"safe_kernel_fully_connected{infix}_s8_dsp",
        header=f"safe/kernel/fully_connected{infix}_dsp.h",
        source=f"fully_connected{infix}_dsp",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(constant.suffix) for constant in constants),
            ScratchArg("expanded"),
            TensorArg(operator.outputs[0]),
        ),
        params_type=f"safe_fully_connected{infix}_dsp_params_t",
        params={
            "batches": batches,
            "row": packing.dense_row(p.rows, p.step, p.output_zero_point, (p.low, p.high)),
        },
        constants=constants,
        scratch=(Scratch("expanded", 8 * packing.blocks(p.rows.shape[1]), alignment=4),),
        macs=batches * p.rows.size,
        notes=(
            f"dsp kernel, rows in pairs, {rows} at a time",
            f"|sum| <= {bound}; the first of each pair < 2^23",
        ),
    )


def _instructions(source: str) -> Callable[[Shape], float]:
    return lambda s: cost.product("dsp", source, s.batches, s.units, s.depth)


def _constant_bytes(rows: int, s: Shape) -> int:
    """Return the bytes of `rows` packed rows with their starts, and of every scale."""
    return rows * (4 * packing.blocks(s.depth) + 4) + shared.SCALE_BYTES * s.units


FORMS = (
    Form(
        "ref",
        {"ref": 476},
        _instructions("fully_connected"),
        lambda s: s.units * (s.depth + 4 + shared.SCALE_BYTES),
    ),
    Form(
        "few",
        {"few": 480, "expand": 138},
        _instructions("fully_connected_few_dsp"),
        lambda s: _constant_bytes(sum(shared.few_tiles(s.units)), s),
    ),
    Form(
        "eight",
        {"dot8": 554, "expand": 138, "dense_row": 568, "eight": 84},
        _instructions("fully_connected_dsp"),
        lambda s: _constant_bytes(-(-s.units // packing.DOT8_ROWS) * packing.DOT8_ROWS, s),
    ),
)
"""The kernels to choose from; code in bytes as GCC 12 makes it with -O2 for Cortex-M4, instructions
as counted in QEMU: see `codegen/backends/native/shared/cost.py`."""
