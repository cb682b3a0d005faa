"""Integer parameters that LOGISTIC and TANH share."""

import math

import numpy as np
from numpy.typing import ArrayLike

from codegen.fixed_point import Int64
from codegen.ir.call import Constant, ConstantArg, KernelCall, ParamsArg, TensorArg
from codegen.ir.graph import Graph, Operator
from codegen.operators.checks import in_place, unsupported
from codegen.quantization import quantize_multiplier
from codegen.sigmoid_table import SIGMOID_TABLE

INTEGER_BITS = 4
"""Number of integer bits of the fixed-point argument of the int8 forms."""

_TABLE = np.array(SIGMOID_TABLE, dtype=np.int64)


def argument_scale(graph: Graph, operator: Operator) -> tuple[int, int, int]:
    """Return input zero point, and multiplier and shift to the Q4.27 argument, for int8."""
    quantization = graph.tensor(operator.inputs[0]).quantization
    assert quantization is not None
    multiplier, shift = quantize_multiplier(quantization.scale * (1 << (31 - INTEGER_BITS)))
    if not 0 <= shift <= 31:
        unsupported(
            graph,
            operator,
            f"has scale {quantization.scale}, expected 2^-28 to 16; convert the model again",
            operator.inputs[0],
        )
    return quantization.zero_point, multiplier, shift


def input_radius(shift: int) -> int:
    """Return the magnitude of a centred input from which on the result saturates."""
    return math.floor(((1 << INTEGER_BITS) - 1) * 2.0 ** (31 - INTEGER_BITS) / 2.0**shift)


def check_s16(graph: Graph, operator: Operator) -> None:
    """Check what the int16 forms require: zero points of 0 and an output scale of 2^-15."""
    source = graph.tensor(operator.inputs[0])
    output = graph.tensor(operator.outputs[0])
    assert source.quantization is not None
    assert output.quantization is not None
    for tensor, quantization in ((source, source.quantization), (output, output.quantization)):
        if quantization.zero_point != 0:
            unsupported(graph, operator, "is int16 with a zero point other than 0", tensor.index)
    if output.quantization.scale != 2.0**-15:
        unsupported(
            graph,
            operator,
            f"has scale {output.quantization.scale}, expected 2^-15 for int16",
            output.index,
        )
    if source.quantization.scale * 4096.0 * 3.0 >= 32768.0:
        unsupported(
            graph, operator, f"has scale {source.quantization.scale}, too large", source.index
        )


def table_argument(graph: Graph, operator: Operator, *, steps: int) -> tuple[int, int]:
    """Return multiplier and right shift from an int16 input to the table's argument.

    A scale of 2^-12 (for TANH, `steps` 2, also 2^-11) is exact; any other is scaled to
    1 / (3 · 4096) by a truncated 15-bit multiplier, as TFLM does it.
    """
    quantization = graph.tensor(operator.inputs[0]).quantization
    assert quantization is not None
    fraction, exponent = math.frexp(quantization.scale)
    power = exponent - 1 + 12
    if fraction == 0.5 and 0 <= power < steps:
        return 3 << power, 0
    multiplier, shift = quantization.scale * 4096.0 * 3.0, 0
    while multiplier <= 32767.0 / 2.0 and shift <= 30:
        multiplier, shift = multiplier * 2.0, shift + 1
    return int(multiplier), shift


def sigmoid_general_s16(value: ArrayLike, multiplier: int, shift: int) -> Int64:
    """Return the sigmoid in Q0.15 of an int16 value scaled by multiplier / 2^shift."""
    rounding = (1 << shift) >> 1
    scaled = (np.asarray(value, np.int64) * multiplier + rounding) >> shift
    magnitude = np.abs(scaled)
    index = np.minimum(magnitude >> 9, 254)
    low, high = _TABLE[index], _TABLE[index + 1]
    result = (low << 9) + (magnitude & 511) * (high - low)
    result = np.where(magnitude >> 9 >= 255, 0x7FFF << 10, result)
    rounded: Int64 = np.where(scaled >= 0, result + 512, (1 << 25) - result + 511) >> 10
    return rounded


def call_s16(graph: Graph, operator: Operator, stem: str, argument: tuple[int, int]) -> KernelCall:
    """Return the call of `safe_kernel_<stem>_s16` with its copy of the sigmoid table."""
    source, output = operator.inputs[0], operator.outputs[0]
    return KernelCall(
        kernel=f"safe_kernel_{stem}_s16",
        header="safe/kernel/sigmoid_s16.h",
        source="sigmoid_s16",
        arguments=(ParamsArg(), TensorArg(source), ConstantArg("table"), TensorArg(output)),
        params_type="safe_sigmoid_params_t",
        params={
            "length": graph.tensor(output).elements,
            "multiplier": argument[0],
            "shift": argument[1],
        },
        constants=(Constant("table", np.array(SIGMOID_TABLE, np.uint16), counts_as_weight=False),),
        notes=("sigmoid table of 256 entries, interpolated",),
        in_place=in_place(graph, source),
    )
