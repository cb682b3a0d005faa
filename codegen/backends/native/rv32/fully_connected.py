"""FULLY_CONNECTED for RV32: eight or four outputs at a time."""

from collections.abc import Callable, Mapping
from dataclasses import replace as replace_fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.rv32 import packing
from codegen.backends.native.shared import cost, weights
from codegen.backends.native.shared import fully_connected as shared
from codegen.backends.native.shared.fully_connected import Form, Shape
from codegen.backends.native.shared.weights import WeightRows
from codegen.ir.call import (
    Constant,
    ConstantArg,
    KernelCall,
    ParamsArg,
    TensorArg,
)
from codegen.ir.graph import Graph, Operator
from codegen.operators.linear.int16 import is_int16
from codegen.operators.linear.products import products
from codegen.options import Goal


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of a kernel with rows side by side, or why none is exact or pays."""
    del plain
    if is_int16(graph, operator):
        return None
    there = shared.brought(graph, goal, may_replace=True)
    form = shared.choose(graph, operator, FORMS, goal, there)
    if form == "ref":
        return "its code would not pay"
    p = products(graph, operator)
    dense = weights.of(p)
    batches = graph.tensor(operator.inputs[0]).elements // p.rows.shape[1]
    make = _few_call if form == "few" else fully_connected_call
    return weights.refusal(dense, 1) or make(operator, dense, batches, (p.low, p.high))


def fully_connected_call(
    operator: Operator, dense: WeightRows, batches: int, limits: tuple[int, int]
) -> KernelCall:
    """Return the call of `safe_kernel_fully_connected_s8_rv32`; `limits` of the output."""
    params = {"batches": batches, "row": packing.dense_row(dense, limits)}
    notes = ("rv32 kernel, eight outputs at a time", *packing.proof(dense))
    call = _call(operator, "", params, packing.dense_constants(dense), notes)
    return replace_fields(call, macs=batches * dense.rows.size)


def pack_few(rows: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return the weights of `safe_kernel_fully_connected_few_s8_rv32`, tile by tile."""
    begins = range(0, len(rows), shared.FEW_ROWS)
    tiles = zip(begins, shared.few_tiles(len(rows)), strict=True)
    return np.concatenate(
        [packing.pack_rows(rows[k : k + size], size).reshape(-1) for k, size in tiles]
    )


def _few_call(
    operator: Operator, dense: WeightRows, batches: int, limits: tuple[int, int]
) -> KernelCall:
    """Return the call of `safe_kernel_fully_connected_few_s8_rv32`."""
    multiplier, shift = dense.scales
    start = shared.filled(dense.bias).astype(np.int32)
    constants = (
        Constant("weights", pack_few(dense.rows), weight_bytes=dense.rows.nbytes),
        Constant("start", start, weight_bytes=4 * len(dense.rows)),
        Constant("multiplier", multiplier, counts_as_weight=False),
        Constant("shift", (-shift).astype(np.int8), counts_as_weight=False),
    )
    row = packing.dense_row(dense, limits)
    params = {"batches": batches} | {k: v for k, v in row.items() if k != "start_is_short"}
    notes = ("rv32 kernel, four outputs at a time", f"|sum| <= {dense.bound}")
    call = _call(operator, "_few", params, constants, notes)
    return replace_fields(call, macs=batches * dense.rows.size)


def _call(
    operator: Operator,
    infix: str,
    params: Mapping[str, Any],
    constants: tuple[Constant, ...],
    notes: tuple[str, ...],
) -> KernelCall:
    return KernelCall(
        kernel=f"safe_kernel_fully_connected{infix}_s8_rv32",
        header=f"safe/kernel/fully_connected{infix}_rv32.h",
        source=f"fully_connected{infix}_rv32",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(constant.suffix) for constant in constants),
            TensorArg(operator.outputs[0]),
        ),
        params_type=f"safe_fully_connected{infix}_rv32_params_t",
        params=params,
        constants=constants,
        notes=notes,
    )


def _instructions(source: str) -> Callable[[Shape], float]:
    return lambda s: cost.product("rv32", source, s.batches, s.units, s.depth)


def _constant_bytes(rows: int, s: Shape, start: int = 4) -> int:
    """Return the bytes of `rows` packed rows, `start` bytes of each, and of every scale."""
    return rows * (s.depth + start) + shared.SCALE_BYTES * s.units


FORMS = (
    Form(
        "ref", {"ref": 512}, _instructions("fully_connected"), lambda s: _constant_bytes(s.units, s)
    ),
    Form(
        "few",
        {"few": 386},
        _instructions("fully_connected_few_rv32"),
        lambda s: _constant_bytes(sum(shared.few_tiles(s.units)), s),
    ),
    Form(
        "eight",
        {"dot8": 572, "dense_row": 310, "eight": 88},
        _instructions("fully_connected_rv32"),
        lambda s: _constant_bytes(
            -(-s.units // packing.DOT8_ROWS) * packing.DOT8_ROWS, s, 2
        ),  # most fit
    ),
)
"""The kernels to choose from; code in bytes as GCC 12 makes it with -O2, instructions as counted in
QEMU: see `codegen/backends/native/shared/cost.py`."""
