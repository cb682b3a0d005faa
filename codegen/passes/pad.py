"""Merging of PAD into the convolution that reads it: explicit borders instead of a larger copy.

The result is exact where the border holds the zero point of the convolution's input: such a tap
adds nothing to the sum, as the convolution's own padding does. A view between the two (Conv1D: PAD,
EXPAND_DIMS, CONV_2D) moves before the padding.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from codegen.ir.graph import Graph, Operator, Tensor
from codegen.operators.base import Border
from codegen.operators.registry import operators
from codegen.passes.graph import (
    Readers,
    only_reader,
    readers,
    same_quantization,
    value_inputs,
    with_operators,
)

_SPATIAL = (1, 2)


@dataclass(frozen=True)
class _Found:
    """A PAD, the view behind it if any, the convolution, and the borders of its input."""

    pad: Operator
    view: Operator | None
    convolution: Operator
    borders: Sequence[tuple[int, int]]


def run(graph: Graph) -> Graph:
    """Return the graph with every possible PAD taken into its convolution."""
    found = next(_search(graph, readers(graph)), None)
    while found is not None:
        graph = _join(graph, found)
        found = next(_search(graph, readers(graph)), None)
    return graph


def _search(graph: Graph, read: Readers) -> Iterator[_Found]:
    for pad in graph.operators:
        border = operators()[pad.kind].border(graph, pad)
        if border is None:
            continue
        view, reader = None, only_reader(graph, read, pad)
        if reader is not None and operators()[reader.kind].is_view:
            view, reader = reader, only_reader(graph, read, reader)
        if reader is None or not operators()[reader.kind].takes_padding:
            continue
        borders = _borders(graph, pad, border, graph.tensor(reader.inputs[0]))
        if borders is not None and _fits(graph, pad, border.value, reader):
            yield _Found(pad, view, reader, borders)


def _fits(graph: Graph, pad: Operator, value: int, convolution: Operator) -> bool:
    """Whether the border is what the convolution's own padding would be, of the same values."""
    source, padded = graph.tensor(pad.inputs[0]), graph.tensor(convolution.inputs[0])
    if padded.quantization is None or source.is_variable:
        return False
    if value_inputs(graph, convolution) != [padded.index]:
        return False
    is_zero = value == padded.quantization.zero_point
    return is_zero and same_quantization(source, padded) and not source.is_constant


def _borders(
    graph: Graph, pad: Operator, border: Border, image: Tensor
) -> list[tuple[int, int]] | None:
    """Return the border of each axis of the convolution's input; None unless spatial only.

    Behind a view the axes with more than one element keep their order, so they are matched one
    by one; an axis with a border always has more than one.
    """
    padded = graph.tensor(pad.outputs[0]).shape
    before = [(e, w) for e, w in zip(padded, border.widths, strict=True) if e > 1]
    after = [n for n, extent in enumerate(image.shape) if extent > 1]
    if [extent for extent, _ in before] != [image.shape[n] for n in after]:
        return None
    borders = [(0, 0)] * len(image.shape)
    for (_, width), n in zip(before, after, strict=True):
        borders[n] = width
    if any(b != (0, 0) for n, b in enumerate(borders) if n not in _SPATIAL):
        return None
    return borders


def _join(graph: Graph, found: _Found) -> Graph:
    convolution, tensors = found.convolution, dict(graph.tensors)
    source = found.pad.inputs[0]
    changed: dict[Operator, Operator | None] = {found.pad: None}
    if found.view is not None:
        image = tensors[convolution.inputs[0]]
        shape = tuple(
            extent - sum(border) for extent, border in zip(image.shape, found.borders, strict=True)
        )
        smaller = replace(image, index=max(tensors) + 1, shape=shape)
        tensors[smaller.index] = smaller
        changed[found.view] = Operator(found.view.index, "RESHAPE", (source,), (smaller.index,))
        source = smaller.index
    options = dict(convolution.options)
    for name, axis in zip(("border_h", "border_w"), _SPATIAL, strict=True):
        own, more = options.get(name, (0, 0)), found.borders[axis]
        options[name] = (own[0] + more[0], own[1] + more[1])
    changed[convolution] = replace(
        convolution,
        inputs=(source, *convolution.inputs[1:]),
        options=MappingProxyType(options),
    )
    return replace(with_operators(graph, changed), tensors=MappingProxyType(tensors))
