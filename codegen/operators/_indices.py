"""Constants that say where: axes, sizes, starts, permutations."""

from codegen.ir.graph import Array, DType, Graph, Operator, Tensor
from codegen.operators._common import require_constant, require_dtype


def require_indices(graph: Graph, operator: Operator, tensor: Tensor) -> Array:
    """Return the data of a constant that must hold integers."""
    require_dtype(graph, operator, tensor, DType.INT32, DType.INT64)
    return require_constant(graph, operator, tensor)
