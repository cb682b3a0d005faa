"""Measure an int8 model against its float model, and each against the truth.

MSE, RMSE, MAE, largest error and LSB per channel and horizon step, latency on this host, and
where the error comes from: quantized inputs, weights, activations. Windows come from the test
part of the data, from the model's golden file, or from --windows.

With --detection FOLDER a detector is scored on labelled runs instead: one CSV file per run with a
column `anomaly`. With --model it is that of a model directory, else one is trained: the first
--learn-rows rows of each run train, and the model directory is left in model/ below --out. With
--stream the runs of a day follow each other and the device learns once. Float, int8 and the
generated C are scored beside baselines. Example:
  host_tools evaluate --detection data/runs --out build/detection --target stm32f4 --emulate
  host_tools evaluate --detection data/runs --stream --model build/models/pump
"""

import argparse
import json
import sys
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from host_tools.commands import _output, _reading
from host_tools.commands._options import add_backend
from host_tools.detection.choice import Choice
from host_tools.detection.rule import Rule
from host_tools.errors import DataError, DifferentError
from targets.errors import ExitCode

if TYPE_CHECKING:
    from host_tools.evaluation import detection_study as study
    from host_tools.evaluation.evaluate import EvaluationInputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options; old names are accepted beside the new."""
    add = parser.add_argument
    add("--model",
        help="name under models/, or a folder (default forecaster; with --detection: one is"
        " trained)")  # fmt: skip
    _reading.add_arguments(parser, "measure on the test part of this log")
    add("--windows", "--rep", dest="rep", type=Path, metavar="NPZ",
        help="measure on these standardized windows; their truth is unknown")  # fmt: skip
    add("--float", "--keras", dest="floating", type=Path, metavar="MODEL",
        help="float .tflite, or .keras, .h5, SavedModel (default: model_float.tflite)")  # fmt: skip
    add("--int8", "--tflite", type=Path, help="int8 .tflite (default: model_int8.tflite)")
    add("--detection", type=Path, metavar="FOLDER",
        help="score a detector on the labelled runs below this folder")  # fmt: skip
    add("--target", help="with --emulate: stream --detection's runs through this target, too")
    add("--emulate", action="store_true", help="see --target")
    add_backend(parser)
    add("--runs", type=int, metavar="N", help="stream only the first N runs through --target")
    add("--seed", type=int, default=1, help="of --detection's training (default %(default)s)")
    add("--stream", action="store_true",
        help="with --detection: join the runs of a day, learn once")  # fmt: skip
    add("--learn-rows", type=int, default=Rule.learn_rows,
        help="with --detection: rows of each run that train (default %(default)s)")  # fmt: skip
    add("--regimes", type=int, default=1, metavar="K",
        help="with --detection: compare K regimes of a training baseline with one")  # fmt: skip
    add("--n", type=int, default=256, help="windows (default %(default)s)")
    add("--threads", type=int, default=1, help="of the latency measurement")
    add(
        "--out",
        "--outdir",
        type=_output.folder,
        help="folder to write (default build/evaluate/NAME)",
    )
    add("--json", action="store_true", help="print the JSON")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate; return the exit code."""
    if arguments.detection is not None:
        return _detection(arguments)
    from host_tools.evaluation import evaluate
    from host_tools.formats.json_file import write_plain
    from host_tools.report import evaluation_page
    from targets import output

    for name in ("n", "threads"):
        value = getattr(arguments, name)
        if not 1 <= value <= 1_000_000:
            raise DataError(f"--{name} {value}: must be 1 … 1000000")
    material, name = _material(arguments)
    found = evaluate.evaluate(material, arguments.threads)
    out = arguments.out or Path("build", "evaluate", name)
    with output.staged(out, "evaluation.json") as stage:
        write_plain(stage.folder / "evaluation.json", found.fields())
        output.write(stage.folder / evaluation_page.FILE, evaluation_page.page(found, name))
    if arguments.json:
        sys.stdout.write(json.dumps(found.fields()) + "\n")
        return ExitCode.OK
    sys.stdout.write(evaluation_page.render(found) + f"\n\n{out / evaluation_page.FILE}\n")
    return ExitCode.OK


def _say(line: str) -> None:
    print(f"evaluate: {line}", file=sys.stderr, flush=True)  # noqa: T201


def _detection(arguments: argparse.Namespace) -> int:
    from host_tools.data import runs
    from host_tools.evaluation import detection_study as study
    from host_tools.formats import description
    from host_tools.formats.json_file import write_plain
    from host_tools.report import detection_page
    from targets import output

    if arguments.runs is not None and arguments.runs < 1:
        raise DataError(f"--runs {arguments.runs}: must be at least 1")
    if bool(arguments.target) != arguments.emulate:
        raise DataError("--target NAME and --emulate belong together")
    choice = Choice(learn_rows=arguments.learn_rows)
    choice.check()
    Choice(regimes=arguments.regimes).check()
    out = arguments.out or Path("build", "detection")
    home = description.resolve(arguments.model) if arguments.model else None
    loaded = runs.load(
        arguments.detection,
        choice.learn_rows + 1,
        _reading.options(arguments),
        description.load(home).channels if home else None,
    )
    if home is None:
        loaded, dropped = loaded.varying(choice.learn_rows)
        if dropped:
            _say(f"note: left out {', '.join(dropped)}: constant over the training rows")
    found = study.study(
        loaded,
        description.resolve("forecaster") / "architecture.py",
        out,
        _say,
        study.Options(
            model=home,
            stream=arguments.stream,
            seed=arguments.seed,
            targets=("host", arguments.target) if arguments.target else ("host",),
            backend=arguments.backend,
            limit=arguments.runs,
            detector=choice,
            regimes=arguments.regimes,
        ),
    )
    with output.staged(out, "detection.json") as stage:
        write_plain(stage.folder / "detection.json", found.fields())
        output.write(stage.folder / "detection.html", detection_page.page(found.detection()))
    if home is not None:
        _record(home, found, arguments)
    told = f"{detection_page.render(found)}\n\n{out / 'detection.html'}"
    sys.stdout.write((json.dumps(found.fields()) if arguments.json else told) + "\n")
    if any(found.differing.values()):
        raise DifferentError(f"a device differs from the specification: {found.differing}")
    return ExitCode.OK


def _record(home: Path, found: "study.Study", arguments: argparse.Namespace) -> None:
    """Leave the figures of a model directory's detector there, for its budget."""
    from host_tools.evaluation.detection_study import INT8
    from host_tools.formats import detector, detector_evaluation

    figures = found.figures[INT8]
    kind = "runs of a day joined" if arguments.stream else "run by run"
    by = f"evaluate --detection, {len(found.runs)} recordings, {kind}"
    text = (home / detector.FILE).read_text(encoding="utf-8")
    share = figures.quiet_alarm_share
    detector_evaluation.write(
        home,
        text,
        by,
        quiet_alarm_share=share if isfinite(share) else None,
        f1=figures.f1 if isfinite(figures.f1) else None,
        missed=figures.missed,
    )


def _material(arguments: argparse.Namespace) -> "tuple[EvaluationInputs, str]":
    from host_tools.evaluation import material
    from host_tools.formats import description, scaler

    home = description.resolve(arguments.model or "forecaster")
    description.require_network(home, "evaluate --detection FOLDER scores its detector")
    int8 = material.tflite(arguments.int8 or home / "model_int8.tflite")
    floating = material.floating(arguments.floating or home / "model_float.tflite")
    known = scaler.load(home / "scaler.json")
    reading = _reading.options(arguments)
    windows, truth, words = material.windows(
        home, arguments.n, csv=arguments.csv, options=reading, rep=arguments.rep
    )
    from host_tools.evaluation.evaluate import EvaluationInputs

    found = EvaluationInputs(
        floating, int8, windows, truth, float(known.clip), known.channels, words
    )
    return found, home.name
