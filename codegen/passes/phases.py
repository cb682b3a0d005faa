"""A transposed convolution as convolutions of its input, one for each place between two strides.

Along one axis with stride s and padding `pad`, output o = s·q + p (phase p) sums taps t = s·m + r
of inputs q + d − m, where r and d are remainder and quotient of (p + pad) / s, and m goes from 0
to M − 1 with M = ceil((kernel − r) / s). That is a convolution of stride 1 with the M taps in
reverse, which sees M − 1 − d places before the input. The phases are interleaved by joins. Where
all phases along x see the same places they are channels of one convolution, which need no join.

Exact: the same products are summed, and what lies outside of the input adds nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from codegen.ir.graph import ABSENT, Array, DType, Graph, Operator, Tensor
from codegen.operators.linear.transpose_conv import transposed_axes
from codegen.operators.window import Axis
from codegen.passes.expansion import Accepts, Expansion, expand, has_own_weights


@dataclass(frozen=True)
class _Phase:
    """One phase along an axis: its taps in order of the input, and the border that they see."""

    taps: tuple[int, ...]
    border: tuple[int, int]


def run(graph: Graph, accepts: Accepts = lambda *_: True) -> Graph:
    """Return the graph with every such int8 TRANSPOSE_CONV as CONV_2D, where that pays."""
    return expand(graph, accepts, _has_phases, _expand)


def _has_phases(graph: Graph, operator: Operator) -> bool:
    if operator.kind != "TRANSPOSE_CONV" or not has_own_weights(graph, operator):
        return False
    source = graph.tensor(operator.inputs[2])
    if source.dtype is not DType.INT8 or source.is_constant:
        return False
    axes = transposed_axes(graph, operator)
    if all(axis.stride == 1 for axis in axes) or any(axis.kernel < axis.stride for axis in axes):
        return False
    return all(min(phase.border) >= 0 for axis in axes for phase in _phases(axis))


def _phases(axis: Axis) -> list[_Phase]:
    found = []
    for p in range(axis.stride):
        d, r = divmod(p + axis.pad, axis.stride)
        taps = tuple(range(r, axis.kernel, axis.stride))[::-1]
        found.append(_Phase(taps, (len(taps) - 1 - d, _count(axis) - axis.size + d)))
    return found


def _count(axis: Axis) -> int:
    """Return how many outputs each phase makes; the last of some may be one too many."""
    return -(-axis.output // axis.stride)


def _expand(to: Expansion) -> None:
    operator, graph = to.operator, to.graph
    y, x = transposed_axes(graph, operator)
    output = graph.tensor(operator.outputs[0])
    batches, channels = output.shape[0], output.shape[3]
    rows, columns = _count(y), _count(x)
    across = _phases(x)
    is_joined = len({(len(phase.taps), phase.border) for phase in across}) > 1
    sets = [[phase] for phase in across] if is_joined else [across]
    lines = []
    for down in _phases(y):
        shape = (batches, rows, columns, channels * len(sets[0]))
        parts = [_convolve(to, down, phases, shape) for phases in sets]
        lines.append(_join(to, parts, 3, (batches, rows, columns * x.stride, channels)))
    whole = (batches, rows * y.stride, columns * x.stride, channels)
    _finish(to, _join(to, lines, 2, whole), whole)


def _convolve(to: Expansion, down: _Phase, across: Sequence[_Phase], shape: tuple[int, ...]) -> int:
    """Add the convolution of one phase along y and of those along x that see the same places."""
    graph, operator = to.graph, to.operator
    weights, source = graph.tensor(operator.inputs[1]), operator.inputs[2]
    bias = operator.inputs[3] if len(operator.inputs) > 3 else ABSENT
    assert weights.data is not None
    data = [weights.data[:, list(down.taps)][:, :, list(phase.taps)] for phase in across]
    inputs = [source, _repeated(to, weights, np.concatenate(data), len(across))]
    if bias != ABSENT:
        tensor = graph.tensor(bias)
        assert tensor.data is not None
        is_same = len(across) == 1
        data_of_bias = np.tile(tensor.data, len(across))
        inputs.append(bias if is_same else _repeated(to, tensor, data_of_bias, len(across)))
    made = to.value(graph.tensor(operator.outputs[0]), shape)
    to.step(
        "CONV_2D",
        inputs,
        made,
        padding="VALID",
        stride_h=1,
        stride_w=1,
        dilation_h=1,
        dilation_w=1,
        fused_activation=operator.options["fused_activation"],
        border_h=down.border,
        border_w=across[0].border,
    )
    return made


def _repeated(to: Expansion, like: Tensor, data: Array, times: int) -> int:
    """Add weights or bias of `times` as many channels, with their scales."""
    found = like.quantization
    if found is not None and found.per_channel:
        found = replace(found, scales=found.scales * times, zero_points=found.zero_points * times)
    return to.constant(data, like, found)


def _join(to: Expansion, parts: Sequence[int], axis: int, shape: tuple[int, ...]) -> int:
    """Interleave equal parts along `axis` − 1 of the image; `shape` is that of all of them."""
    like = to.graph.tensor(to.operator.outputs[0])
    joined = parts[0]
    if len(parts) > 1:
        one = to.tensors[parts[0]].shape
        joined = to.value(like, (*one[:axis], len(parts), *one[axis:]))
        to.step("PACK", parts, joined, axis=axis, count=len(parts))
    if to.tensors[joined].shape == shape:
        return joined
    image = to.value(like, shape)
    to.step("RESHAPE", [joined], image)
    return image


def _finish(to: Expansion, image: int, shape: tuple[int, ...]) -> None:
    """Make the last step write the output, cut to its size."""
    output = to.graph.tensor(to.operator.outputs[0])
    if shape != output.shape:
        begin = to.numbers(np.zeros(4))
        to.step("SLICE", [image, begin, to.numbers(np.array(output.shape))], output.index)
        return
    del to.tensors[image]
    to.made[-1] = replace(to.made[-1], outputs=(output.index,))
