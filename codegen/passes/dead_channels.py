"""Channels that say nothing are taken out: those of one value, and those that nobody reads.

A channel of a value is needless where each of its readers either multiplies it by 0, or can add it
to its bias because it is constant (and equal to the zero point where a border is padded), or makes
a needless channel of it. Its row of weights goes, and so do the columns of its readers; sums are
integers, so they stay what they are.
"""

from dataclasses import replace
from types import MappingProxyType

import numpy as np

from codegen.fixed_point import Int64
from codegen.ir.graph import ABSENT, Array, DType, Graph, Operator, Tensor
from codegen.operators.registry import operators
from codegen.passes import ranges
from codegen.passes.constant_rows import constant
from codegen.passes.graph import readers, with_operators
from codegen.passes.ranges import Mask, Range

_INT32_MAX = (1 << 31) - 1


def run(graph: Graph) -> Graph:
    """Return the graph without such channels; every value keeps one at least."""
    known = ranges.find(graph)
    needless = _needless(graph, known)
    kept = {index: np.flatnonzero(~mask) for index, mask in needless.items()}
    if not kept:
        return graph
    tensors = dict(graph.tensors)
    changed: dict[Operator, Operator | None] = {}
    for operator in graph.operators:
        found = _without(graph, operator, tensors, kept, known)
        if found is not operator:
            changed[operator] = found
    for index, channels in kept.items():
        tensor = tensors[index]
        tensors[index] = replace(tensor, shape=(*tensor.shape[:-1], len(channels)))
    return replace(with_operators(graph, changed), tensors=MappingProxyType(tensors))


def _needless(graph: Graph, known: dict[int, Range]) -> dict[int, Mask]:
    """Return a mask of needless channels for each value that has any, from the last one back."""
    read = readers(graph)
    found: dict[int, Mask] = {}
    for operator in reversed(graph.operators):
        if len(operator.outputs) != 1 or operator.outputs[0] in graph.outputs:
            continue
        output = graph.tensor(operator.outputs[0])
        if output.dtype is not DType.INT8 or not output.shape:
            continue
        made_here = ranges.is_product(graph, operator) or (
            ranges.keeps_channels(graph, operator)
            and not graph.tensor(operator.inputs[0]).is_variable
        )
        users = read.get(output.index, [])
        if not made_here or not users:
            continue
        mask = np.ones(output.shape[-1], bool)
        for user in users:
            mask &= _ignored(graph, user, output, known, found)
        if mask.all():
            mask[0] = False
        if mask.any():
            found[output.index] = mask
    return _consistent(graph, found)


def _consistent(graph: Graph, found: dict[int, Mask]) -> dict[int, Mask]:
    """Return the masks that agree along operators which keep channels in their places.

    Such an operator can lose a channel only where its input loses it, too: what remains needed of
    one is needed of the other.
    """
    masks = {index: mask.copy() for index, mask in found.items()}
    moving = True
    while moving:
        moving = False
        for operator in graph.operators:
            if len(operator.outputs) != 1 or not _in_place(graph, operator):
                continue
            pair = (operator.inputs[0], operator.outputs[0])
            shape = graph.tensor(pair[1]).shape[-1]
            both = [masks.get(i, np.zeros(shape, bool)) for i in pair]
            if np.array_equal(both[0], both[1]):
                continue
            joined = both[0] & both[1]
            masks |= dict.fromkeys(pair, joined)
            moving = True
    return {index: mask for index, mask in masks.items() if mask.any()}


def _in_place(graph: Graph, operator: Operator) -> bool:
    """Return whether input and output have the same channels."""
    output = graph.tensor(operator.outputs[0])
    if output.dtype is not DType.INT8 or not output.shape or not operator.inputs:
        return False
    if ranges.is_product(graph, operator):
        return ranges.is_by_channel(operator)
    if graph.tensor(operator.inputs[0]).is_constant:
        return False
    return ranges.keeps_channels(graph, operator)


def _ignored(
    graph: Graph, user: Operator, value: Tensor, known: dict[int, Range], found: dict[int, Mask]
) -> Mask:
    """Return which channels of a value `user` does without."""
    nothing = np.zeros(value.shape[-1], bool)
    if len(user.outputs) != 1 or user.inputs[0] != value.index or value.index in user.inputs[1:]:
        return nothing
    if _in_place(graph, user):
        return found.get(user.outputs[0], nothing)
    if not ranges.is_product(graph, user):
        return nothing
    p = ranges.product(graph, user)
    used: Mask = np.any(p.rows.reshape(-1, len(nothing)), axis=0)
    unread = np.logical_not(used)
    about = known.get(value.index)
    if about is None:
        return unread
    folds = about.is_constant
    if ranges.is_padded(graph, user):
        folds = folds & (about.low == p.input_zero_point)
    if not _fits(p.rows, about.low - p.input_zero_point, _bias(graph, user)):
        return unread
    return unread | folds


def _fits(rows: Array, distance: Int64, bias: Int64) -> bool:
    """Return whether no bias can leave int32, whichever channels are added to it."""
    by_tap = np.abs(rows.astype(np.int64)).reshape(len(rows), -1, len(distance))
    most = (by_tap * np.abs(distance)).sum(axis=(1, 2)) + np.abs(bias)
    return bool(most.max() <= _INT32_MAX)


def _bias(graph: Graph, operator: Operator) -> Int64:
    """Return the bias as in the file, 0 where there is none."""
    index = operator.inputs[2] if len(operator.inputs) > 2 else ABSENT
    if index == ABSENT:
        return np.zeros(graph.tensor(operator.inputs[1]).shape[_axis(operator)], np.int64)
    data = graph.tensor(index).data
    assert data is not None
    return data.reshape(-1).astype(np.int64)


def _without(
    graph: Graph,
    operator: Operator,
    tensors: dict[int, Tensor],
    kept: dict[int, Int64],
    known: dict[int, Range],
) -> Operator:
    """Return a product without the rows and columns that went; any other operator as it is."""
    rows, columns = kept.get(operator.outputs[0]) if operator.outputs else None, None
    if operator.inputs:
        columns = kept.get(operator.inputs[0])
    if not ranges.is_product(graph, operator) or (rows is None and columns is None):
        return operator
    axis = _axis(operator)
    weights = graph.tensor(operator.inputs[1])
    assert weights.data is not None
    assert weights.quantization is not None
    data, bias = weights.data, _bias(graph, operator)
    if columns is not None and not ranges.is_by_channel(operator):
        source = graph.tensor(operator.inputs[0])
        gone = np.setdiff1d(np.arange(source.shape[-1]), columns)
        about = known.get(source.index, ranges.full(source.shape[-1]))
        distance = np.where(about.is_constant, about.low - _zero_point(source), 0)
        by_tap = data.astype(np.int64).reshape(len(data), -1, source.shape[-1])
        bias = bias + (by_tap * distance)[:, :, gone].sum(axis=(1, 2))
        data = data[..., columns]
    quantization = weights.quantization
    if rows is not None:
        data, bias = np.take(data, rows, axis=axis), bias[rows]
        if quantization.per_channel:
            quantization = replace(
                quantization,
                scales=tuple(quantization.scales[n] for n in rows),
                zero_points=tuple(quantization.zero_points[n] for n in rows),
            )
    made = constant(tensors, replace(weights, quantization=quantization), data)
    like = Tensor(0, f"{weights.name}/bias", (len(bias),), DType.INT32)
    added = constant(tensors, like, bias.astype(np.int32))
    return replace(operator, inputs=(operator.inputs[0], made.index, added.index))


def _axis(operator: Operator) -> int:
    """Return the axis of the weights along which the output channels of a product lie."""
    at = operators()[operator.kind].operands
    assert at is not None
    return at.axis


def _zero_point(tensor: Tensor) -> int:
    assert tensor.quantization is not None
    return tensor.quantization.zero_point
