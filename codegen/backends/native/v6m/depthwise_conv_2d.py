"""DEPTHWISE_CONV_2D's constants as the v6m kernel reads them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from codegen.backends.native.shared import weights
from codegen.backends.native.shared.weights import WeightRows
from codegen.ir.call import (
    Constant,
    ConstantArg,
    KernelCall,
    ParamsArg,
    Scratch,
    ScratchArg,
    TensorArg,
)
from codegen.ir.graph import Graph, Operator
from codegen.operators.linear.depthwise_conv_2d import products_of
from codegen.operators.linear.int16 import is_int16
from codegen.operators.window import Axis, by_channel_in_place, convolution_axes
from codegen.options import Goal


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel that goes channel by channel, or why it is not exact."""
    del plain, goal
    if is_int16(graph, operator):
        return None
    copies = operator.options["channel_multiplier"]
    if copies != 1:
        return f"a channel multiplier of {copies}"
    p = products_of(graph, operator)
    dense = weights.of(p)
    batches = graph.tensor(operator.inputs[0]).shape[0]
    axes = convolution_axes(graph, operator)
    return weights.refusal(dense, 1) or call(operator, dense, batches, axes, p.limits)


def call(
    operator: Operator,
    dense: WeightRows,
    batches: int,
    axes: tuple[Axis, Axis],
    limits: Mapping[str, Any],
) -> KernelCall:
    """Return the call of `safe_kernel_depthwise_conv_2d_s8_v6m`.

    `axes` y and x; `limits` the last fields of the parameters: input_zero_point,
    output_zero_point, output_min, output_max. `weights.refusal` is None.
    """
    y, x = axes
    channels, taps = dense.rows.shape
    return KernelCall(
        kernel="safe_kernel_depthwise_conv_2d_s8_v6m",
        header="safe/kernel/depthwise_conv_2d_v6m.h",
        source="depthwise_conv_2d_v6m",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("weights"),
            ConstantArg("channels"),
            ScratchArg("plane"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_depthwise_conv_2d_v6m_params_t",
        params={
            "batches": batches,
            "channels": channels,
            "y": y.params(),
            "x": x.params(),
            "plane_rows": y.seen,
            "plane_columns": x.seen,
            **limits,
        },
        constants=(
            Constant("weights", np.ascontiguousarray(dense.rows)),
            Constant("channels", weights.channel_words(dense), weight_bytes=4 * channels),
        ),
        scratch=(Scratch("plane", y.seen * x.seen, alignment=1),),
        macs=batches * y.output * x.output * channels * taps,
        notes=("v6m kernel, channel by channel", f"|sum| <= {dense.bound}"),
        in_place=by_channel_in_place(operator, y, x),
    )
