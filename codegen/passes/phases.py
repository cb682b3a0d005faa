"""A transposed convolution as convolutions of its input, one for each place between two strides.

Along one axis each is a convolution of stride 1 (`operators.linear.transposed`). The phases are
interleaved by joins. Where all phases along x see the same places they are channels of one
convolution, which need no join; with taps of 0 they always can, which pays where products are few.

Exact: the same products are summed, and what lies outside of the input adds nothing.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from codegen.ir.graph import ABSENT, Array, DType, Graph, Operator, Tensor
from codegen.operators.linear import transposed
from codegen.operators.linear.transpose_conv import transposed_axes
from codegen.operators.linear.transposed import Phase
from codegen.operators.window import Axis
from codegen.passes.expansion import Accepts, Expansion, expand, has_own_weights

_JOIN = 8
"""Cost of interleaving one byte, in products."""
_ROWS = 4
"""Number of channels that kernels compute at a time."""


def run(graph: Graph, accepts: Accepts = lambda *_: True) -> Graph:
    """Return the graph with every such TRANSPOSE_CONV as CONV_2D, where that pays."""
    return expand(graph, accepts, _has_phases, _expand)


def _has_phases(graph: Graph, operator: Operator) -> bool:
    if operator.kind != "TRANSPOSE_CONV" or not has_own_weights(graph, operator):
        return False
    source = graph.tensor(operator.inputs[2])
    if source.dtype not in (DType.INT8, DType.INT16) or source.is_constant:
        return False
    y, _ = transposed_axes(graph, operator)
    return y.kernel >= y.stride and all(min(phase.border) >= 0 for phase in transposed.apart(y))


def _across(axis: Axis, depth: int, channels: int) -> list[list[Phase]]:
    """Return the phases along x, in sets that are one convolution each.

    `depth` is the number of input channels times the taps along y.
    """
    apart, united = transposed.apart(axis), transposed.united(axis)
    if len({(len(phase.taps), phase.border) for phase in apart}) == 1:
        return [apart]
    fits = all(phase.taps and min(phase.border) >= 0 for phase in apart)
    products = sum(len(phase.taps) for phase in apart) * _filled(channels) * depth
    more = len(united[0].taps) * _filled(axis.stride * channels) * depth
    if fits and products + _JOIN * axis.stride * channels < more:
        return [[phase] for phase in apart]
    return [united]


def _filled(channels: int) -> int:
    """Return the number of channels that is computed."""
    return -(-channels // _ROWS) * _ROWS


def _expand(to: Expansion) -> None:
    operator, graph = to.operator, to.graph
    y, x = transposed_axes(graph, operator)
    output = graph.tensor(operator.outputs[0])
    batches, channels = output.shape[0], output.shape[3]
    rows, columns = transposed.count(y), transposed.count(x)
    down = transposed.apart(y)
    depth = graph.tensor(operator.inputs[2]).shape[3] * max(len(phase.taps) for phase in down)
    sets = _across(x, depth, channels)
    lines = []
    for line in down:
        shape = (batches, rows, columns, channels * len(sets[0]))
        parts = [_convolve(to, line, phases, shape) for phases in sets]
        lines.append(_join(to, parts, 3, (batches, rows, columns * x.stride, channels)))
    whole = (batches, rows * y.stride, columns * x.stride, channels)
    _finish(to, _join(to, lines, 2, whole), whole)


def _convolve(to: Expansion, down: Phase, across: Sequence[Phase], shape: tuple[int, ...]) -> int:
    """Add the convolution of one phase along y and of those along x that see the same places."""
    graph, operator = to.graph, to.operator
    weights, source = graph.tensor(operator.inputs[1]), operator.inputs[2]
    bias = operator.inputs[3] if len(operator.inputs) > 3 else ABSENT
    assert weights.data is not None
    # One more tap along x, of 0.
    filled = np.pad(weights.data, ((0, 0), (0, 0), (0, 1), (0, 0)))
    data = [filled[:, list(down.taps)][:, :, list(phase.taps)] for phase in across]
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
