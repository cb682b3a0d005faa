"""What MAX_POOL_2D and AVERAGE_POOL_2D share: everything but the reduction.

input [B, H, W, C] of int8 or int16, output [B, OH, OW, C] of its type, scale and zero point.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from codegen.ir.call import KernelCall, ParamsArg, TensorArg
from codegen.ir.graph import Array, DType, Graph, Operator
from codegen.ir.rows import Known, RowRule
from codegen.operators import row_rules
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    invalid,
    require_activation,
    require_per_tensor,
    require_shape,
    unsupported,
)
from codegen.operators.window import (
    STRIDED,
    Axis,
    axis,
    require_reach,
    require_window,
    window_options,
)
from codegen.quantization import activation_range

MAX_TAPS = {DType.INT8: 1 << 23, DType.INT16: 1 << 15}
"""Limit of the number of taps: with fewer, |sum| + taps / 2 stays below 2^31."""
_SCALE_GAP = 1e-6
"""Tolerance between the scales of input and output, TFLM's own, in float32."""


@dataclass(frozen=True)
class Window:
    """Sizes and the limits of the output."""

    y: Axis
    x: Axis
    low: int
    high: int


class Pool(OperatorSpec):
    """A reduction of the taps inside the image, channel by channel."""

    clamps = True
    dtypes = (DType.INT8, DType.INT16)
    _kernel: ClassVar[str]
    """Stem of the C file and of the function `safe_kernel_<stem>_s8`."""

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read padding, strides, window and the fused activation."""
        more = {"filter_h": "FilterHeight", "filter_w": "FilterWidth"}
        return window_options(builtin_options, more)

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, shapes and that input and output have the same quantization."""
        sizes = (*STRIDED, "filter_h", "filter_w")
        source, output = require_window(graph, operator, (1,), sizes, {"input": 0})
        before = require_per_tensor(graph, operator, source, *self.dtypes)
        after = require_per_tensor(graph, operator, output, source.dtype)
        gap = float(abs(np.float32(before.scale) - np.float32(after.scale)))
        if gap > _SCALE_GAP or before.zero_point != after.zero_point:
            invalid(
                graph,
                operator,
                "has another scale or zero point than the input; convert the model again",
                output.index,
            )
        p = window(graph, operator)
        require_reach(graph, operator, p.y, p.x)
        batches, _, _, channels = source.shape
        require_shape(graph, operator, output, (batches, p.y.output, p.x.output, channels))
        most = MAX_TAPS[source.dtype]
        if min(p.y.kernel, p.y.size) * min(p.x.kernel, p.x.size) >= most:
            unsupported(graph, operator, f"reduces {most} values or more", source.index)

    def by_channel(self, graph: Graph, operator: Operator) -> bool:
        """Return True: channels are reduced one by one."""
        del graph, operator
        return True

    def rows(self, graph: Graph, operator: Operator, known: Known) -> RowRule | str:
        """Return the rows that a window over those of the input makes."""
        p = window(graph, operator)
        return row_rules.window(graph, operator, known, (p.y, p.x), pads=False)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of the pooling kernel.

        Without padding an output never lies behind the first input that it or a later one
        reads, so that the kernel may work in place.
        """
        p = window(graph, operator)
        source = graph.tensor(operator.inputs[0])
        batches, _, _, channels = source.shape
        suffix = "s8" if source.dtype is DType.INT8 else "s16"
        return KernelCall(
            kernel=f"safe_kernel_{self._kernel}_{suffix}",
            header="safe/kernel/pool_2d.h",
            source=self._kernel if suffix == "s8" else f"{self._kernel}_s16",
            arguments=(
                ParamsArg(),
                TensorArg(operator.inputs[0]),
                TensorArg(operator.outputs[0]),
            ),
            params_type="safe_pool_2d_params_t",
            params={
                "batches": batches,
                "channels": channels,
                "y": p.y.params(),
                "x": p.x.params(),
                "output_min": p.low,
                "output_max": p.high,
            },
            in_place=(operator.inputs[0],) if p.y.pad == p.x.pad == 0 else (),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Reduce what each output sees and limit the result."""
        values = inputs[0]
        assert values is not None
        p = window(graph, operator)
        images = values.reshape(-1, *values.shape[2:])
        result = np.empty((len(images), p.y.output, p.x.output, images.shape[-1]), np.int64)
        for oy in range(p.y.output):
            rows = _inside(p.y, oy)
            for ox in range(p.x.output):
                seen = images[:, rows, _inside(p.x, ox)]
                result[:, oy, ox] = self._reduce(seen.reshape(len(images), -1, images.shape[-1]))
        limited = np.clip(result, p.low, p.high).astype(values.dtype)
        return [limited.reshape(-1, *graph.tensor(operator.outputs[0]).shape)]

    def _reduce(self, taps: Array) -> Array:
        """Return [images, C] of [images, taps, C]: the taps inside the image."""
        raise NotImplementedError


def _inside(axis: Axis, output: int) -> slice:
    """Return the input positions that an output sees."""
    first = output * axis.stride - axis.pad
    return slice(max(0, first), first + axis.kernel)


def window(graph: Graph, operator: Operator) -> Window:
    """Return sizes and limits; the options must have passed `check`."""
    source = graph.tensor(operator.inputs[0])
    _, height, width, _ = source.shape
    limits = np.iinfo(source.dtype.value)
    quantization = graph.tensor(operator.outputs[0]).quantization
    assert quantization is not None
    o = operator.options
    low, high = activation_range(
        require_activation(graph, operator),
        quantization.scale,
        quantization.zero_point,
        (int(limits.min), int(limits.max)),
    )
    return Window(
        y=axis(height, o["filter_h"], o["stride_h"], 1, o["padding"]),
        x=axis(width, o["filter_w"], o["stride_w"], 1, o["padding"]),
        low=low,
        high=high,
    )
