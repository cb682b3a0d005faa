"""MUL of int8 values for RV32, where the product is scaled down."""

import dataclasses

from codegen.ir.call import KernelCall
from codegen.ir.graph import Graph, Operator
from codegen.operators.elementwise.binary import walk_params
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
    if plain.kernel != "safe_kernel_mul_s8":
        return None
    element = plain.params["element"]
    right = -element["shift"]
    if right not in _SHIFTS or element["multiplier"] == 0:
        return f"a right shift of {right}, outside [{_SHIFTS[0]}, {_SHIFTS[-1]}]"
    own, first, second, output = plain.arguments
    zero_points = element["zero_point1"], element["zero_point2"]
    walk = plain.params["walk"]
    if walk["step1"] == 0:
        one, two = (graph.tensor(index).shape for index in operator.inputs)
        walk = walk_params(two, one)
        first, second, zero_points = second, first, zero_points[::-1]
    fraction = min(_MOST_FRACTION, _MOST_SHIFT + 1 - right)
    shift = right + fraction - 1
    halves = (1 << (shift - 1)) + (1 << (fraction - 2))
    return dataclasses.replace(
        plain,
        kernel="safe_kernel_mul_s8_rv32",
        header="safe/kernel/mul_rv32.h",
        source="mul_rv32",
        arguments=(own, first, second, output),
        params_type="safe_mul_rv32_params_t",
        params={
            "walk": walk,
            "zero_point1": zero_points[0],
            "zero_point2": zero_points[1],
            "scale": 1 << fraction,
            "multiplier": element["multiplier"],
            "addend": halves + element["zero_point"] * (1 << shift),
            "shift": shift,
            "low": element["low"],
            "high": element["high"],
        },
        notes=("rv32 kernel, four elements at a time; |product| <= 65025",),
    )
