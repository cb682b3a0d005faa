"""Fit the detector of a trained model again: a new detector.json, the network stays.

For a model whose detector.json is of an older version, for other quiet data, or for a device
that learns its own baseline (--learn-rows). Without --csv the rows are those of the synthetic
plant. Writes detector.json and training.json. Example:
  host_tools fit --model build/models/pump --csv quiet.csv --learn-rows 400
"""

import argparse
import sys

import numpy as np
from numpy.typing import NDArray

from host_tools.commands import _output, _reading
from host_tools.data import model_data, window
from host_tools.detection import quiet as detection
from host_tools.formats import detector, json_file
from host_tools.runtimes import adapter as adapters
from host_tools.runtimes import tflm as oracle
from host_tools.training.settings import INT8
from targets import output
from targets.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--model", default="forecaster", help="name under models/, or a folder")
    _reading.add_arguments(parser, "fit to these files of one log instead of the plant")
    parser.add_argument(
        "--learn-rows",
        type=int,
        default=0,
        help="rows from which a device learns its own baseline; 0: that of the training rows"
        " (default %(default)s)",
    )
    parser.add_argument(
        "--out", type=_output.folder, help="folder to write to (default: the model's own)"
    )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def run(arguments: argparse.Namespace) -> int:
    """Fit; return the exit code."""
    detection.check_learn_rows(arguments.learn_rows)
    about = model_data.load(arguments.model, arguments.csv, _reading.options(arguments))
    model = about.home / INT8
    adapter, edges = adapters.load(about.home), adapters.read_edges(model)
    parts = window.split(about.table)
    _say(f"fitting the detector of {about.description.name} to {len(parts.train)} training rows")

    def forecast(windows: NDArray[np.int8]) -> NDArray[np.int8]:
        return oracle.forecast(model, windows)

    config = detection.fit(parts, adapter, edges.output_scale, forecast, arguments.learn_rows)
    figures = detection.figures(config, parts, forecast)
    if about.table.reading is not None:
        figures["fit_reading"] = dict(about.table.reading)
        for notice in about.table.notices:
            _say(f"note: {notice}")
    out = arguments.out or about.home
    record = about.home / "training.json"
    before = json_file.read(record) if record.exists() else {}
    output.write(out / detector.FILE, config.detector.text())
    output.write(out / record.name, json_file.text({**before, **figures}))
    detection.tell(figures, _say)
    return ExitCode.OK
