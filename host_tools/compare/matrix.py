"""Every implementation of a model against every other, on the same windows.

One LSB is the scale of the model's output: int8 results are compared as integers, and a float
forecast f counts as the integer clamp(round(f / scale) + zero_point, −128, 127). RMSE, MAE and
largest difference are in standard deviations of the channels (the unit of the model), over
in-distribution windows only, because that is where the float model means something.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.compare import metrics
from host_tools.errors import DataError
from host_tools.formats.golden import KIND_NAMES, Golden

Array = NDArray[Any]

FLOAT, EXACT, OTHER, DEVICE, ROUNDING = "float", "exact", "other", "device", "rounding device"
"""Kinds of participants: the float model; one that must agree to the last bit; a runtime that
rounds in its own way; the device; a device whose backend rounds in its own way."""

SHOWN_LSB = 4


@dataclass(frozen=True, eq=False)
class Participant:
    """One implementation: `values` int8[N,H,C], or float32 [N,H,C] when it is the float model."""

    name: str
    kind: str
    values: Array


@dataclass(frozen=True)
class Lsb:
    """Size of one LSB: output scale in σ, zero point, and raw units per channel."""

    scale: float
    zero_point: int
    units: Mapping[str, float]

    @property
    def text(self) -> str:
        """The definition in one sentence."""
        return (
            f"1 LSB = the scale of the model's output = {self.scale:.6g} σ (standard deviations of"
            f" a channel), zero point {self.zero_point}; a float forecast f counts as"
            " clamp(round(f / scale) + zero point, −128, 127)"
        )


@dataclass(frozen=True)
class ImplementationPair:
    """Two participants; the last three figures are in σ, None without in-distribution windows."""

    left: str
    right: str
    windows: int
    values: int
    mismatched: int
    max_lsb: int
    rmse_lsb: float
    rmse: float | None
    mae: float | None
    max: float | None


@dataclass(frozen=True)
class Matrix:
    """The result.

    Attributes:
        model: Name.
        model_sha256: Of the model file.
        lsb: What one LSB is.
        windows_by_kind: How many of each kind.
        participants: (name, kind), in order.
        absent: (name, why) of what could not run.
        pairs: Every two of them.
        histogram: LSB differences to the yardstick by participant, clipped to ±SHOWN_LSB.
        yardstick: The participant that `histogram` compares with.
        device: Name of the device, or None.
        link: What the bench met on the line.
        seconds: Wall clock by step.
    """

    model: str
    model_sha256: str
    lsb: Lsb
    windows_by_kind: Mapping[str, int]
    participants: Sequence[tuple[str, str]]
    absent: Sequence[tuple[str, str]]
    pairs: Sequence[ImplementationPair]
    histogram: Mapping[str, Mapping[int, int]]
    yardstick: str
    device: str | None = None
    link: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)

    def pair(self, one: str, other: str) -> ImplementationPair | None:
        """Return the comparison of two participants, in either order."""
        return next((p for p in self.pairs if {p.left, p.right} == {one, other}), None)

    @property
    def differing(self) -> list[ImplementationPair]:
        """The pairs that must agree to the last bit and do not."""
        kinds = dict(self.participants)
        strict = {name for name, kind in kinds.items() if kind in (EXACT, DEVICE)}
        return [p for p in self.pairs if {p.left, p.right} <= strict and p.mismatched]

    @property
    def device_equals_host(self) -> bool | None:
        """Whether the device gives the host's bytes; None when no device took part."""
        if self.device is None:
            return None
        return not any(pair.mismatched for pair in self._of_device)

    @property
    def device_max_lsb(self) -> int | None:
        """Largest difference of the device from what is exact; None when no device took part."""
        if self.device is None:
            return None
        return max(pair.max_lsb for pair in self._of_device)

    @property
    def _of_device(self) -> list[ImplementationPair]:
        """The device with each that is exact."""
        strict = {name for name, kind in self.participants if kind == EXACT}
        return [p for p in self.pairs if self.device in (p.left, p.right) and
                {p.left, p.right} & strict]  # fmt: skip

    @property
    def exact(self) -> bool:
        """Whether all that must agree does."""
        return not self.differing

    def fields(self) -> dict[str, Any]:
        """Return the content of `compare.json`."""
        return {
            "version": 1,
            "model": self.model,
            "model_sha256": self.model_sha256,
            "exact": self.exact,
            "device": self.device,
            "device_equals_host": self.device_equals_host,
            "device_max_lsb": self.device_max_lsb,
            "lsb": {"definition": self.lsb.text, **asdict(self.lsb)},
            "windows_by_kind": dict(self.windows_by_kind),
            "participants": [{"name": n, "kind": k} for n, k in self.participants],
            "absent": [{"name": n, "reason": r} for n, r in self.absent],
            "pairs": [asdict(pair) for pair in self.pairs],
            "lsb_histogram": {
                "against": self.yardstick,
                **{n: {str(k): c for k, c in h.items()} for n, h in self.histogram.items()},
            },
            "link": dict(self.link),
            "seconds": {step: round(value, 3) for step, value in self.seconds.items()},
        }


def rounded(values: Array, lsb: Lsb) -> NDArray[np.int8]:
    """Return float forecasts as int8 by the definition above; int8 as it is."""
    if values.dtype == np.int8:
        return values
    return metrics.quantize(values, lsb.scale, lsb.zero_point)


def _real(values: Array, lsb: Lsb) -> Array:
    if values.dtype == np.int8:
        return metrics.dequantize(values, lsb.scale, lsb.zero_point)
    return values


def compare(left: Participant, right: Participant, usual: Array, lsb: Lsb) -> ImplementationPair:
    """Compare two participants; `usual` holds the indices of in-distribution windows.

    With the float model only in-distribution windows are compared. Raises DataError when the
    results have different shapes or there is nothing to compare.
    """
    one, other = rounded(left.values, lsb), rounded(right.values, lsb)
    if FLOAT in (left.kind, right.kind):
        one, other = one[usual], other[usual]
    delta = metrics.byte_delta(one, other)
    distance = one.astype(np.float64) - other
    real = None
    if len(usual):
        real = metrics.real_delta(
            _real(left.values[usual], lsb).astype(np.float64), _real(right.values[usual], lsb)
        )
    return ImplementationPair(
        left=left.name,
        right=right.name,
        windows=delta.windows,
        values=delta.values,
        mismatched=delta.mismatched_bytes,
        max_lsb=delta.max_lsb,
        rmse_lsb=float(np.sqrt(np.mean(distance**2))),
        rmse=real.rmse if real else None,
        mae=real.mae if real else None,
        max=real.max if real else None,
    )


def build(
    participants: Sequence[Participant],
    golden: Golden,
    lsb: Lsb,
    *,
    model: str,
    model_sha256: str,
    absent: Sequence[tuple[str, str]] = (),
    link: Mapping[str, Any] | None = None,
    seconds: Mapping[str, float] | None = None,
) -> Matrix:
    """Return the matrix of all pairs.

    Raises:
        DataError: Fewer than two that must agree: nothing would be proved.
    """
    strict = [p for p in participants if p.kind in (EXACT, DEVICE)]
    if len(strict) < 2:
        raise DataError(
            "fewer than two implementations that must agree: install the extra `oracle`, or a"
            " C compiler"
        )
    usual = golden.in_distribution
    pairs = [
        compare(one, other, usual, lsb)
        for one, other in combinations(participants, 2)
        if len(usual) or FLOAT not in (one.kind, other.kind)
    ]
    yardstick = next(p for p in participants if p.kind == EXACT)
    device = next((p.name for p in participants if p.kind in (DEVICE, ROUNDING)), None)
    return Matrix(
        model=model,
        model_sha256=model_sha256,
        lsb=lsb,
        windows_by_kind={
            name: int(np.count_nonzero(golden.kinds == kind)) for kind, name in KIND_NAMES.items()
        },
        participants=[(p.name, p.kind) for p in participants],
        absent=list(absent),
        pairs=pairs,
        histogram={
            p.name: _histogram(p, yardstick, usual, lsb)
            for p in participants
            if p is not yardstick and (p.kind != FLOAT or len(usual))
        },
        yardstick=yardstick.name,
        device=device,
        link=dict(link or {}),
        seconds=dict(seconds or {}),
    )


def _histogram(one: Participant, other: Participant, usual: Array, lsb: Lsb) -> dict[int, int]:
    left, right = rounded(one.values, lsb), rounded(other.values, lsb)
    if one.kind == FLOAT:
        left, right = left[usual], right[usual]
    counts = dict.fromkeys(range(-SHOWN_LSB, SHOWN_LSB + 1), 0)
    for value, count in metrics.lsb_histogram(left, right).items():
        counts[max(-SHOWN_LSB, min(SHOWN_LSB, value))] += count
    return counts
