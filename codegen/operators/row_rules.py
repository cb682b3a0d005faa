"""Answers to `OperatorSpec.rows` that several operators give: how rows of the window pass through.

`known` holds the streamed inputs of an operator, at least one. All these functions return a
`RowRule`, or the reason why the operator needs the whole window.
"""

from collections.abc import Mapping
from math import prod
from types import MappingProxyType
from typing import Any

from codegen.ir.graph import Graph, Operator, Tensor
from codegen.ir.rows import Known, RowRule, Rows
from codegen.operators.base import ALL_ROWS
from codegen.operators.window import Axis


def streamed(graph: Graph, operator: Operator, known: Known) -> tuple[Tensor, Rows]:
    """Return the first streamed input and its rows."""
    index = next(i for i in operator.inputs if i in known)
    return graph.tensor(index), known[index]


def one_by_one(graph: Graph, operator: Operator, known: Known) -> RowRule | str:
    """Return the rule where each element follows from the input's element at the same place."""
    source, rows = streamed(graph, operator, known)
    same = source.shape == graph.tensor(operator.outputs[0]).shape
    return RowRule(rows) if same else "it changes the shape"


def inside(operator: Operator, known: Known, *, separate: bool) -> RowRule | str:
    """Return the rule where each row follows from the input rows at the same place.

    `separate`: whether nothing is joined across rows; else the whole window is needed.
    """
    return _joined(operator, known) if separate else ALL_ROWS


def _joined(operator: Operator, known: Known) -> RowRule | str:
    """Return the rows of several inputs together: a border of one is a border of all."""
    found = [known[i] for i in operator.inputs if i in known]
    first = found[0]
    if any((r.axis, r.length) != (first.axis, first.length) for r in found):
        return "its inputs have different rows"
    before, after = max(r.before for r in found), max(r.after for r in found)
    return RowRule(Rows(first.axis, first.length, before, after))


def both_sides(graph: Graph, operator: Operator, known: Known) -> RowRule | str:
    """Return the rule where each element follows from one of either input, which may repeat."""
    output = graph.tensor(operator.outputs[0])
    _, first = streamed(graph, operator, known)
    for index in operator.inputs:
        tensor = graph.tensor(index)
        if not tensor.is_constant and tensor.shape != output.shape:
            return "it repeats rows of another shape"
        place = first.axis - (len(output.shape) - len(tensor.shape))
        if tensor.is_constant and place >= 0 and tensor.shape[place] != 1:
            return "its constant differs from row to row"
    return _joined(operator, known)


def same_bytes(graph: Graph, operator: Operator, known: Known) -> RowRule | str:
    """Return the rule of a view: the rows of the input, along an axis that may be another.

    That is the last axis that fits: with one row, [1, 1, 1, C] is an image of height 1 (Conv1D).
    """
    source, rows = streamed(graph, operator, known)
    shape = graph.tensor(operator.outputs[0]).shape
    size = prod(source.shape[rows.axis + 1 :])
    found = [
        n
        for n, extent in enumerate(shape)
        if extent == rows.length and prod(shape[:n]) == 1 and prod(shape[n + 1 :]) == size
    ]
    if not found:
        return f"it turns {list(source.shape)} into {list(shape)}: no rows are left"
    return RowRule(Rows(found[-1], rows.length, rows.before, rows.after))


def window(
    graph: Graph, operator: Operator, known: Known, axes: tuple[Axis, Axis], *, pads: bool
) -> RowRule | str:
    """Return the rule where each output sees a window of an image [1, H, W, C] along time.

    `axes` are height and width; `pads` says whether the operator takes options `border_h` and
    `border_w`, by which a part of the rows is given its padding.
    """
    source, rows = streamed(graph, operator, known)
    if rows.axis not in (1, 2) or prod(source.shape[: rows.axis]) != 1:
        return "its rows do not lie along height or width"
    time, other = axes[rows.axis - 1], axes[2 - rows.axis]
    if rows.axis == 2 and other.output != 1:
        return "its rows do not lie one behind the other"
    if time.stride != 1:
        return f"its stride along the window is {time.stride}, and rows move by 1"
    taps = (time.kernel - 1) * time.dilation + 1
    after = time.output - 1 + taps - time.pad - time.size
    if not pads and (time.pad or after):
        return "it pools with padding along the window"
    border = Rows(rows.axis, time.output, rows.before + time.pad, rows.after + after)
    if not pads:
        return RowRule(border, taps)

    def options(before: int, behind: int) -> Mapping[str, Any]:
        whole = (other.output - 1) * other.stride + (other.kernel - 1) * other.dilation + 1
        beside = (other.pad, max(0, whole - other.pad - other.size))
        borders = ((before, behind), beside)
        y, x = borders if rows.axis == 1 else reversed(borders)
        changed = {"padding": "VALID", "border_h": y, "border_w": x}
        return MappingProxyType({**operator.options, **changed})

    return RowRule(border, taps, time.pad, after, options)
