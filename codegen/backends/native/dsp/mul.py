"""MUL of int8 values by the DSP extension, where the product is scaled down."""

import dataclasses

from codegen.backends.native.shared import mul
from codegen.ir.call import KernelCall
from codegen.ir.graph import Graph, Operator
from codegen.options import Goal

_SHIFTS = range(2, 32)
"""Right shifts s for which 2^(32 - s) is a positive int32."""


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of `safe_kernel_mul_s8_dsp`, or why it is not exact."""
    del goal
    product = mul.product(graph, operator, plain, _SHIFTS)
    if not isinstance(product, mul.Product):
        return product
    element = product.element
    return dataclasses.replace(
        plain,
        kernel="safe_kernel_mul_s8_dsp",
        header="safe/kernel/mul_dsp.h",
        source="mul_dsp",
        arguments=product.arguments,
        params_type="safe_mul_dsp_params_t",
        params={
            "walk": product.walk,
            "zero_point1": product.zero_points[0],
            "zero_point2": product.zero_points[1],
            "multiplier": 2 * element["multiplier"] - (1 << 32),
            "factor": 1 << (32 - product.right),
            "zero_point": element["zero_point"],
            "low": element["low"],
            "high": element["high"],
        },
        notes=("dsp kernel, four elements at a time; |product| <= 65025",),
    )
