"""CONV_STREAM: a convolution along time, a sample at a time; the pass `streaming` makes it.

Inputs: the kept output rows, a variable [1, 1, rows, channels], the new sample, weights
[channels, 1, taps, depth] and bias of the CONV_2D that it stands for. Options: its
`fused_activation`, the rows `before`, `inside` and `after` of the output
(`safe_conv_stream_shape_t`) and `counts`, as of SLIDE. There is no output: the variable changes,
and with it what waits in the persistent scratch. Source of the arithmetic: as of CONV_2D.
"""

from collections.abc import Sequence

import numpy as np

from codegen.fixed_point import requantize, saturate
from codegen.ir.call import (
    COUNTER,
    COUNTER_BYTES,
    Argument,
    ConstantArg,
    KernelCall,
    ParamsArg,
    Scratch,
    ScratchArg,
    TensorArg,
)
from codegen.ir.graph import Array, Graph, Operator
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import invalid, require_counts, require_input
from codegen.operators.linear import taps as _conv_stream
from codegen.operators.linear.taps import Packed, Taps
from codegen.options import KernelChoice


class ConvStream(OperatorSpec):
    """The convolution whose rows at the borders of the window share a sample's products."""

    kind = "CONV_STREAM"
    internal = True

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check that the rows fit the buffer and that no sum leaves 32 bits."""
        require_counts(graph, operator, (3, 4), outputs=0)
        kept = require_input(graph, operator, 0, "buffer")
        sample = require_input(graph, operator, 1, "sample")
        p = _taps(graph, operator)
        channels, taps, depth = p.weights.shape
        before, inside, after = _rows(operator)
        whole = (before + inside + after) * channels
        if not kept.is_variable or kept.elements != whole or sample.elements != depth:
            invalid(graph, operator, f"has not {whole} kept values of {depth} in a sample")
        if not 2 <= taps <= _conv_stream.MAX_TAPS or before + after >= taps or inside < 1:
            invalid(graph, operator, f"has {taps} taps, {before} and {after} rows at the borders")
        if not p.fits:
            invalid(graph, operator, f"has sums up to {p.bound}")

    def lower(self, graph: Graph, operator: Operator, choice: KernelChoice) -> KernelCall | None:
        """Return the call of `safe_kernel_conv_stream_s8` or its dsp or rv32 variant."""
        p = _taps(graph, operator)
        packed = _conv_stream.packed(p, choice.isa, _rows(operator)[2])
        return _call(operator, p, packed)

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Return the buffer after the first sample since a reset: all that is kept was zeros."""
        kept, sample = inputs[:2]
        assert kept is not None
        assert sample is not None
        p = _taps(graph, operator)
        before, inside, after = _rows(operator)
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


def _call(operator: Operator, p: Taps, packed: Packed) -> KernelCall:
    channels, taps, depth = p.weights.shape
    before, inside, after = _rows(operator)
    state, heads = lasting_bytes(channels, taps, before, inside)
    scratch = [
        Scratch("state", state, persistent=True, alignment=4),
        Scratch("heads", heads, persistent=True, alignment=4),
    ]
    if packed.work_bytes is not None:
        scratch.append(Scratch("work", packed.work_bytes, alignment=4))
    arguments: tuple[Argument, ...] = (
        ParamsArg(),
        TensorArg(operator.inputs[0]),
        TensorArg(operator.inputs[1]),
        *(ConstantArg(constant.suffix) for constant in packed.constants),
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
        kernel=f"safe_kernel_conv_stream_s8{packed.variant}",
        header=f"safe/kernel/conv_stream{packed.variant}.h",
        source=f"conv_stream{packed.variant}",
        arguments=arguments,
        params_type="safe_conv_stream_params_t",
        params={
            "shape": shape,
            "depth": depth,
            "output_zero_point": p.zero_point,
            "output_min": p.low,
            "output_max": p.high,
        },
        constants=packed.constants,
        scratch=tuple(scratch),
        macs=p.weights.size,
        notes=(
            "each product made once for all rows of its sample",
            *packed.notes,
            f"|sum| <= {p.bound}",
        ),
    )


def _taps(graph: Graph, operator: Operator) -> Taps:
    return _conv_stream.taps(graph, operator, 1, operator.inputs[0], operator.options["before"])


def _rows(operator: Operator) -> tuple[int, int, int]:
    """Return the rows before, inside, and behind."""
    o = operator.options
    return int(o["before"]), int(o["inside"]), int(o["after"])


OPERATOR = ConvStream()
