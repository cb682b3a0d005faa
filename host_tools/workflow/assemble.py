"""Assembly of a report from measurements: the one place where its figures are computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.compare import metrics, rounding
from host_tools.compare.exact import Exact
from host_tools.compare.metrics import RealDelta
from host_tools.formats.golden import KIND_NAMES, Golden
from host_tools.report.record import DEVICE, OperatorCost, Report, Series

Array = NDArray[Any]

ALARM = 2


@dataclass(frozen=True, eq=False)
class DeviceRun:
    """Results that came back from a device.

    `outputs` int8[N,H,C] of the golden windows, `records` structured [T] of the raw samples with at
    least the fields state and score, `stack_bytes` None when the device does not know.
    """

    outputs: Array
    records: Array
    stack_bytes: int | None = None


@dataclass(frozen=True)
class ImageFacts:
    """The image that was measured: names, shape, and the facts of build and counting.

    `scale` and `zero_point` are those of the model's output; `memory` holds the capacity of
    `flash` and `ram`; None is "not measured". `mean` and `std` are those of the scaler; `scored`,
    `reading` and `injected_faults` are those of `Report`. `must_be_exact` tells whether the
    backend is.
    """

    target: str
    backend: str
    model: str
    model_sha256: str
    data: str
    channel_names: Sequence[str]
    scale: float
    zero_point: int
    threshold: float
    flash_bytes: int | None = None
    model_bytes: int | None = None
    arena_bytes: int | None = None
    static_ram_bytes: int | None = None
    stack_bound_bytes: int | None = None
    instructions_per_inference: int | None = None
    instructions_per_step: int | None = None
    cycles_per_inference: int | None = None
    network: str = "tflite"
    operators: Sequence[OperatorCost] = ()
    memory: Mapping[str, int] = field(default_factory=dict)
    rate_hz: float | None = None
    scored: Mapping[str, str] = field(default_factory=dict)
    reading: Sequence[str] = ()
    injected_faults: Mapping[str, Any] | None = None
    units: Sequence[str] = ()
    mean: Sequence[float] = ()
    std: Sequence[float] = ()
    must_be_exact: bool = True


def _difference_from_any(device: Array, exact: Mapping[str, Array]) -> tuple[int, int]:
    """Return (bytes that differ from any exact result, largest difference in LSB)."""
    different = np.zeros(device.shape, dtype=bool)
    largest = 0
    for expected in exact.values():
        delta = metrics.byte_delta(device, expected)
        largest = max(largest, delta.max_lsb)
        different |= device != expected
    return int(np.count_nonzero(different)), largest


def _real_deltas(
    facts: ImageFacts, golden: Golden, outputs: Array
) -> tuple[RealDelta, RealDelta, RealDelta] | tuple[None, None, None]:
    """Return int8 against float, int8 against truth and float against truth, in-distribution."""
    rows = golden.in_distribution
    if not len(rows):
        return None, None, None
    forecasts = metrics.dequantize(outputs[rows], facts.scale, facts.zero_point)
    floats, truth = golden.float_outputs[rows], golden.truth[rows]
    pairs = ((forecasts, floats), (forecasts, truth), (floats, truth))
    first, second, third = (metrics.real_delta(*pair) for pair in pairs)
    return first, second, third


def _rounding(
    facts: ImageFacts, golden: Golden, device: DeviceRun, exact: Exact
) -> rounding.Rounding | None:
    """Return how far a device is off whose backend need not be exact; None where it must be."""
    if facts.must_be_exact:
        return None
    name, expected = next(iter(exact.outputs.items()))
    return rounding.measure(
        rounding.Results(DEVICE, device.outputs, device.records),
        rounding.Results(name, expected, exact.records),
        golden.labels,
    )


def _by_kind(golden: Golden) -> dict[str, int]:
    return {name: int(np.count_nonzero(golden.kinds == kind)) for kind, name in KIND_NAMES.items()}


def report(
    facts: ImageFacts,
    golden: Golden,
    device: DeviceRun,
    exact: Exact,
    *,
    host_seconds: float,
    seconds: Mapping[str, float] | None = None,
) -> Report:
    """Compute the report of one run.

    Raises DataError when results and golden do not fit each other.
    """
    _, window, channels = golden.windows.shape
    mismatched, largest = _difference_from_any(device.outputs, exact.outputs)
    versus_float, int8_vs_truth, float_vs_truth = _real_deltas(facts, golden, device.outputs)
    alarm = device.records["state"] == ALARM
    return Report(
        target=facts.target,
        backend=facts.backend,
        model=facts.model,
        model_sha256=facts.model_sha256,
        data=facts.data,
        channels=channels,
        window=window,
        horizon=golden.outputs.shape[1],
        network=facts.network,
        windows=len(golden.windows),
        windows_by_kind=_by_kind(golden),
        mismatched_bytes=mismatched,
        max_lsb=largest,
        chain_samples=len(device.records),
        chain_mismatches=metrics.record_mismatches(device.records, exact.records),
        rmse_vs_float=versus_float.rmse if versus_float else None,
        mae_vs_float=versus_float.mae if versus_float else None,
        max_vs_float=versus_float.max if versus_float else None,
        instructions_per_inference=facts.instructions_per_inference,
        instructions_per_step=facts.instructions_per_step,
        cycles_per_inference=facts.cycles_per_inference,
        flash_bytes=facts.flash_bytes,
        model_bytes=facts.model_bytes,
        arena_bytes=facts.arena_bytes,
        static_ram_bytes=facts.static_ram_bytes,
        stack_bytes=device.stack_bytes,
        stack_bound_bytes=facts.stack_bound_bytes,
        alarms=int(np.count_nonzero(alarm)),
        alarm_episodes=metrics.episodes(alarm),
        host_seconds=host_seconds,
        comparisons=metrics.compare_all({DEVICE: device.outputs, **exact.outputs}),
        int8_vs_truth=int8_vs_truth,
        float_vs_truth=float_vs_truth,
        operators=tuple(facts.operators),
        rate_hz=facts.rate_hz,
        scored=dict(facts.scored),
        reading=tuple(facts.reading),
        injected_faults=facts.injected_faults,
        seconds=dict(seconds or {}),
        rounding=_rounding(facts, golden, device, exact),
    )


def series(facts: ImageFacts, golden: Golden, device: DeviceRun, exact: Exact) -> Series | None:
    """Return the arrays of the plots; None when there is no in-distribution window of a network.

    The window shown is the one whose truth moves most.
    """
    rows = golden.in_distribution
    if not len(golden.windows):
        return _without_windows(facts, golden, device)
    if not len(rows):
        return None
    shown = int(rows[int(np.argmax(np.ptp(golden.truth[rows], axis=1).sum(axis=1)))])
    forecast = metrics.dequantize(device.outputs[shown], facts.scale, facts.zero_point)
    wanted = metrics.quantize(golden.float_outputs[rows], facts.scale, facts.zero_point)
    exact_lsb: dict[int, int] = {}
    for expected in exact.outputs.values():
        for value, count in metrics.lsb_histogram(device.outputs, expected).items():
            exact_lsb[value] = max(count, exact_lsb.get(value, 0))
    return Series(
        channel_names=list(facts.channel_names),
        history=golden.float_inputs[shown],
        truth=golden.truth[shown],
        float_forecast=golden.float_outputs[shown],
        int8_forecast=forecast,
        score=device.records["score"],
        state=device.records["state"],
        labels=golden.labels[: len(device.records)],
        threshold=facts.threshold,
        exact_lsb=exact_lsb,
        float_lsb=metrics.lsb_histogram(device.outputs[rows], wanted),
        memory=dict(facts.memory),
        units=tuple(facts.units),
        mean=tuple(facts.mean),
        std=tuple(facts.std),
        scale=facts.scale,
    )


def _without_windows(facts: ImageFacts, golden: Golden, device: DeviceRun) -> Series:
    """Return the arrays of the plots of a product without a network: score and channels."""
    nothing = np.zeros((0, len(facts.channel_names)), np.float32)
    return Series(
        channel_names=list(facts.channel_names),
        history=nothing,
        truth=nothing,
        float_forecast=nothing,
        int8_forecast=nothing,
        score=device.records["score"],
        state=device.records["state"],
        labels=golden.labels[: len(device.records)],
        threshold=facts.threshold,
        exact_lsb={},
        float_lsb={},
        memory=dict(facts.memory),
        units=tuple(facts.units),
        mean=tuple(facts.mean),
        std=tuple(facts.std),
    )
