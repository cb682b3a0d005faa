"""The sum of two int8 values as one affine expression, and the proof that it is exact.

TFLM rounds four times. For almost all scales its results over all 65,536 pairs of values still
form a plane cut into steps: floor((a · f1 + b · f2 + start) / 2^21) gives the same for whole
factors near the ratios of the scales. A few pairs refute most factors at once, so those are
gathered one after the other; of what they leave, every pair is compared.
"""

import dataclasses
from functools import lru_cache

import numpy as np

from codegen.fixed_point import Int64, saturate
from codegen.ir.call import KernelCall
from codegen.ir.graph import Graph, Operator
from codegen.operators.elementwise.add import Add, integers
from codegen.operators.elementwise.binary import sides
from codegen.operators.near_ties import near_ties
from codegen.operators.registry import operators
from codegen.options import Goal
from codegen.quantization import INT8_MAX, INT8_MIN

BITS = 21
"""Number of fraction bits of the affine expression, as in `safe/kernel/add_affine.h`."""
_REACH = 12
"""Distance from the ratio of the scales within which factors are searched, in 2^-21."""
_NEAR = 2.0**-7
"""Distance from a rounding boundary, in output steps, within which a pair of values can refute a
factor: 256 values times 12 · 2^-21, and TFLM's own error of 2^-14 for usual scales. The comparison
of all pairs finds those that refute a factor from farther away."""
_LIMIT = 1 << 31
"""Bound below which the sums and the start stay in magnitude, so that they fit int32."""
_MOST = _LIMIT + (1 << BITS) - 1
VALUES: Int64 = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)
"""All int8 values in ascending order."""
_EACH = np.arange(-_REACH, _REACH + 1)
_NUDGES: Int64 = np.stack(np.meshgrid(_EACH, _EACH, indexing="ij"), axis=-1).reshape(-1, 2)
_NUDGES = _NUDGES[np.argsort((_NUDGES**2).sum(axis=1), kind="stable")]
"""Changes [n, 2] of the two factors that are nearest to the ratios, the smallest change first."""


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of `safe_kernel_add_affine_s8` of ADD or SUB, where it is exact.

    Tables and int16 sums stay as they are.
    """
    del goal
    if plain.kernel != "safe_kernel_add_s8":
        return None
    affine = _affine(graph, operator)
    if affine is None:
        return "no affine sum is exact"
    p = sides(graph, operator)
    fields = "walk", "factor1", "factor2", "start", "low", "high"
    values = plain.params["walk"], *affine, p.low, p.high
    return dataclasses.replace(
        plain,
        kernel="safe_kernel_add_affine_s8",
        header="safe/kernel/add_affine.h",
        source="add_affine",
        params_type="safe_add_affine_params_t",
        params=dict(zip(fields, values, strict=True)),
        notes=("affine sum, exact for all pairs of values",),
    )


def _affine(graph: Graph, operator: Operator) -> tuple[int, ...] | None:
    """Return factors and start of the affine sum, the kernel's first input first."""
    spec = operators()[operator.kind]
    assert isinstance(spec, Add)
    p, n = sides(graph, operator), integers(graph, operator)
    first, second = (p.input1, 1), (p.input2, spec.sign)
    ratios = tuple(sign * side.scale / p.output.scale for side, sign in (first, second))
    offset = p.output.zero_point - sum(
        ratio * side.zero_point for ratio, (side, _) in zip(ratios, (first, second), strict=True)
    )
    truth = spec.unlimited(p, n, VALUES[:, None], VALUES[None, :])
    factors = fit((ratios[0], ratios[1]), offset, saturate(truth, INT8_MIN, INT8_MAX))
    if factors is not None and spec.swapped(graph, operator):
        factors = factors[1], factors[0], factors[2]
    return factors


def _starts(sums: Int64, wanted: Int64) -> tuple[Int64, Int64]:
    """Return which start each sum wants at least and at most to give the wanted result."""
    least = (wanted << BITS) - sums
    return (
        np.where(wanted > INT8_MIN, least, -_LIMIT),
        np.where(wanted < INT8_MAX, least + (1 << BITS) - 1, _MOST),
    )


def _search(nearest: Int64, truth: Int64, pairs: Int64) -> tuple[int, ...] | None:
    """Return factors and start; `pairs` [n, 2] are rows and columns of `truth` to begin with.

    Every round refutes factors or adds pairs, so it ends.
    """
    factors = nearest + _NUDGES
    low, high = np.full(len(factors), -_LIMIT), np.full(len(factors), _MOST)
    while (left := np.flatnonzero(low <= high)).size:
        candidate = left[0]
        first, second = (int(factor) for factor in factors[candidate])
        values, wanted = VALUES[pairs], truth[pairs[:, 0], pairs[:, 1]]
        lows, highs = _starts(values @ factors[candidate], wanted)
        least, most = int(lows.max(initial=-_LIMIT)), int(highs.min(initial=_MOST))
        start = (least + most) >> 1
        if least > most:
            for pair in (lows.argmax(), highs.argmin()):
                bounds = _starts(factors @ values[pair], wanted[pair])
                low, high = np.maximum(low, bounds[0]), np.minimum(high, bounds[1])
        elif 128 * (abs(first) + abs(second)) + abs(start) >= _LIMIT:
            high[candidate] = low[candidate] - 1
        else:
            sums = VALUES[:, None] * first + VALUES[None, :] * second + start
            wrong = np.argwhere(np.clip(sums >> BITS, INT8_MIN, INT8_MAX) != truth)
            if len(wrong) == 0:
                return first, second, start
            pairs = np.concatenate([pairs, wrong])
    return None


@lru_cache(maxsize=64)
def _cached(ratios: tuple[float, float], offset: float, results: bytes) -> tuple[int, ...] | None:
    truth = np.frombuffer(results, np.int8).reshape(VALUES.size, VALUES.size).astype(np.int64)
    nearest = np.array([round(ratio * (1 << BITS)) for ratio in ratios])
    one, two = (VALUES * ratio for ratio in ratios)
    pairs = near_ties(one + offset, two, _NEAR)
    place = one[pairs[:, 0]] + two[pairs[:, 1]] + offset
    inside = (place > INT8_MIN - 1) & (place < INT8_MAX + 1)
    return _search(nearest, truth, pairs[inside])


def fit(ratios: tuple[float, float], offset: float, truth: Int64) -> tuple[int, ...] | None:
    """Return both factors and the start that give `truth`, or None where none were found.

    `ratios` of either input's scale to the output's, negative where it is subtracted; `offset` what
    the zero points add to the result; `truth` [256, 256] the results of all pairs of int8 values,
    limited to int8.
    """
    return _cached(ratios, offset, truth.astype(np.int8).tobytes())
