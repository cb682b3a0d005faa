"""Pooling for the DSP extension: the plain call with the name of the faster kernel."""

import dataclasses

from codegen.ir.call import KernelCall
from codegen.ir.graph import DType, Graph, Operator

_LANES = 4
"""Number of channels that are reduced together."""


def replace_plain(
    graph: Graph, operator: Operator, plain: KernelCall, most_taps: int | None = None
) -> KernelCall | str | None:
    """Return the call of the kernel for int8 values, or why there is none; None for int16.

    `most_taps`: the largest number of taps inside the image for which it is exact.
    """
    source = graph.tensor(operator.inputs[0])
    if source.dtype is not DType.INT8:
        return None
    if source.shape[3] < _LANES:
        return f"{source.shape[3]} channels, fewer than {_LANES}"
    axes = (plain.params["y"], plain.params["x"])
    rows, columns = (min(axis["kernel"], axis["size"]) for axis in axes)
    if most_taps is not None and rows * columns > most_taps:
        return f"{rows * columns} taps, more than {most_taps}"
    return dataclasses.replace(
        plain,
        kernel=f"{plain.kernel}_dsp",
        header="safe/kernel/pool_2d_dsp.h",
        source=f"{plain.source}_dsp",
        notes=("dsp kernel, four channels at a time",),
    )
