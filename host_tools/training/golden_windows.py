"""What goes into `golden.npz`: windows of three kinds, and a stretch of raw samples."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.data import window as window_cut
from host_tools.data.table import Table, finite_rows, stream
from host_tools.errors import TrainingError
from host_tools.formats.golden import IN_DISTRIBUTION, RANDOM, SATURATED
from host_tools.runtimes.adapter import Adapter

COUNTS = (160, 48, 48)
"""Windows of each kind; random inputs alone hide mismatches."""

SAMPLES = 600
"""Raw samples for the chain: ten minutes at 1 Hz."""

_QUIET_START = 120
_GAINS = (4.0, 16.0, 64.0)


def quiet_windows(
    adapter: Adapter, parts: tuple[Table, ...], most: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return standardized windows and truth from quiet rows, from the first part that has
    enough, else from all parts together.

    Returns:
        float32 [N, window, channels] and float32 [N, horizon, channels], not clipped.
    """
    length = adapter.window + adapter.horizon
    pairs = []
    for part in parts:
        first = window_cut.starts(part, length, quiet_only=True, most=most)
        z = adapter.scaler.inputs(part.samples, part.segments)
        pair = window_cut.cut(z, first, adapter.window, adapter.horizon)
        if len(first) == most:
            return pair
        pairs.append(pair)
    return (
        np.concatenate([pair[0] for pair in pairs])[:most],
        np.concatenate([pair[1] for pair in pairs])[:most],
    )


def _saturated(adapter: Adapter, windows: NDArray[np.float32]) -> NDArray[np.int8]:
    """Windows that leave the range of int8: amplified, at either end, and alternating."""
    ends = np.array([-128, 127], dtype=np.int8)
    shape = windows.shape[1:]
    checks = np.indices(shape).sum(axis=0) % 2
    fixed = [np.full(shape, ends[0]), np.full(shape, ends[1]), ends[checks], ends[1 - checks]]
    fixed += [ends[np.indices(shape)[axis] % 2] for axis in (0, 1)]
    count = COUNTS[SATURATED] - len(fixed)
    gains = np.resize(np.array(_GAINS, dtype=np.float32), count)[:, None, None]
    picked = windows[np.arange(count) * len(windows) // count]
    wide = np.clip(picked * gains, -adapter.scaler.clip, adapter.scaler.clip)
    return np.concatenate([adapter.quantize(wide), np.stack(fixed)])


def windows(
    adapter: Adapter, parts: tuple[Table, ...], input_scale: float, seed: int
) -> dict[str, NDArray[Any]]:
    """Return `windows`, `kinds`, `float_inputs`, `truth`.

    Args:
        adapter: Scaler and model edges.
        parts: Where to cut in-distribution windows, in order of preference.
        input_scale: Scale of the model input.
        seed: Of the random windows.

    Raises:
        TrainingError: Too few windows without a gap or a label.
    """
    usual, truth = quiet_windows(adapter, parts, COUNTS[IN_DISTRIBUTION])
    if len(usual) < COUNTS[IN_DISTRIBUTION]:
        raise TrainingError(
            f"only {len(usual)} held-out windows without a gap, {COUNTS[IN_DISTRIBUTION]} are"
            " needed to verify a model: give more rows, or a shorter --window"
        )
    words = np.random.PCG64(seed).random_raw(COUNTS[RANDOM] * usual[0].size)
    noise = (np.asarray(words) >> np.uint64(56)).astype(np.uint8).view(np.int8)
    extreme = [_saturated(adapter, usual), noise.reshape(-1, *usual.shape[1:])]
    quantized = np.concatenate([adapter.quantize(usual), *extreme])
    unusual = quantized[len(usual) :].astype(np.float32) - np.float32(adapter.input_zero_point)
    missing = np.full((len(unusual), *truth.shape[1:]), np.nan, dtype=np.float32)
    return {
        "windows": quantized,
        "kinds": np.repeat(np.arange(3, dtype=np.uint8), COUNTS),
        "float_inputs": np.concatenate([usual, unusual * np.float32(input_scale)]),
        "truth": np.concatenate([truth, missing]),
    }


def no_windows(channels: int) -> dict[str, NDArray[Any]]:
    """Return everything of a golden file but its samples, of a product without a network."""
    nothing = np.zeros((0, 0, channels))
    return {
        "windows": nothing.astype(np.int8),
        "kinds": np.zeros(0, np.uint8),
        "outputs": nothing.astype(np.int8),
        **{name: nothing.astype(np.float32) for name in ("float_inputs", "float_outputs", "truth")},
    }


def samples(
    parts: tuple[Table, ...], learn_rows: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return SAMPLES raw rows and labels: a quiet start, then a fault, one natural gap late.

    Args:
        parts: Where to look, in order of preference; the first that is long enough.
        learn_rows: Rows from which the device learns its baseline: the start is quiet for longer.

    Returns:
        float32 [SAMPLES, channels] (a row of NaN is a gap) and uint8 [SAMPLES].

    Raises:
        TrainingError: No part is long enough.
    """
    for part in parts:
        rows, labels = stream(part)
        if len(rows) >= SAMPLES:
            first = _best_start(finite_rows(rows), labels, max(_QUIET_START, learn_rows))
            last = first + SAMPLES
            return rows[first:last], labels[first:last]
    raise TrainingError(f"fewer than {SAMPLES} rows: too few to verify the chain on a device")


def _best_start(finite: NDArray[np.bool_], labels: NDArray[np.uint8], start: int) -> int:
    """Return the first row of the stretch that shows most: see `samples`."""

    def merit(first: int) -> tuple[bool, bool, int]:
        fine, fault = finite[first : first + SAMPLES], labels[first : first + SAMPLES]
        begins = fine[:start].all() and not fault[:start].any()
        gaps = np.flatnonzero(~fine)
        late = len(gaps) > 0 and gaps[0] > SAMPLES // 2 and gaps[-1] < SAMPLES - _QUIET_START
        return bool(begins), bool(late and fault.any()), min(int(fault.sum()), SAMPLES // 3)

    return max(range(0, len(finite) - SAMPLES + 1, 10), key=merit)
