"""What RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR share: the sizes and their checks."""

from collections.abc import Mapping
from typing import Any

from codegen.ir.graph import DType, Graph, Operator
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    invalid,
    require_constant,
    require_counts,
    require_dtype,
    require_input,
    require_options,
    require_same_values,
    require_shape,
)


class Resize(OperatorSpec):
    """Image [B, H, W, C] with another height and width, which the constant second input holds."""

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read how the corners of both images lie on one another."""
        if builtin_options is None:
            return {}
        return {
            "align_corners": bool(builtin_options.AlignCorners()),
            "half_pixel_centers": bool(builtin_options.HalfPixelCenters()),
        }

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check the shapes, and that type and scale stay."""
        require_counts(graph, operator, (2,))
        require_options(graph, operator)
        source = require_input(graph, operator, 0, "input")
        size = require_input(graph, operator, 1, "size")
        output = graph.tensor(operator.outputs[0])
        require_dtype(graph, operator, size, DType.INT32)
        wanted = require_constant(graph, operator, size).reshape(-1).tolist()
        if len(source.shape) != 4 or len(wanted) != 2 or min(wanted) < 1:
            invalid(
                graph,
                operator,
                f"turns an image {list(source.shape)} into size {wanted}; export the model again",
                size.index,
            )
        batches, _, _, channels = source.shape
        require_shape(graph, operator, output, (batches, *wanted, channels))
        require_same_values(graph, operator, output, source)
