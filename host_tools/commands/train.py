"""Train a forecaster, quantize it to int8 and fit its detector.

Without --csv it trains on the synthetic plant and says whether the result agrees with the
artifacts in the model's own folder. Writes model_int8.tflite, model_float.tflite,
scaler.json, detector.json, golden.npz, model.toml and training.json to --out, and the network
itself to exports/ in it (.keras, SavedModel rolled and unrolled, rep_windows.npz, curve). With
--network none nothing is trained: the product is the detector alone.

Example:
  host_tools train --csv measurements.csv --out mymodel --window 30 --horizon 10
  host_tools train --csv measurements.csv --out mymodel --network none
"""

import argparse
import json
import sys

from host_tools.commands import _detector, _output, _reading
from host_tools.commands import _options as image_options
from host_tools.formats.description import NO_NETWORK
from host_tools.training.settings import Settings
from targets.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--model", default="forecaster", help="name under models/, or a folder")
    _reading.add_arguments(parser, "train on these files of one log instead of the plant")
    parser.add_argument(
        "--out", type=_output.folder, help="folder to write (default build/models/NAME)"
    )
    parser.add_argument(
        "--name", help="of the new model, with which its C names begin (default: that of --model)"
    )
    parser.add_argument("--seed", type=int, help="of weights, shuffling and plant")
    parser.add_argument("--epochs", type=int, default=Settings.epochs, help="at most")
    parser.add_argument("--window", type=int, help="samples that the model sees")
    parser.add_argument("--horizon", type=int, help="samples that it forecasts")
    parser.add_argument(
        "--clip",
        type=float,
        default=Settings.clip,
        help="limit of model inputs in standard deviations (default %(default)g)",
    )
    _detector.add_arguments(parser)
    image_options.add_json(parser, "training.json")
    parser.add_argument(
        "--exports",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="write exports/: .keras, SavedModel, unrolled SavedModel, rep_windows.npz, curve",
    )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def run(arguments: argparse.Namespace) -> int:
    """Train; return the exit code."""
    from host_tools.workflow.train import TrainingRequest, train

    settings = Settings(
        epochs=arguments.epochs,
        clip=arguments.clip,
        detector=_detector.choice(arguments),
        exports=arguments.exports,
    )
    request = TrainingRequest(
        model=arguments.model,
        csv=arguments.csv,
        reading=_reading.options(arguments),
        out=arguments.out,
        name=arguments.name,
        seed=arguments.seed,
        window=arguments.window,
        horizon=arguments.horizon,
        settings=settings,
        network=arguments.network != NO_NETWORK,
    )
    trained = train(request, _say)
    if arguments.json:
        sys.stdout.write(json.dumps(trained.figures) + "\n")
    return ExitCode.OK
