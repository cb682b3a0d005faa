"""Which operators work row by row along the window, for the pass `streaming`.

A streamed value is `length` rows, outermost in memory. When the window moves on by one sample,
row t becomes row t − 1, but not at the borders: a row that saw padding must be computed anew.
"""

from collections.abc import Mapping
from math import prod
from types import MappingProxyType
from typing import Any

from codegen.ir.graph import ABSENT, Graph, Operator, Tensor
from codegen.ir.rows import Known, Rows, Rule
from codegen.operators.registry import operators
from codegen.operators.window import Axis, window_axes

_VIEWS = {"RESHAPE", "EXPAND_DIMS", "SQUEEZE"}
_UNARY = {
    "DEQUANTIZE",
    "HARD_SWISH",
    "LEAKY_RELU",
    "LOGISTIC",
    "LOOKUP",
    "QUANTIZE",
    "RELU",
    "RELU6",
    "RELU_N1_TO_1",
    "TANH",
}
_BINARY = {"ADD", "SUB", "MUL"}
_CONVOLUTIONS = {"CONV_2D", "DEPTHWISE_CONV_2D"}
_POOLS = {"AVERAGE_POOL_2D", "MAX_POOL_2D"}


def time_axis(tensor: Tensor) -> int | None:
    """Return the axis of the window in a model input, or None.

    [1, T, C] and [1, T, W, C]: axis 1; [1, 1, T, C]: axis 2; [T, C]: axis 0.
    """
    rank = len(tensor.shape)
    if rank == 2:
        return 0
    if rank not in (3, 4) or tensor.shape[0] != 1:
        return None
    return 2 if rank == 4 and tensor.shape[1] == 1 else 1


def rule(graph: Graph, operator: Operator, known: Known) -> Rule | str:
    """Return how the operator makes rows, or why it needs the whole window."""
    kind = operator.kind
    streamed = [i for i in operator.inputs if i in known]
    if len(operator.outputs) != 1 or not _others_are_constant(graph, operator, known):
        return "it is not made of rows of the window alone"
    source, output = graph.tensor(streamed[0]), graph.tensor(operator.outputs[0])
    rows = known[source.index]
    if kind in _VIEWS:
        axis = _same_rows(source, output, rows)
        if axis is None:
            return f"it turns {list(source.shape)} into {list(output.shape)}: no rows are left"
        return Rule(Rows(axis, rows.length, rows.before, rows.after))
    if kind in _CONVOLUTIONS or kind in _POOLS:
        found = _window(graph, operator, rows)
    elif kind in _BINARY:
        found = _binary(graph, operator, [known[i] for i in streamed])
    elif kind in _UNARY:
        found = Rule(rows) if source.shape == output.shape else "it changes the shape"
    else:
        found = _rowwise(graph, operator, rows)
    if isinstance(found, Rule) and found.rows.inside < 1:
        return (
            f"each of its {found.rows.length} rows sees the padding at an end of the window: "
            "use a longer window or padding VALID"
        )
    return found


def _others_are_constant(graph: Graph, operator: Operator, known: Known) -> bool:
    return all(i in known or graph.tensor(i).is_constant for i in operator.inputs if i != ABSENT)


def _same_rows(source: Tensor, output: Tensor, rows: Rows) -> int | None:
    """Return the axis of a view's output along which its rows are those of the input.

    The last one that fits: with one row, [1, 1, 1, C] is an image of height 1, as of Conv1D.
    """
    size = prod(source.shape[rows.axis + 1 :])
    shape = output.shape
    found = [
        n
        for n, extent in enumerate(shape)
        if extent == rows.length and prod(shape[:n]) == 1 and prod(shape[n + 1 :]) == size
    ]
    return found[-1] if found else None


def _window(graph: Graph, operator: Operator, rows: Rows) -> Rule | str:
    """Convolution or pooling along time, and along the other axis as it is."""
    source = graph.tensor(operator.inputs[0])
    if rows.axis not in (1, 2) or prod(source.shape[: rows.axis]) != 1:
        return "its rows do not lie along height or width"
    axes = _axes(graph, operator)
    time, other = axes[rows.axis - 1], axes[2 - rows.axis]
    if rows.axis == 2 and other.output != 1:
        return "its rows do not lie one behind the other"
    if time.stride != 1:
        return f"its stride along the window is {time.stride}, and rows move by 1"
    taps = (time.kernel - 1) * time.dilation + 1
    after = time.output - 1 + taps - time.pad - time.size
    if operator.kind in _POOLS and (time.pad or after):
        return "it pools with padding along the window"
    border = Rows(
        rows.axis,
        time.output,
        rows.before + time.pad,
        rows.after + after,
    )
    if operator.kind in _POOLS:
        return Rule(border, taps)

    def options(before: int, behind: int) -> Mapping[str, Any]:
        whole = (other.output - 1) * other.stride + (other.kernel - 1) * other.dilation + 1
        beside = (other.pad, max(0, whole - other.pad - other.size))
        borders = ((before, behind), beside)
        y, x = borders if rows.axis == 1 else reversed(borders)
        changed = {"padding": "VALID", "border_h": y, "border_w": x}
        return MappingProxyType({**operator.options, **changed})

    return Rule(border, taps, time.pad, after, options)


def _axes(graph: Graph, operator: Operator) -> tuple[Axis, Axis]:
    _, height, width, _ = graph.tensor(operator.inputs[0]).shape
    if operator.kind in _CONVOLUTIONS:
        _, kernel_height, kernel_width, _ = graph.tensor(operator.inputs[1]).shape
        return window_axes(operator, (height, width), (kernel_height, kernel_width))
    o = operator.options
    undilated = {**o, "dilation_h": 1, "dilation_w": 1}
    pool = Operator(operator.index, operator.kind, operator.inputs, operator.outputs, undilated)
    return window_axes(pool, (height, width), (o["filter_h"], o["filter_w"]))


def _binary(graph: Graph, operator: Operator, streamed: list[Rows]) -> Rule | str:
    output = graph.tensor(operator.outputs[0])
    first = streamed[0]
    for index in operator.inputs:
        tensor = graph.tensor(index)
        if not tensor.is_constant and tensor.shape != output.shape:
            return "it repeats rows of another shape"
        place = first.axis - (len(output.shape) - len(tensor.shape))
        if tensor.is_constant and place >= 0 and tensor.shape[place] != 1:
            return "its constant differs from row to row"
    if any((r.axis, r.length) != (first.axis, first.length) for r in streamed):
        return "its inputs have different rows"
    before, after = max(r.before for r in streamed), max(r.after for r in streamed)
    return Rule(Rows(first.axis, first.length, before, after))


def _rowwise(graph: Graph, operator: Operator, rows: Rows) -> Rule | str:
    """Operators that join nothing along the window, whatever they do inside a row."""
    source, output = graph.tensor(operator.inputs[0]), graph.tensor(operator.outputs[0])
    axis = rows.axis
    inside = {
        "CONCATENATION": lambda: _joins_inside(graph, operator, axis),
        "FULLY_CONNECTED": lambda: (
            source.shape[:-1] == output.shape[:-1] and axis < len(source.shape) - 1
        ),
        "MEAN": lambda: _reduces_inside(graph, operator, axis),
        "PAD": lambda: _pads_inside(graph, operator, axis),
        "SOFTMAX": lambda: axis < len(source.shape) - 1,
    }.get(operator.kind)
    if inside is None or not inside():
        return "it needs all rows at once"
    return Rule(rows)


def _joins_inside(graph: Graph, operator: Operator, axis: int) -> bool:
    shapes = [graph.tensor(i).shape for i in (*operator.inputs, *operator.outputs)]
    rank = len(shapes[0])
    outer = {shape[: axis + 1] for shape in shapes}
    constant = any(graph.tensor(i).is_constant for i in operator.inputs)
    return operator.options["axis"] % rank > axis and len(outer) == 1 and not constant


def _reduces_inside(graph: Graph, operator: Operator, axis: int) -> bool:
    source, axes = (graph.tensor(i) for i in operator.inputs)
    if axes.data is None:
        return False
    rank = len(source.shape)
    return all(int(n) % rank > axis for n in axes.data.reshape(-1))


def _pads_inside(graph: Graph, operator: Operator, axis: int) -> bool:
    borders = graph.tensor(operator.inputs[1]).data
    return borders is not None and not borders.reshape(-1, 2)[: axis + 1].any()


def supported() -> list[str]:
    """Return the kinds that may be streamed, sorted."""
    rowwise = {"CONCATENATION", "FULLY_CONNECTED", "MEAN", "PAD", "SOFTMAX"}
    kinds = _VIEWS | _UNARY | _BINARY | _CONVOLUTIONS | _POOLS | rowwise
    return sorted(k for k in kinds if not operators()[k].internal)
