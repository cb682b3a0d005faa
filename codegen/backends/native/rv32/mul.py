"""MUL of int8 values for RV32, where the product is scaled down."""

import dataclasses

from codegen.backends.native.shared import mul
from codegen.ir.call import KernelCall
from codegen.ir.graph import Graph, Operator
from codegen.options import Goal

_SHIFTS = range(1, 22)
"""Right shifts s for which the constants have at least two fraction bits."""
_MOST_FRACTION = 15
"""Most fraction bits with which a product, at most 255 * 255 in magnitude, fits int32."""
_MOST_SHIFT = 22
"""Largest shift by which a zero point fits beside a product."""


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of `safe_kernel_mul_s8_rv32`, or why it is not exact."""
    del goal
    product = mul.product(graph, operator, plain, _SHIFTS)
    if not isinstance(product, mul.Product):
        return product
    element = product.element
    fraction = min(_MOST_FRACTION, _MOST_SHIFT + 1 - product.right)
    shift = product.right + fraction - 1
    halves = (1 << (shift - 1)) + (1 << (fraction - 2))
    return dataclasses.replace(
        plain,
        kernel="safe_kernel_mul_s8_rv32",
        header="safe/kernel/mul_rv32.h",
        source="mul_rv32",
        arguments=product.arguments,
        params_type="safe_mul_rv32_params_t",
        params={
            "walk": product.walk,
            "zero_point1": product.zero_points[0],
            "zero_point2": product.zero_points[1],
            "scale": 1 << fraction,
            "multiplier": element["multiplier"],
            "addend": halves + element["zero_point"] * (1 << shift),
            "shift": shift,
            "low": element["low"],
            "high": element["high"],
        },
        notes=("rv32 kernel, four elements at a time; |product| <= 65025",),
    )
