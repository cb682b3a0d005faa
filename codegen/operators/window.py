"""What operators with a window over an image share: sizes, padding, patches."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.ir.graph import Array, Graph, Operator, Tensor
from codegen.operators.checks import (
    PADDINGS,
    activation_name,
    invalid,
    require_activation,
    require_counts,
    require_input,
    require_options,
    unsupported,
)

MAX_STEP = 1 << 15
"""Largest stride, dilation and pooling window; it bounds what a kernel skips outside the image."""
MAX_REACH = 1 << 30


@dataclass(frozen=True)
class Axis:
    """One spatial axis: sizes in elements; `pad` is what lies before the first input.

    The fields are those of the C structure `safe_conv_axis_t`, in its order.
    """

    size: int
    kernel: int
    stride: int
    dilation: int
    output: int
    pad: int

    @property
    def seen(self) -> int:
        """The positions that the outputs see, with padding."""
        return (self.output - 1) * self.stride + (self.kernel - 1) * self.dilation + 1

    def params(self) -> Mapping[str, int]:
        """Return the fields for a kernel's parameters."""
        return asdict(self)


def axis(
    size: int,
    kernel: int,
    stride: int,
    dilation: int,
    padding: str,
    *,
    border: tuple[int, int] = (0, 0),
) -> Axis:
    """Compute output size and padding as TensorFlow does (SAME puts the odd pixel last).

    `border` is an explicit padding before and after the input, to which `padding` then adds.
    """
    effective = (kernel - 1) * dilation + 1
    before, after = border
    whole = before + size + after
    if padding == "SAME":
        output = -(-whole // stride)
        pad = max(0, (output - 1) * stride + effective - whole) // 2
    else:
        output = max(0, (whole - effective + stride) // stride)
        pad = 0
    return Axis(size, kernel, stride, dilation, output, before + pad)


NO_BORDER = (0, 0)


def window_axes(
    operator: Operator, size: tuple[int, int], kernel: tuple[int, int]
) -> tuple[Axis, Axis]:
    """Return both axes of a convolution over an image of `size` (height, width).

    Options `border_h` and `border_w` (before, after), set by the pass that takes a PAD into the
    convolution, are explicit paddings by the input's zero point.
    """
    o = operator.options
    return (
        axis(
            size[0],
            kernel[0],
            o["stride_h"],
            o["dilation_h"],
            o["padding"],
            border=o.get("border_h", NO_BORDER),
        ),
        axis(
            size[1],
            kernel[1],
            o["stride_w"],
            o["dilation_w"],
            o["padding"],
            border=o.get("border_w", NO_BORDER),
        ),
    )


def convolution_axes(graph: Graph, operator: Operator) -> tuple[Axis, Axis]:
    """Return both axes of a convolution: image [B, H, W, C], weights [·, kh, kw, ·]."""
    size = graph.tensor(operator.inputs[0]).shape
    kernel = graph.tensor(operator.inputs[1]).shape
    return window_axes(operator, (size[1], size[2]), (kernel[1], kernel[2]))


def by_channel_in_place(operator: Operator, y: Axis, x: Axis) -> tuple[int, ...]:
    """Return `in_place` of a depthwise kernel that copies a channel before it writes its outputs.

    Each value written lies where a value of the same channel lay, of this image or of one before
    it, as long as there are not more outputs than inputs.
    """
    return operator.inputs[:1] if y.output * x.output <= y.size * x.size else ()


_STRIDES = {"stride_h": "StrideH", "stride_w": "StrideW"}
_DILATIONS = {"dilation_h": "DilationHFactor", "dilation_w": "DilationWFactor"}
STRIDED = tuple(_STRIDES)
DILATED = (*_STRIDES, *_DILATIONS)


def window_options(
    table: Any, more: Mapping[str, str] | None = None, *, dilated: bool = False
) -> dict[str, Any]:
    """Read padding, strides, with `dilated` dilations, and the fused activation; {} for no table.

    `more` adds integers: the name of each option and of its method of the table.
    """
    if table is None:
        return {}
    methods = {**_STRIDES, **(_DILATIONS if dilated else {}), **(more or {})}
    padding = int(table.Padding())
    return {
        "padding": PADDINGS[padding] if 0 <= padding < len(PADDINGS) else f"UNKNOWN_{padding}",
        **{option: int(getattr(table, method)()) for option, method in methods.items()},
        "fused_activation": activation_name(table.FusedActivationFunction()),
    }


def require_window(
    graph: Graph,
    operator: Operator,
    counts: tuple[int, ...],
    positive: tuple[str, ...],
    roles: Mapping[str, int],
) -> list[Tensor]:
    """Check numbers of inputs, options, and ranks of what has four extents.

    `positive` as for `_require_window_options`; `roles` are the inputs of rank 4 by what they are
    called, with their positions. Returns these inputs and the output.
    """
    require_counts(graph, operator, counts)
    require_options(graph, operator)
    _require_window_options(graph, operator, *positive)
    tensors = [require_input(graph, operator, n, role) for role, n in roles.items()]
    tensors.append(graph.tensor(operator.outputs[0]))
    _require_rank_4(graph, operator, *tensors)
    return tensors


def _require_window_options(graph: Graph, operator: Operator, *positive: str) -> None:
    """Check the fused activation, the padding, and that options `positive` are sizes that fit."""
    require_activation(graph, operator)
    o = operator.options
    if o["padding"] not in PADDINGS:
        invalid(graph, operator, f"has padding {o['padding']}; export the model again")
    wrong = [f"{name} {o[name]}" for name in positive if o[name] < 1]
    if wrong:
        invalid(graph, operator, f"has {', '.join(wrong)}, expected at least 1; export again")
    wrong = [f"{name} {o[name]}" for name in positive if o[name] > MAX_STEP]
    if wrong:
        unsupported(graph, operator, f"has {', '.join(wrong)}, supported is at most {MAX_STEP}")


def require_reach(graph: Graph, operator: Operator, *axes: Axis) -> None:
    """Check that every position that a tap can see, inside or outside, fits into int32."""
    for axis in axes:
        reach = axis.size + axis.pad + axis.stride + axis.kernel * axis.dilation
        if reach > MAX_REACH:
            unsupported(
                graph,
                operator,
                f"has {axis.kernel} taps with dilation {axis.dilation} and stride {axis.stride} "
                f"over {axis.size} positions, which reach beyond {MAX_REACH}",
            )


def _require_rank_4(graph: Graph, operator: Operator, *tensors: Tensor) -> None:
    """Check that each tensor has four extents above 0."""
    for tensor in tensors:
        if len(tensor.shape) != 4 or 0 in tensor.shape:
            invalid(
                graph,
                operator,
                f"has shape {list(tensor.shape)}, expected rank 4; export the model again",
                tensor.index,
            )


def patches(images: Array, y: Axis, x: Axis, outside: int) -> Array:
    """Return [images, OH, OW, kh, kw, C] of images [images, H, W, C]: what each output sees.

    A tap outside the image sees `outside`.
    """
    shape = (len(images), y.output, x.output, y.kernel, x.kernel, images.shape[-1])
    found = np.empty(shape, dtype=images.dtype)
    for ky in range(y.kernel):
        rows, is_row = _positions(y, ky)
        for kx in range(x.kernel):
            columns, is_column = _positions(x, kx)
            inside = (is_row[:, None] & is_column)[:, :, None]
            seen = images[:, rows[:, None], columns]
            found[:, :, :, ky, kx] = np.where(inside, seen, outside)
    return found


def _positions(axis: Axis, tap: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return what a tap sees for each output, limited to the input, and whether it is inside."""
    seen = np.arange(axis.output) * axis.stride - axis.pad + tap * axis.dilation
    return np.clip(seen, 0, axis.size - 1), (seen >= 0) & (seen < axis.size)
