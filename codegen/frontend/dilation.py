"""SPACE_TO_BATCH_ND, a convolution, BATCH_TO_SPACE_ND: one dilated convolution.

Exact with TFLite: each of the batches holds the positions that the taps of a dilated kernel see,
the border is the zero point as in any padding, and every output is rescaled by itself. It is done
on import, before the operators are checked, as the converter writes an open batch as 1 in all
shapes between the two, whatever their true extent. Views around the convolution are made anew.

TFLM agrees where nothing is padded or the zero point is 0: it pads with 0. It also takes the
converter's shapes as they are, and then computes the first block only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType

from codegen.ir.graph import ABSENT, Graph, Operator, Tensor
from codegen.operators.registry import operators
from codegen.operators.window import MAX_STEP

_START, _END = "SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"
_CONVOLUTIONS = {"CONV_2D", "DEPTHWISE_CONV_2D"}
_STRIDES = ("stride_h", "stride_w", "dilation_h", "dilation_w")


@dataclass(frozen=True)
class _Found:
    """The operators from the first to the last, and the convolution among them.

    `axes` are 1 for height and 2 for width, each with its dilation (`blocks`) and border.
    """

    chain: Sequence[Operator]
    convolution: Operator
    axes: Sequence[int]
    blocks: Sequence[int]
    borders: Sequence[tuple[int, int]]


def run(graph: Graph) -> Graph:
    """Return the graph in which every such group is a dilated convolution."""
    for start in [o for o in graph.operators if o.kind == _START]:
        found = _search(graph, start)
        if found is not None:
            graph = _join(graph, found)
    return graph


def _next(graph: Graph, operator: Operator) -> Operator | None:
    output = operator.outputs[0]
    readers = [o for o in graph.operators if output in o.inputs]
    return readers[0] if len(readers) == 1 and output not in graph.outputs else None


def _search(graph: Graph, start: Operator) -> _Found | None:
    """Follow the readers from `start`; None unless they are what the converter writes."""
    views = {kind for kind, spec in operators().items() if spec.is_view}
    chain, kinds = [start], [{*views, *_CONVOLUTIONS}, {*views, _END}]
    for _ in range(4):
        following = _next(graph, chain[-1])
        if following is None or following.kind not in kinds[0] or len(following.outputs) != 1:
            return None
        if following.kind in _CONVOLUTIONS:
            kinds.pop(0)
        chain.append(following)
        if following.kind == _END:
            return _measured(graph, chain)
    return None


def _measured(graph: Graph, chain: Sequence[Operator]) -> _Found | None:
    (convolution,) = (o for o in chain if o.kind in _CONVOLUTIONS)
    if convolution.options.get("padding") != "VALID":
        return None
    if any(convolution.options[name] != 1 for name in _STRIDES):
        return None
    follows = (one.outputs[0] == other.inputs[0] for one, other in pairwise(chain))
    if not chain[0].inputs or chain[0].inputs[0] == ABSENT or not all(follows):
        return None
    blocks, pads = _integers(graph, chain[0])
    same, crops = _integers(graph, chain[-1])
    source, image = graph.tensor(chain[0].inputs[0]), graph.tensor(convolution.inputs[0])
    result, target = graph.tensor(convolution.outputs[0]), graph.tensor(chain[-1].outputs[0])
    if not (_same_values(source, image) and _same_values(result, target)):
        return None
    if source.is_constant or len(target.shape) != len(source.shape):
        return None
    axes = _axes(source, image)
    if blocks != same or not 1 <= len(blocks) <= len(axes):
        return None
    if len(pads) != 2 * len(blocks) or len(crops) != len(pads):
        return None
    lost = [pad - crop for pad, crop in zip(pads, crops, strict=True)]
    if not all(1 <= n <= MAX_STEP for n in blocks) or not all(0 <= n <= MAX_STEP for n in lost):
        return None
    borders = list(zip(lost[0::2], lost[1::2], strict=True))
    return _Found(chain, convolution, axes[: len(blocks)], blocks, borders)


def _integers(graph: Graph, operator: Operator) -> tuple[list[int], list[int]]:
    """Return block and borders of a move; none when they are not constant."""
    if len(operator.inputs) != 3 or ABSENT in operator.inputs:
        return [], []
    found = [graph.tensor(index).data for index in operator.inputs[1:]]
    block, border = ([] if d is None else [int(v) for v in d.reshape(-1)] for d in found)
    return block, border


def _axes(source: Tensor, image: Tensor) -> list[int]:
    """Return the axes of the convolution's input that axes 1 and 2 of `source` are."""
    if len(image.shape) != 4 or source.shape[:1] != (1,):
        return []
    if len(source.shape) == 4:
        return [1, 2]
    if len(source.shape) != 3:
        return []
    return [2] if image.shape[1] == 1 else [1] if image.shape[2] == 1 else []


def _same_values(one: Tensor, other: Tensor) -> bool:
    """Return whether both have one scale and zero point, so that bytes only move."""
    first, second = one.quantization, other.quantization
    if first is None or second is None or one.dtype != other.dtype:
        return False
    return (first.scales, first.zero_points) == (second.scales, second.zero_points)


def _join(graph: Graph, found: _Found) -> Graph:
    tensors, convolution = dict(graph.tensors), found.convolution
    options = dict(convolution.options)
    for axis, block, border in zip(found.axes, found.blocks, found.borders, strict=True):
        letter = "hw"[axis - 1]
        options[f"dilation_{letter}"], options[f"border_{letter}"] = block, border
    first, last = found.chain[0], found.chain[-1]
    source, target = first.inputs[0], last.outputs[0]
    ends: list[Operator] = []
    if len(tensors[source].shape) == 3:  # Conv1D: the axis that it lacks is put in by a view
        before, after = (
            _with_axis(tensors, index, 3 - found.axes[0]) for index in (source, target)
        )
        ends = [
            Operator(first.index, "RESHAPE", (source,), (before,)),
            Operator(last.index, "RESHAPE", (after,), (target,)),
        ]
        source, target = before, after
    dilated = replace(
        convolution,
        inputs=(source, *convolution.inputs[1:]),
        outputs=(target,),
        options=MappingProxyType(options),
    )
    gone = {operator.index for operator in found.chain}
    kept = [o for o in graph.operators if o.index not in gone]
    ordered = sorted([*kept, dilated, *ends], key=lambda o: o.index)
    return replace(graph, operators=tuple(ordered), tensors=MappingProxyType(tensors))


def _with_axis(tensors: dict[int, Tensor], index: int, axis: int) -> int:
    """Add the tensor with one more axis of extent 1; return its index."""
    shape = tensors[index].shape
    added = max(tensors) + 1
    tensors[added] = replace(tensors[index], index=added, shape=(*shape[:axis], 1, *shape[axis:]))
    return added
