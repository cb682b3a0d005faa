"""Train a forecaster, quantize it to int8 and fit its detector.

Without --csv it trains on the synthetic plant and says whether the result agrees with the
artifacts in the model's own folder. Writes model_int8.tflite, model_float.tflite,
scaler.json, detector.json, golden.npz, model.toml and training.json to --out, and the network
itself to exports/ in it (.keras, SavedModel rolled and unrolled, rep_windows.npz, curve).

Example:
  host_tools train --csv measurements.csv --out mymodel --window 30 --horizon 10
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

from host_tools.commands import _output
from host_tools.conversion import canonical
from host_tools.data import csv, plant
from host_tools.data.table import Table
from host_tools.detection import quiet as detection
from host_tools.errors import DataError
from host_tools.formats import description
from host_tools.formats.description import Description
from host_tools.training import pipeline
from targets.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--model", default="forecaster", help="name under models/, or a folder")
    parser.add_argument("--csv", type=Path, help="train on this file instead of the plant")
    parser.add_argument("--delimiter", help="of the CSV file; found by itself when not given")
    parser.add_argument(
        "--out", type=_output.folder, help="folder to write (default build/models/NAME)"
    )
    parser.add_argument("--seed", type=int, help="of weights, shuffling and plant")
    parser.add_argument("--epochs", type=int, default=pipeline.Settings.epochs, help="at most")
    parser.add_argument("--window", type=int, help="samples that the model sees")
    parser.add_argument("--horizon", type=int, help="samples that it forecasts")
    parser.add_argument(
        "--clip",
        type=float,
        default=pipeline.Settings.clip,
        help="limit of model inputs in standard deviations (default %(default)g)",
    )
    parser.add_argument(
        "--learn-rows",
        type=int,
        default=pipeline.Settings.learn_rows,
        help="rows from which a device learns its own baseline; 0: that of the training rows"
        " (default %(default)s)",
    )
    parser.add_argument(
        "--exports",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="write exports/: .keras, SavedModel, unrolled SavedModel, rep_windows.npz, curve",
    )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def _check(arguments: argparse.Namespace) -> None:
    for name in ("epochs", "window", "horizon", "clip"):
        value = getattr(arguments, name)
        if value is not None and not 0 < value <= 10_000:
            raise DataError(f"--{name} {value}: must be above 0 and at most 10000")
    detection.check_learn_rows(arguments.learn_rows)
    if arguments.seed is not None and not 0 <= arguments.seed < 2**32:
        raise DataError(f"--seed {arguments.seed}: must be 0 … 2³² − 1")


def _read(arguments: argparse.Namespace, wanted: Description) -> tuple[Table, Description]:
    if arguments.csv is None:
        return plant.table(wanted.seed), replace(wanted, source="plant")
    table = csv.read(arguments.csv, delimiter=arguments.delimiter)
    return table, replace(wanted, source="csv", budget={})


def run(arguments: argparse.Namespace) -> int:
    """Train; return the exit code."""
    began = time.monotonic()
    _check(arguments)
    home = description.resolve(arguments.model)
    wanted = description.load(home)
    chosen = {key: getattr(arguments, key) for key in ("seed", "window", "horizon")}
    wanted = replace(wanted, **{key: v for key, v in chosen.items() if v is not None})
    table, wanted = _read(arguments, wanted)
    rows = f"{len(table)} rows x {table.channels} channels at {table.rate_hz:g} Hz"
    _say(f"{table.source}: {rows}")
    for notice in table.notices:
        _say(f"note: {notice}")
    out = arguments.out or Path("build", "models", wanted.name)
    shipped = home / pipeline.INT8
    before = canonical.canonical_hash(shipped) if shipped.exists() else None
    outcome = pipeline.train(
        table,
        wanted,
        home / "architecture.py",
        out,
        settings=pipeline.Settings(
            epochs=arguments.epochs,
            clip=arguments.clip,
            learn_rows=arguments.learn_rows,
            exports=arguments.exports,
        ),
        say=_say,
    )
    _report(outcome, time.monotonic() - began)
    if arguments.csv is None and before is not None:
        _compare(before, outcome.figures["canonical_sha256"], home)
    return ExitCode.OK


def _report(outcome: pipeline.Outcome, seconds: float) -> None:
    figures = outcome.figures
    _say(
        f"validation loss {figures['validation_loss']:.4f} after {figures['epochs']} epochs;"
        f" int8 against float RMSE {figures['rmse_int8_vs_float']:.4f}"
        f" (max {figures['max_int8_vs_float']:.3f}) standard deviations"
    )
    detection.tell(figures, _say)
    _say(f"{outcome.directory}: written in {seconds:.0f} s")


def _compare(before: str, after: str, home: Path) -> None:
    if before == after:
        _say(f"canonical tensors agree with {home / pipeline.INT8}: {after}")
        return
    _say(
        f"canonical tensors differ from {home / pipeline.INT8}: {before[:16]} there, {after[:16]}"
        " here. Another seed, window, epoch count or package version explains it; so does another"
        " processor, because the order of sums in a matrix product depends on it."
    )
