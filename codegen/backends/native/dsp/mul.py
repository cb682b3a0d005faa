"""MUL of int8 values by the DSP extension, where the product is scaled down."""

import dataclasses

from codegen.ir.call import KernelCall
from codegen.ir.graph import Graph, Operator
from codegen.operators.elementwise.binary import walk_params
from codegen.options import Goal

_SHIFTS = range(2, 32)
"""Right shifts s for which 2^(32 - s) is a positive int32."""


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of `safe_kernel_mul_s8_dsp`, or why it is not exact."""
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
    return dataclasses.replace(
        plain,
        kernel="safe_kernel_mul_s8_dsp",
        header="safe/kernel/mul_dsp.h",
        source="mul_dsp",
        arguments=(own, first, second, output),
        params_type="safe_mul_dsp_params_t",
        params={
            "walk": walk,
            "zero_point1": zero_points[0],
            "zero_point2": zero_points[1],
            "multiplier": 2 * element["multiplier"] - (1 << 32),
            "factor": 1 << (32 - right),
            "zero_point": element["zero_point"],
            "low": element["low"],
            "high": element["high"],
        },
        notes=("dsp kernel, four elements at a time; |product| <= 65025",),
    )
