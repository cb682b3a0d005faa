"""Train a model as a user asks: read rows, train, draw the curve, compare with what is shipped."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from host_tools.conversion import canonical
from host_tools.data import csv, plant
from host_tools.data.reading.options import ReadingOptions
from host_tools.data.table import Table
from host_tools.detection import quiet
from host_tools.errors import DataError, DetectorRefusedError
from host_tools.formats import description
from host_tools.formats.description import Description
from host_tools.report import sight_page, training_page
from host_tools.training import pipeline, plain
from host_tools.training.pipeline import TrainedModel
from host_tools.training.settings import EXPORTS, INT8, Settings

CURVE = "training_curve.svg"
Say = Callable[[str], None]


@dataclass(frozen=True)
class TrainingRequest:
    """Request for a training: the model, and its data.

    Attributes:
        model: Name under `models/`, or a folder: the network and what is not said below.
        csv: The files of one log; none for the synthetic plant.
        reading: How they are read; what is not said is found in them.
        out: Folder to write; None for `build/models/NAME`.
        name: Of the new model, a C identifier in lower case; None: that of `model`.
        seed: Of weights, shuffling and plant.
        window: Samples that the model sees.
        horizon: Samples that it forecasts.
        settings: How to train.
        network: Whether to train one; False: the detector does without forecasts.
    """

    model: str = "forecaster"
    csv: Sequence[Path] = ()
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    out: Path | None = None
    name: str | None = None
    seed: int | None = None
    window: int | None = None
    horizon: int | None = None
    settings: Settings = field(default_factory=Settings)
    network: bool = True


def train(request: TrainingRequest, say: Say) -> TrainedModel:
    """Train, write the model directory and tell what came of it.

    Raises:
        DataError: An option, the model directory or the rows cannot be used.
        TrainingError, ConversionError, OutputError: See `pipeline.train`.
        DetectorRefusedError: All is written, but the detector is in alarm too often.
    """
    began = time.monotonic()
    _check(request)
    home = description.resolve(request.model)
    wanted = description.load(home)
    chosen = {key: getattr(request, key) for key in ("name", "seed", "window", "horizon")}
    wanted = replace(wanted, **{key: v for key, v in chosen.items() if v is not None})
    table, wanted = _read(request, wanted)
    rows = f"{len(table)} rows x {table.channels} channels at {table.rate_hz:g} Hz"
    say(f"{table.source}: {rows}")
    for notice in table.notices:
        say(f"note: {notice}")
    out = request.out or Path("build", "models", wanted.name)
    if not request.network or not wanted.has_network:
        return _train_plain(table, wanted, out, request, say)
    shipped = home / INT8
    before = canonical.canonical_hash(shipped) if shipped.exists() else None
    trained = pipeline.train(
        table, wanted, home / "architecture.py", out, settings=request.settings, say=say
    )
    if request.settings.exports:
        training_page.write(out / EXPORTS / CURVE, trained.history)
    _report(trained, time.monotonic() - began, say)
    sight_page.write(out, trained.figures, wanted.name, trained.refused)
    if not request.csv and before is not None:
        _compare(before, trained.figures["canonical_sha256"], shipped, say)
    if trained.refused:
        raise DetectorRefusedError(f"{trained.directory}: {trained.refused}")
    return trained


def _train_plain(
    table: Table, wanted: Description, out: Path, request: TrainingRequest, say: Say
) -> TrainedModel:
    """Make a product without a network."""
    trained = plain.train(table, wanted, out, settings=request.settings, say=say)
    quiet.tell(trained.figures, say)
    say(f"{trained.directory}: written, without a network")
    sight_page.write(out, trained.figures, wanted.name, trained.refused)
    if trained.refused:
        raise DetectorRefusedError(f"{trained.directory}: {trained.refused}")
    return trained


def _check(request: TrainingRequest) -> None:
    settings = request.settings
    limited = {
        "epochs": settings.epochs,
        "window": request.window,
        "horizon": request.horizon,
        "clip": settings.clip,
    }
    for name, value in limited.items():
        if value is not None and not 0 < value <= 10_000:
            raise DataError(f"--{name} {value}: must be above 0 and at most 10000")
    if request.name is not None and not description.is_name(request.name):
        raise DataError(f"--name {request.name!r}: {description.NAMES}, for example pump_2")
    settings.detector.check()
    if request.seed is not None and not 0 <= request.seed < 2**32:
        raise DataError(f"--seed {request.seed}: must be 0 … 2³² − 1")


def _read(request: TrainingRequest, wanted: Description) -> tuple[Table, Description]:
    if not request.csv:
        return plant.table(wanted.seed), replace(wanted, source="plant")
    table = csv.read(request.csv, request.reading)
    return table, replace(wanted, source="csv", budget={})


def _report(trained: TrainedModel, seconds: float, say: Say) -> None:
    figures = trained.figures
    say(
        f"validation loss {figures['validation_loss']:.4f} after {figures['epochs']} epochs;"
        f" int8 against float RMSE {figures['rmse_int8_vs_float']:.4f}"
        f" (max {figures['max_int8_vs_float']:.3f}) standard deviations"
    )
    quiet.tell(figures, say)
    say(f"{trained.directory}: written in {seconds:.0f} s")


def _compare(before: str, after: str, shipped: Path, say: Say) -> None:
    if before == after:
        say(f"canonical tensors agree with {shipped}: {after}")
        return
    say(
        f"canonical tensors differ from {shipped}: {before[:16]} there, {after[:16]}"
        " here. Another seed, window, epoch count or package version explains it; so does another"
        " processor, because the order of sums in a matrix product depends on it."
    )
