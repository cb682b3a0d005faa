"""MUL of int8 values: what the kernels that round once need of the operator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codegen.ir.call import KernelCall
from codegen.ir.graph import Graph, Operator
from codegen.operators.elementwise.binary import walk_params


@dataclass(frozen=True)
class Product:
    """A product that is scaled down; the factor that repeats, where there is one, is the second."""

    right: int
    """Shift to the right behind the multiplier."""
    arguments: tuple[Any, ...]
    walk: Mapping[str, Any]
    zero_points: tuple[int, int]
    element: Mapping[str, Any]
    """Parameters of the plain kernel's element."""


def product(
    graph: Graph, operator: Operator, plain: KernelCall, shifts: range
) -> Product | str | None:
    """Return the product, or why its right shift is none of `shifts`; None for other kernels."""
    if plain.kernel != "safe_kernel_mul_s8":
        return None
    element = plain.params["element"]
    right = -element["shift"]
    if right not in shifts or element["multiplier"] == 0:
        return f"a right shift of {right}, outside [{shifts[0]}, {shifts[-1]}]"
    own, first, second, output = plain.arguments
    zero_points = element["zero_point1"], element["zero_point2"]
    walk = plain.params["walk"]
    if walk["step1"] == 0:
        one, two = (graph.tensor(index).shape for index in operator.inputs)
        walk = walk_params(two, one)
        first, second, zero_points = second, first, zero_points[::-1]
    return Product(right, (own, first, second, output), walk, zero_points, element)
