"""RESIZE_BILINEAR, int8: each pixel between four of another image.

Source of the arithmetic: TFLM's reference_ops::ResizeBilinearInteger: places and weights in steps
of 1/1024, halves away from zero.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from codegen.ir.call import Constant, ConstantArg, KernelCall, ParamsArg, TensorArg
from codegen.ir.graph import Array, Graph, Operator
from codegen.operators.checks import batched, invalid, require_per_tensor, unsupported
from codegen.operators.layout.resize import Resize

_ONE = 1 << 10
"""Weight of both neighbours together."""


class ResizeBilinear(Resize):
    """An image of another size, interpolated."""

    kind = "RESIZE_BILINEAR"

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check the type, too, and that no place lies outside of the image."""
        super().check(graph, operator)
        require_per_tensor(graph, operator, graph.tensor(operator.inputs[0]))
        if operator.options["align_corners"] and operator.options["half_pixel_centers"]:
            invalid(graph, operator, "aligns corners and centres at once; export the model again")
        shape = graph.tensor(operator.inputs[0]).shape
        for size, axis in zip(shape[1:3], _between(graph, operator), strict=True):
            if axis[:, :2].max() >= size:
                unsupported(graph, operator, f"enlarges {size} pixels beyond TFLite Micro's steps")

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_resize_bilinear_s8`."""
        source, output = graph.tensor(operator.inputs[0]), graph.tensor(operator.outputs[0])
        batches, height, width, channels = source.shape
        rows, columns = _between(graph, operator)
        steps = np.array([[width * channels] * 2 + [1], [channels] * 2 + [1]], dtype=np.int32)
        between = np.concatenate([rows * steps[0], columns * steps[1]])
        return KernelCall(
            kernel="safe_kernel_resize_bilinear_s8",
            header="safe/kernel/resize.h",
            source="resize_bilinear",
            arguments=(
                ParamsArg(),
                TensorArg(source.index),
                ConstantArg("between"),
                TensorArg(output.index),
            ),
            params_type="safe_resize_bilinear_params_t",
            params={
                "batches": batches,
                "image_elements": height * width * channels,
                "height": len(rows),
                "width": len(columns),
                "channels": channels,
            },
            constants=(Constant("between", between, counts_as_weight=False),),
            notes=("reference kernel",),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Interpolate rows, then columns, in int64."""
        values = batched(graph, operator.inputs[0], inputs[0]).astype(np.int64)
        rows, columns = _between(graph, operator)
        for axis, between in ((2, rows), (3, columns)):
            shape = [-1 if n == axis else 1 for n in range(values.ndim)]
            weight = between[:, 2].astype(np.int64).reshape(shape)
            low, high = (values.take(between[:, n], axis=axis) for n in (0, 1))
            values = low * (_ONE - weight) + high * weight
        half = np.where(values > 0, _ONE * _ONE // 2, -_ONE * _ONE // 2)
        moved = values + half
        result = np.sign(moved) * (np.abs(moved) // (_ONE * _ONE))
        return [result.astype(np.int8)]


def _between(graph: Graph, operator: Operator) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return int32[n, 3] for rows and for columns: lower neighbour, upper one, weight of that."""
    before = graph.tensor(operator.inputs[0]).shape[1:3]
    after = graph.tensor(operator.outputs[0]).shape[1:3]
    found = []
    for size, wanted in zip(before, after, strict=True):
        scale = (_ONE * size + wanted // 2) // wanted
        if operator.options["align_corners"] and wanted > 1:
            scale = (_ONE * (size - 1) + (wanted - 1) // 2) // (wanted - 1)
        place = np.arange(wanted, dtype=np.int64) * scale
        if operator.options["half_pixel_centers"]:
            place += scale // 2 - (1 << 9)
        # C division truncates: between -1024 and 0 it gives 0, the neighbour that is limited.
        low = np.maximum(place // _ONE, 0)
        high = np.minimum(np.maximum(place + _ONE - 1, 0) // _ONE, size - 1)
        found.append(np.stack([low, high, place - low * _ONE], axis=-1).astype(np.int32))
    return found[0], found[1]


OPERATOR = ResizeBilinear()
