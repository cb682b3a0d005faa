"""What the pure data movers share: slices, transposes, splits and joins of any element type.

One kernel file (`copy`) moves bytes for all of them. A movement that changes nothing is a view.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from codegen.ir.call import (
    Argument,
    Constant,
    ConstantArg,
    KernelCall,
    ListArg,
    ParamsArg,
    TensorArg,
)
from codegen.ir.graph import Graph, Operator, Tensor
from codegen.ir.step import Piece
from codegen.operators.checks import data_argument, invalid, require_indices, unsupported

COPY_AXES = 6
"""Largest number of axes that a copy walks, SAFE_COPY_AXES of safe/kernel/copy.h."""


@dataclass(frozen=True)
class Walk:
    """One axis of the output, outermost first: `count` elements, `step` input elements apart."""

    count: int
    step: int


def copy_call(
    graph: Graph, operator: Operator, start: int, walks: Sequence[Walk], position: int = 0
) -> KernelCall | None:
    """Return the copy of the input at `position`, or None when the output is just a view of it.

    `start` is the first element taken. Walks that continue one another become one.
    """
    source = graph.tensor(operator.inputs[position])
    merged: list[Walk] = []
    for walk in walks:
        if walk.count == 1:
            continue
        if merged and merged[-1].step == walk.count * walk.step:
            merged[-1] = Walk(merged[-1].count * walk.count, walk.step)
        else:
            merged.append(walk)
    run = merged.pop().count if merged and merged[-1].step == 1 else 1
    whole = not merged and start == 0 and run == source.elements
    if whole and position == 0 and not (source.is_constant or source.is_variable):
        return None
    if len(merged) > COPY_AXES:
        unsupported(graph, operator, f"moves data along more than {COPY_AXES} axes")
    size = source.dtype.itemsize
    axes = [Walk(1, 0)] * (COPY_AXES - len(merged)) + merged
    argument, constants = data_argument(source, "input")
    return KernelCall(
        kernel="safe_kernel_copy_bytes",
        header="safe/kernel/copy.h",
        source="copy",
        arguments=(ParamsArg(), argument, TensorArg(operator.outputs[0])),
        params_type="safe_copy_params_t",
        params={
            "start_bytes": start * size,
            "run_bytes": run * size,
            "axis": [{"count": w.count, "step_bytes": w.step * size} for w in axes],
        },
        constants=constants,
        notes=(f"copies runs of {run * size} bytes",),
        pieces=() if merged else (Piece(source.index, operator.outputs[0], start * size),),
    )


def split_call(
    graph: Graph, operator: Operator, axis: int, sizes: Sequence[int], position: int
) -> KernelCall | None:
    """Return the call that deals the input at `position` out along `axis`; None for a view."""
    source = graph.tensor(operator.inputs[position])
    if len(sizes) == 1:
        return copy_call(graph, operator, 0, [Walk(source.elements, 1)], position)
    argument, constants = data_argument(source, "input")
    outputs = ListArg(tuple(TensorArg(index) for index in operator.outputs))
    arguments = (ParamsArg(), argument, ConstantArg("part_bytes"), outputs)
    cut = _Cut(source, operator.outputs, axis, sizes)
    return _parts_call("safe_kernel_split_bytes", arguments, constants, cut)


def join_call(
    graph: Graph, operator: Operator, axis: int, sizes: Sequence[int]
) -> KernelCall | None:
    """Return the call that collects all inputs along `axis` of the output; None for a view."""
    output = graph.tensor(operator.outputs[0])
    if len(sizes) == 1:
        return copy_call(graph, operator, 0, [Walk(output.elements, 1)])
    found = [
        data_argument(graph.tensor(index), f"input{n}") for n, index in enumerate(operator.inputs)
    ]
    arguments = (
        ParamsArg(),
        ListArg(tuple(argument for argument, _ in found)),
        ConstantArg("part_bytes"),
        TensorArg(output.index),
    )
    constants = tuple(c for _, part in found for c in part)
    cut = _Cut(output, operator.inputs, axis, sizes)
    return _parts_call("safe_kernel_join_bytes", arguments, constants, cut)


@dataclass(frozen=True)
class _Cut:
    """A tensor `whole` and its parts along `axis`, `sizes` elements each."""

    whole: Tensor
    parts: tuple[int, ...]
    axis: int
    sizes: Sequence[int]


def _parts_call(
    kernel: str, arguments: tuple[Argument, ...], constants: tuple[Constant, ...], cut: _Cut
) -> KernelCall:
    """Return a split or a join; both offer to be views where every part is one run of bytes."""
    inner = prod(cut.whole.shape[cut.axis + 1 :]) * cut.whole.dtype.itemsize
    rows = prod(cut.whole.shape[: cut.axis])
    part_bytes = np.array([size * inner for size in cut.sizes], dtype=np.int32)
    starts = [0, *np.cumsum(part_bytes).tolist()]
    pieces = (Piece(cut.whole.index, part, at) for part, at in zip(cut.parts, starts, strict=False))
    return KernelCall(
        kernel=kernel,
        header="safe/kernel/copy.h",
        source="copy",
        arguments=arguments,
        params_type="safe_parts_params_t",
        params={"rows": rows, "parts": len(cut.sizes)},
        constants=(Constant("part_bytes", part_bytes, counts_as_weight=False), *constants),
        notes=(f"{len(cut.sizes)} parts",),
        pieces=tuple(pieces) if rows == 1 else (),
    )


def positive_axis(graph: Graph, operator: Operator, axis: int, rank: int) -> int:
    """Return `axis` counted from the front; it must be in [-rank, rank)."""
    if not -rank <= axis < rank:
        invalid(graph, operator, f"has axis {axis} for rank {rank}; export the model again")
    return axis + rank if axis < 0 else axis


def constant_axis(graph: Graph, operator: Operator, position: int, rank: int) -> int:
    """Return the axis that the constant input at `position` holds, counted from the front."""
    tensor = graph.tensor(operator.inputs[position])
    data = require_indices(graph, operator, tensor).reshape(-1)
    if data.size != 1:
        invalid(graph, operator, f"has {data.size} values, expected one axis", tensor.index)
    return positive_axis(graph, operator, int(data[0]), rank)
