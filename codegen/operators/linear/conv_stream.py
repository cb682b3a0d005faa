"""CONV_STREAM: a convolution along time, a sample at a time; the pass `streaming` makes it.

Inputs: the kept output rows, a variable [1, 1, rows, channels], the new sample, weights
[channels, 1, taps, depth] and bias of the CONV_2D that it stands for. Options: its
`fused_activation`, the rows `before`, `inside` and `after` of the output
(`safe_conv_stream_shape_t`) and `counts`, as of SLIDE. There is no output: the variable changes,
and with it what waits in the persistent scratch. Source of the arithmetic: as of CONV_2D.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import requantize, saturate
from codegen.ir.call import (
    COUNTER,
    COUNTER_BYTES,
    Argument,
    Constant,
    ConstantArg,
    KernelCall,
    ParamsArg,
    Scratch,
    ScratchArg,
    TensorArg,
)
from codegen.ir.graph import Array, Graph, Operator
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    bias_values,
    invalid,
    optional_input,
    require_activation,
    require_constant,
    require_counts,
    require_input,
)
from codegen.quantization import INT32_LIMIT, activation_range, output_multipliers

MAX_TAPS = 15
"""Largest number of taps, SAFE_CONV_STREAM_MAX_TAPS of safe/kernel/conv_stream.h."""


@dataclass(frozen=True, eq=False)
class Taps:
    """Everything the arithmetic needs; `multiplier` and `shift` have `channels` entries."""

    weights: NDArray[np.int8]
    """Weights [channels, taps, depth]."""
    start: NDArray[np.int64]
    """Constant part [taps, channels] of the sums. Each tap has its share of the folded zero point;
    the bias is in the last tap that can be the first one of a row."""
    multiplier: NDArray[np.int32]
    shift: NDArray[np.int8]
    zero_point: int
    low: int
    high: int
    before: int
    """Number of output rows that see padding before the window."""

    @property
    def count(self) -> int:
        """Return the number of taps."""
        return int(self.weights.shape[1])

    @property
    def bound(self) -> int:
        """Return the largest |sum|, over all rows and on the way."""
        products = 128 * np.abs(self.weights.astype(np.int64)).sum(axis=(1, 2))
        return int((np.abs(self.start).sum(axis=0) + products).max())

    @property
    def fits(self) -> bool:
        """Return whether no sum leaves 32 bits before it is rescaled."""
        return self.bound << max(int(self.shift.max()), 0) < INT32_LIMIT


def taps_of(graph: Graph, operator: Operator, first: int, output: int, before: int) -> Taps:
    """Return the integers of a convolution of height 1 along time.

    `first`: position of the sample among the operator's inputs, weights and bias come behind it;
    `output`: the tensor with the output's quantization; `before`: rows of padding before.
    """
    source, kernel = (graph.tensor(i) for i in operator.inputs[first : first + 2])
    result = graph.tensor(output).quantization
    assert source.quantization is not None
    assert kernel.quantization is not None
    assert result is not None
    data = require_constant(graph, operator, kernel)
    channels = data.shape[0]
    weights = data.reshape(channels, -1, data.shape[3])
    start = -source.quantization.zero_point * weights.astype(np.int64).sum(axis=2).T
    start[before] += bias_values(
        graph, operator, optional_input(graph, operator, first + 2), channels
    )
    multiplier, shift = output_multipliers(
        source.quantization.scale, kernel.quantization.scales, result.scale
    )
    activation = require_activation(graph, operator)
    low, high = activation_range(activation, result.scale, result.zero_point)
    each = np.zeros(channels, np.int8)  # one for all becomes one for each
    return Taps(
        weights, start, multiplier + each, shift + each, result.zero_point, low, high, before
    )


class ConvStream(OperatorSpec):
    """The convolution whose rows at the borders of the window share a sample's products."""

    kind = "CONV_STREAM"
    internal = True

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check that the rows fit the buffer and that no sum leaves 32 bits."""
        require_counts(graph, operator, (3, 4), outputs=0)
        kept = require_input(graph, operator, 0, "buffer")
        sample = require_input(graph, operator, 1, "sample")
        p = kept_taps(graph, operator)
        channels, taps, depth = p.weights.shape
        before, inside, after = rows_of(operator)
        whole = (before + inside + after) * channels
        if not kept.is_variable or kept.elements != whole or sample.elements != depth:
            invalid(graph, operator, f"has not {whole} kept values of {depth} in a sample")
        if not 2 <= taps <= MAX_TAPS or before + after >= taps or inside < 1:
            invalid(graph, operator, f"has {taps} taps, {before} and {after} rows at the borders")
        if not p.fits:
            invalid(graph, operator, f"has sums up to {p.bound}")

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_conv_stream_s8`; weights as in the file."""
        return _call(operator, kept_taps(graph, operator))

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Return the buffer after the first sample since a reset: all that is kept was zeros."""
        kept, sample = inputs[:2]
        assert kept is not None
        assert sample is not None
        p = kept_taps(graph, operator)
        before, inside, after = rows_of(operator)
        values = sample.reshape(len(sample), -1).astype(np.int64)
        products = np.einsum("okd,nd->nko", p.weights.astype(np.int64), values) + p.start
        scaled = requantize(products, p.multiplier, p.shift) + p.zero_point
        rows = saturate(scaled, p.low, p.high).astype(np.int8)
        result = kept.reshape(len(kept), before + inside + after, -1).copy()
        result[:, before : before + inside - 1] = result[:, before + 1 : before + inside].copy()
        result[:, :before] = 0
        # The rows behind lack the newest taps: one, then two, …
        result[:, before + inside - 1 :] = rows[:, ::-1][:, : after + 1]
        return [result.reshape(kept.shape)]


def chain_sums(taps: int, before: int) -> int:
    """Return how many sums of a channel wait for a next sample."""
    return sum(taps - 1 - chain for chain in range(before + 1))


def lasting_bytes(channels: int, taps: int, before: int, inside: int) -> tuple[int, int]:
    """Return the bytes of `safe_conv_stream_state_t` and of the ring of rows before."""
    state = 4 + 4 * channels * chain_sums(taps, before)
    return state, (inside - 1 + before) * before * channels


def _call(operator: Operator, p: Taps) -> KernelCall:
    channels, taps, depth = p.weights.shape
    before, inside, after = rows_of(operator)
    constants = (
        Constant("weights", p.weights),
        Constant("start", p.start.astype(np.int32), weight_bytes=4 * channels),
        Constant("multiplier", p.multiplier, counts_as_weight=False),
        Constant("shift", p.shift, counts_as_weight=False),
    )
    state, heads = lasting_bytes(channels, taps, before, inside)
    scratch = [
        Scratch("state", state, persistent=True, alignment=4),
        Scratch("heads", heads, persistent=True, alignment=4),
    ]
    arguments: tuple[Argument, ...] = (
        ParamsArg(),
        TensorArg(operator.inputs[0]),
        TensorArg(operator.inputs[1]),
        *(ConstantArg(constant.suffix) for constant in constants),
        *(ScratchArg(item.name) for item in scratch),
    )
    if operator.options["counts"]:
        scratch.append(Scratch(COUNTER, COUNTER_BYTES, persistent=True, alignment=COUNTER_BYTES))
    shape = {
        "channels": channels,
        "taps": taps,
        "before": before,
        "after": after,
        "inside": inside,
        "delay": inside - 1 + before,
    }
    return KernelCall(
        kernel="safe_kernel_conv_stream_s8",
        header="safe/kernel/conv_stream.h",
        source="conv_stream",
        arguments=arguments,
        params_type="safe_conv_stream_params_t",
        params={
            "shape": shape,
            "depth": depth,
            "output_zero_point": p.zero_point,
            "output_min": p.low,
            "output_max": p.high,
        },
        constants=constants,
        scratch=tuple(scratch),
        macs=p.weights.size,
        notes=(
            "each product made once for all rows of its sample",
            f"|sum| <= {p.bound}",
        ),
    )


def kept_taps(graph: Graph, operator: Operator) -> Taps:
    """Return the integers of a CONV_STREAM."""
    return taps_of(graph, operator, 1, operator.inputs[0], operator.options["before"])


def rows_of(operator: Operator) -> tuple[int, int, int]:
    """Return the rows before, inside, and behind."""
    o = operator.options
    return int(o["before"]), int(o["inside"]), int(o["after"])


OPERATOR = ConvStream()
