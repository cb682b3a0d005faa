"""Choose representative windows for the calibration of int8.

Cleans (timestamps, labels and text columns are no channels), standardizes, scores every window
by the forecast error of --savedmodel (a SavedModel, .keras, .h5 or .tflite), or without a model
by how much the samples after it change, and chooses a seeded mix of usual windows and of the
high-score tail. Writes rep_windows_balanced.npz, .json and .png, and scaler.json, to --outdir.
Windows never cross a gap or touch a labelled fault.

Example:
  host_tools represent --csv log.csv --outdir rep --max_total 2000 --balance 0.5 --seed 1
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from host_tools.commands import _options as image_options
from host_tools.commands import _output, _reading
from targets.errors import ExitCode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from host_tools.quantize.represent import Representative

NAME = "rep_windows_balanced"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    _reading.add_arguments(parser, "one or more files of one log", required=True)
    parser.add_argument("--savedmodel", "--model", type=Path, help="what scores (default: none)")
    parser.add_argument("--scaler", type=Path, help="scaler.json of the model (default: fitted)")
    parser.add_argument(
        "--outdir", "--out", type=_output.folder, default="rep", help="folder to write"
    )
    parser.add_argument("--window", type=int, default=30, help="default %(default)s")
    parser.add_argument("--forecast", "--horizon", type=int, default=10, help="default %(default)s")
    parser.add_argument("--nfeat", type=int, help="use the first N channels (default: all)")
    parser.add_argument("--max_total", "--max-total", type=int, help="windows (default 2000)")
    parser.add_argument("--balance", type=float, default=0.5, help="part from the tail, 0 … 1")
    parser.add_argument("--seed", type=int, default=1, help="of the choice")
    image_options.add_json(parser, f"{NAME}.json")
    parser.add_argument("--clip", type=float, default=8.0, help="in σ (default %(default)g)")


def run(arguments: argparse.Namespace) -> int:
    """Choose, write; return the exit code. Raises DataError, ConversionError or OutputError."""
    from host_tools.data import csv
    from host_tools.formats import json_file
    from host_tools.quantize import represent
    from host_tools.report import represent_plot
    from targets import output

    request = represent.RepresentRequest(
        window=arguments.window,
        horizon=arguments.forecast,
        channels=arguments.nfeat,
        max_total=arguments.max_total,
        balance=arguments.balance,
        seed=arguments.seed,
        clip=arguments.clip,
        model=arguments.savedmodel,
        scaler=arguments.scaler,
    )
    represent.check(request)
    began = time.monotonic()
    table = csv.read(arguments.csv, _reading.options(arguments))
    found = represent.represent(table, request, _say)
    for notice in found.notices:
        _say(f"note: {notice}")
    out = arguments.outdir
    picture = represent_plot.draw(
        found.all_first, found.scores, found.chosen, found.threshold, found.kind
    )
    fields = represent.fields(found, request, table.source)
    with output.staged(out, f"{NAME}.npz") as stage:
        output.write(stage.folder / f"{NAME}.png", picture)
        json_file.write_plain(stage.folder / f"{NAME}.json", fields)
        _save(stage.folder, found)
    if arguments.json:
        sys.stdout.write(json.dumps(fields) + "\n")
        return ExitCode.OK
    sys.stdout.write(
        f"{out / NAME}.npz: {len(found.chosen):,} of {len(found.all_first):,} windows,"
        f" {found.tail:,} of the tail (score {found.threshold:.3g} and above), range"
        f" {found.windows.min():.2f} … {found.windows.max():.2f} σ,"
        f" {time.monotonic() - began:.1f} s\n"
    )
    return ExitCode.OK


def _save(out: Path, found: "Representative") -> None:
    """Write the scaler and the windows."""
    from host_tools.formats import npz

    arrays: dict[str, NDArray[Any]] = {
        "windows": found.windows,
        "truth": found.truth,
        "first": found.first,
        "scores": found.scores[found.chosen],
        "tail": found.scores[found.chosen] >= found.threshold,
    }
    found.scaler.save(out / "scaler.json")
    npz.write(out / f"{NAME}.npz", arrays)


def _say(line: str) -> None:
    print(f"represent: {line}", file=sys.stderr, flush=True)  # noqa: T201
