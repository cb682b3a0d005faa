"""RESIZE_NEAREST_NEIGHBOR: each pixel is the nearest one of another image; any element type.

Source of the rules: TFLM's reference_ops::ResizeNearestNeighbor, whose places are float32.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from codegen.ir.call import Constant, ConstantArg, KernelCall, ParamsArg, TensorArg
from codegen.ir.graph import Array, Graph, Operator
from codegen.operators.checks import batched
from codegen.operators.layout.resize import Resize
from codegen.quantization import round_half_away


class ResizeNearestNeighbor(Resize):
    """An image of another size without new values."""

    kind = "RESIZE_NEAREST_NEIGHBOR"
    moves = True

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_resize_nearest_bytes`."""
        source, output = graph.tensor(operator.inputs[0]), graph.tensor(operator.outputs[0])
        batches, height, width, channels = source.shape
        pixel = channels * source.dtype.itemsize
        rows, columns = _places(graph, operator)
        return KernelCall(
            kernel="safe_kernel_resize_nearest_bytes",
            header="safe/kernel/resize.h",
            source="resize_nearest",
            arguments=(
                ParamsArg(),
                TensorArg(source.index),
                ConstantArg("rows"),
                ConstantArg("columns"),
                TensorArg(output.index),
            ),
            params_type="safe_resize_nearest_params_t",
            params={
                "batches": batches,
                "image_bytes": height * width * pixel,
                "height": len(rows),
                "width": len(columns),
                "pixel_bytes": pixel,
            },
            constants=(
                Constant("rows", rows * np.int32(width * pixel), counts_as_weight=False),
                Constant("columns", columns * np.int32(pixel), counts_as_weight=False),
            ),
            notes=(f"copies pixels of {pixel} bytes",),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Take rows and columns with numpy."""
        values = batched(graph, operator.inputs[0], inputs[0])
        rows, columns = _places(graph, operator)
        return [values.take(rows, axis=2).take(columns, axis=3)]


def _places(graph: Graph, operator: Operator) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the input row of each output row, and the same for columns."""
    before = graph.tensor(operator.inputs[0]).shape[1:3]
    after = graph.tensor(operator.outputs[0]).shape[1:3]
    aligned, centred = (operator.options[n] for n in ("align_corners", "half_pixel_centers"))
    offset = np.float32(0.5 if centred else 0.0)
    found = []
    for size, wanted in zip(before, after, strict=True):
        scale = np.float32(size) / np.float32(wanted)
        if aligned and wanted > 1:
            scale = np.float32(size - 1) / np.float32(wanted - 1)
        real = [float((np.float32(n) + offset) * scale) for n in range(wanted)]
        whole = [round_half_away(v) if aligned else int(np.floor(v)) for v in real]
        found.append(np.clip(whole, 0, size - 1).astype(np.int32))
    return found[0], found[1]


OPERATOR = ResizeNearestNeighbor()
