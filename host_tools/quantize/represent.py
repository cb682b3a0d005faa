"""Representative windows: which stretches of a log calibrate the int8 model.

Every window is scored by how unusual it is: by the forecast error of a model, or without one by
the error of the simplest forecast ("nothing changes"). `selection.select` then takes a seeded
mix of usual windows and of the high-score tail.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.conversion import worker
from host_tools.data import csv, scaling, window
from host_tools.data.table import Table
from host_tools.errors import ConversionError, DataError
from host_tools.formats import scaler
from host_tools.formats.scaler import Scaler
from host_tools.quantize import selection
from host_tools.runtimes import litert
from targets import output

Floats = NDArray[np.float32]

PERSISTENCE, MODEL = "persistence", "model"
_TFLITE_BATCH = 256


@dataclass(frozen=True)
class RepresentRequest:
    """Request for representative windows.

    Attributes:
        window: Samples of a window.
        horizon: Samples that follow it.
        channels: How many the table must give; None takes all.
        max_total: How many windows to choose; None takes `MOST` or all, whichever is fewer.
        balance: Part of them from the tail, 0 … 1.
        seed: Of the choice.
        clip: Limit in standard deviations.
        model: What scores, or None.
        scaler: `scaler.json` to standardize with; fitted to the quiet rows when None.
    """

    window: int
    horizon: int
    channels: int | None
    max_total: int | None
    balance: float
    seed: int
    clip: float
    model: Path | None = None
    scaler: Path | None = None


MOST = 2_000
"""Number of windows that are chosen when the user names none."""


@dataclass(frozen=True, eq=False)
class Representative:
    """Chosen windows, in time order.

    Attributes:
        windows: float32 [N, window, channels], standardized and clipped.
        truth: float32 [N, horizon, channels], what followed, the same way.
        first: int64 [N], first row of each window in the table.
        chosen: int64 [N], index of each among all windows.
        all_first: int64 [M], first rows of all windows.
        scores: float32 [M], of all windows.
        threshold: Score from which a window belongs to the tail.
        tail: How many of the chosen belong to it.
        scaler: What standardized them.
        kind: PERSISTENCE or MODEL.
        notices: What was left out, one sentence each.
    """

    windows: Floats
    truth: Floats
    first: NDArray[np.int64]
    chosen: NDArray[np.int64]
    all_first: NDArray[np.int64]
    scores: Floats
    threshold: float
    tail: int
    scaler: Scaler
    kind: str
    notices: tuple[str, ...]


def check(request: RepresentRequest) -> None:
    """Raise DataError for a value that no data could satisfy."""
    if not 0.0 <= request.balance <= 1.0:
        raise DataError(f"--balance {request.balance:g}: must be 0 … 1")
    for name in ("window", "horizon", "channels", "max_total"):
        value = getattr(request, name)
        if value is not None and value < 1:
            raise DataError(f"--{name.replace('_', '-')} {value}: must be at least 1")
    if not request.clip > 0:
        raise DataError(f"--clip {request.clip:g}: must be above 0")
    if not 0 <= request.seed < 2**32:
        raise DataError(f"--seed {request.seed}: must be 0 … 2³² − 1")
    if request.model is not None and not request.model.exists():
        raise DataError(
            f"{request.model}: no such model: give a SavedModel, .keras, .h5 or .tflite"
        )


def persistence_scores(z: Floats, first: NDArray[np.int64], length: int, horizon: int) -> Floats:
    """Return the RMSE of "nothing changes" per window, float32 [N]; z float32 [rows, channels]."""
    rows, channels = z.shape
    total = np.zeros(max(0, rows - horizon), dtype=np.float32)
    last = z[: rows - horizon]
    for step in range(1, horizon + 1):
        change = z[step : rows - horizon + step] - last
        total += np.einsum("ij,ij->i", change, change)
    scores: Floats = np.sqrt(total[first + length - 1] / np.float32(horizon * channels))
    return scores


def _tflite_scores(z: Floats, first: NDArray[np.int64], request: RepresentRequest) -> Floats:
    assert request.model is not None
    runner = litert.LiteRt(request.model)
    for name, found, length in (
        ("input", runner.window_shape, request.window),
        ("output", runner.forecast_shape, request.horizon),
    ):
        if found != (length, z.shape[1]):
            raise DataError(
                f"{request.model}: the model's {name} is {' x '.join(map(str, found))}, the data"
                f" give {length} x {z.shape[1]} (samples x channels): give its own --window,"
                " --horizon and --nfeat"
            )
    scores = np.empty(len(first), dtype=np.float32)
    for start in range(0, len(first), _TFLITE_BATCH):
        part = first[start : start + _TFLITE_BATCH]
        windows, truth = window.cut(z, part, request.window, request.horizon)
        errors = runner.forecast(windows) - truth
        scores[start : start + len(part)] = np.sqrt(np.mean(errors**2, axis=(1, 2)))
    return scores


def _keras_scores(z: Floats, first: NDArray[np.int64], request: RepresentRequest) -> Floats:
    with output.scratch("represent") as folder:
        job = {
            "model": str(Path(str(request.model)).resolve()),
            "window": request.window,
            "horizon": request.horizon,
        }
        (folder / "job.json").write_text(json.dumps(job))
        np.savez(folder / "samples.npz", z=z, first=first)
        worker.run(
            "host_tools.conversion.score_worker",
            folder,
            f"scoring with {request.model}",
            ConversionError,
        )
        scores: Floats = np.load(folder / "scores.npy")
    return scores


def score(z: Floats, first: NDArray[np.int64], request: RepresentRequest) -> Floats:
    """Score windows.

    Args:
        z: float32 [rows, channels], standardized and clipped.
        first: int64 [N], first row of each window.
        request: Window, horizon, and the model or None.

    Returns:
        float32 [N], higher is less usual.

    Raises:
        DataError: The model has another shape, or gives no finite error.
        ConversionError: It cannot run.
    """
    if request.model is None:
        return persistence_scores(z, first, request.window, request.horizon)
    by_file = request.model.suffix == ".tflite"
    scores = (_tflite_scores if by_file else _keras_scores)(z, first, request)
    if not np.isfinite(scores).all():
        raise DataError(f"{request.model}: forecasts are not finite: train the model again")
    return scores


def _channels(table: Table, wanted: int | None) -> Table:
    """Return the first `wanted` channels of a table."""
    if wanted is None or wanted == table.channels:
        return table
    if wanted > table.channels:
        raise DataError(
            f"{table.source}: {wanted} channels asked (--nfeat), the file has {table.channels}:"
            f" {', '.join(table.names)}"
        )
    return table.without(list(table.names[wanted:]), f"only the first {wanted} are asked (--nfeat)")


def _scaler(table: Table, request: RepresentRequest) -> tuple[Table, Scaler]:
    if request.scaler is None:
        return table, scaling.fit(table, request.clip)
    known = scaler.load(request.scaler)
    # A file may hold more than the model knows; what it knows must be there.
    extra = [name for name in table.names if name not in known.channels]
    if len(extra) < table.channels:
        table = table.without(extra, f"not in {request.scaler}")
    return csv.match(table, known.channels), known


def represent(
    table: Table, request: RepresentRequest, say: Callable[[str], None] = lambda _: None
) -> Representative:
    """Score every window of a table without a gap or a label, and choose.

    Raises:
        DataError: A wrong request, fewer windows than asked, or another shape than the model's.
        ConversionError: The model cannot run.
    """
    check(request)
    table = _channels(table, request.channels)
    table, scale = _scaler(table, request)
    length = request.window + request.horizon
    first = window.starts(table, length, quiet_only=True)
    if not len(first):
        raise DataError(
            f"{table.source}: no window of {length} rows without a gap or a labelled fault: give"
            " more rows, or a shorter --window or --horizon"
        )
    limit = np.float32(min(request.clip, float(scale.clip)))
    z = np.nan_to_num(np.clip(scale.inputs(table.samples, table.segments), -limit, limit))
    wanted = min(MOST, len(first)) if request.max_total is None else request.max_total
    if wanted > len(first):
        raise DataError(
            f"{table.source}: {wanted} windows asked (--max-total), {len(first)} of {length} rows"
            " without a gap or a labelled fault exist: ask for fewer, or give more data"
        )
    say(f"scoring {len(first):,} windows")
    scores = score(z, first, request)
    picked = selection.select(scores, wanted, request.balance, request.seed)
    windows, truth = window.cut(z, first[picked.index], request.window, request.horizon)
    order = np.sort(scores)
    return Representative(
        windows=windows,
        truth=truth,
        first=first[picked.index],
        chosen=picked.index,
        all_first=first,
        scores=scores,
        threshold=float(order[len(order) - max(1, int(len(order) * selection.TAIL_PART))]),
        tail=picked.tail,
        scaler=scale,
        kind=PERSISTENCE if request.model is None else MODEL,
        notices=table.notices,
    )


def fields(found: Representative, request: RepresentRequest, source: str) -> dict[str, Any]:
    """Return the content of `rep_windows_balanced.json`."""
    chosen = found.scores[found.chosen]
    return {
        "version": 1,
        "source": source,
        "model": None if request.model is None else str(request.model),
        "score": found.kind,
        "window": request.window,
        "horizon": request.horizon,
        "channels": list(found.scaler.channels),
        "balance": request.balance,
        "seed": request.seed,
        "clip": float(min(request.clip, float(found.scaler.clip))),
        "windows_found": len(found.all_first),
        "windows_chosen": len(found.chosen),
        "tail_chosen": found.tail,
        "tail_part": selection.TAIL_PART,
        "tail_threshold": found.threshold,
        "scores_found": _spread(found.scores),
        "scores_chosen": _spread(chosen),
        "range_chosen": [float(found.windows.min()), float(found.windows.max())],
        "notices": list(found.notices),
    }


def _spread(scores: Floats) -> dict[str, float]:
    parts = {"min": 0.0, "50%": 0.5, "95%": 0.95, "99%": 0.99, "max": 1.0}
    return {name: float(np.quantile(scores, part)) for name, part in parts.items()}
