"""Fit the detector of a trained model again: a new detector.json, the network stays.

For a model whose detector.json is of an older version, for other quiet data, for another
threshold, or for a device that learns its own baseline (--baseline learned). Without --csv the
rows are those of the synthetic plant. Writes detector.json and training.json, unless the detector
is in alarm too often on quiet rows that were held back. With --network none --out is a whole
product without the model's network. Example:
  host_tools fit --model build/models/pump --csv quiet.csv --baseline learned
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.commands import _detector, _output, _reading
from host_tools.commands import _options as image_options
from host_tools.data import model_data, window
from host_tools.detection import hours
from host_tools.detection import quiet as detection
from host_tools.detection.choice import AUTO, Choice
from host_tools.detection.fit import Network
from host_tools.detection.replay import Forecast
from host_tools.errors import DataError, DetectorRefusedError
from host_tools.formats import description, detector, detector_evaluation, json_file
from host_tools.formats.description import NO_NETWORK, TFLITE
from host_tools.formats.detector import LEARNED
from host_tools.report import sight_page
from host_tools.runtimes import adapter as adapters
from host_tools.runtimes import tflm as oracle
from host_tools.runtimes.adapter import Adapter
from host_tools.training.settings import INT8, REFUSED, Settings
from targets import detection_budget, output
from targets.errors import BudgetError, ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--model", default="forecaster", help="name under models/, or a folder")
    _reading.add_arguments(parser, "fit to these files of one log instead of the plant")
    _detector.add_arguments(parser)
    parser.add_argument(
        "--out", type=_output.folder, help="folder to write to (default: the model's own)"
    )
    image_options.add_json(parser, "training.json")


def _network_of(model: str) -> str:
    return description.load(description.resolve(model)).network


def _without_network(arguments: argparse.Namespace, choice: Choice) -> int:
    """Make another product of the model's data: the detector alone."""
    from host_tools.workflow.train import TrainingRequest, train

    if arguments.network != NO_NETWORK:
        raise DataError(f"--network {TFLITE}: {arguments.model} has none: use train")
    if arguments.out is None:
        raise DataError(f"--network {NO_NETWORK}: give a folder for the product with --out")
    request = TrainingRequest(
        model=arguments.model,
        csv=arguments.csv,
        reading=_reading.options(arguments),
        out=arguments.out,
        settings=Settings(detector=choice),
        network=False,
    )
    trained = train(request, _say)
    if arguments.json:
        sys.stdout.write(json_file.text(trained.figures))
    return ExitCode.OK


def _network(model: Path, adapter: Adapter) -> tuple[Network | None, Forecast | None]:
    """Return the network that the detector has the help of; None where there is none."""
    if not adapter.window:
        return None, None

    def forecast(windows: NDArray[np.int8]) -> NDArray[np.int8]:
        return oracle.forecast(model, windows)

    scale = adapters.read_edges(model).output_scale
    return detection.network_of(adapter, scale, forecast), forecast


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def run(arguments: argparse.Namespace) -> int:
    """Fit; return the exit code."""
    choice = _detector.choice(arguments)
    if arguments.network is not None and arguments.network != _network_of(arguments.model):
        return _without_network(arguments, choice)
    about = model_data.load(arguments.model, arguments.csv, _reading.options(arguments))
    adapter = adapters.load(about.home)
    parts = window.split(about.table)
    if adapter.scaler.centre_rows and choice.wanted == AUTO:
        choice = replace(choice, baseline=LEARNED)
    baseline, reason = detection.choose(parts, choice)
    _say(f"baseline: {baseline} ({reason})")
    _say(f"fitting the detector of {about.description.name} to {len(parts.train)} training rows")
    network, forecast = _network(about.home / INT8, adapter)
    limits = about.description.limits()
    rule = choice.rule(baseline, parts.train.rate_hz)
    day, parts = hours.split(parts, rule)
    if day.day_samples:
        _say(day.words())
    made = detection.fit(parts, adapter, network, rule, limits)
    detection.tell_trials(made, _say)
    figures = detection.figures(made, parts, forecast)
    if about.table.reading is not None:
        figures["fit_reading"] = dict(about.table.reading)
        for notice in about.table.notices:
            _say(f"note: {notice}")
    detection.tell(figures, _say)
    text = day.onto(made.config.detector, adapter.scaler).text()
    out = arguments.out or about.home
    why = detection.refuse(figures, choice.max_quiet_alarms)
    share = {"quiet_alarm_share": figures["quiet_alarm_share"]}
    wrong = detection_budget.short(about.description.detection, share)
    if why or wrong:
        with output.staged(out, REFUSED) as stage:
            sight_page.write(stage.folder, figures, about.description.name, why)
            output.write(stage.folder / REFUSED, text)
    if why:
        raise DetectorRefusedError(f"{out / detector.FILE}: {why}")
    if wrong:
        raise BudgetError(
            f"{about.home / 'model.toml'}: {wrong[0]} (quiet held-out rows): the"
            f" detector is not installed, its constants are in {out / REFUSED}"
        )
    record = about.home / "training.json"
    told = json_file.text({**(json_file.read(record) if record.exists() else {}), **figures})
    with output.staged(out, detector.FILE) as stage:
        stage.replaced.add(REFUSED)
        sight_page.write(stage.folder, figures, about.description.name)
        output.write(stage.folder / detector.FILE, text)
        output.write(stage.folder / record.name, told)
        detector_evaluation.held_out(stage.folder, "fit", figures)
    if arguments.json:
        sys.stdout.write(told)
    return ExitCode.OK
