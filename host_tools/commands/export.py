"""Export a trained network: .keras, SavedModel, unrolled SavedModel, float .tflite.

Reads .h5, .keras, or any SavedModel of one input and one output (from Keras 2, from
`model.export()` of Keras 3, from other tools). Every form is read back and run
beside the network it came from; the differences are printed and written to export.json.

Example:
  host_tools export --from model.h5 --outdir exports
"""

import argparse
import json
import sys
from pathlib import Path

from host_tools.commands import _options as image_options
from host_tools.commands import _output
from host_tools.errors import DataError
from targets.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options; old names are accepted beside the new."""
    add = parser.add_argument
    add("--from", "--h5", dest="network", type=Path, required=True, metavar="NETWORK",
        help=".h5, .keras or SavedModel folder")  # fmt: skip
    add("--outdir", "--out", type=_output.folder, default="exports", help="default %(default)s")
    add("--forms", nargs="+", choices=("keras", "savedmodel", "unrolled", "tflite"),
        help="default: all that the network allows")  # fmt: skip
    add("--model", help="a model whose shape the network must have: name or folder")
    image_options.add_json(parser, "export.json")
    add("--window", type=int, help="samples that it must take")
    add("--horizon", "--forecast", type=int, help="samples that it must forecast")
    add("--channels", "--nfeat", type=int, help="channels that it must have")


def _shape(arguments: argparse.Namespace) -> list[int] | None:
    from host_tools.formats import description

    sizes = [arguments.window, arguments.channels, arguments.horizon]
    if arguments.model:
        about = description.load(description.resolve(arguments.model))
        known = [about.window, len(about.channels), about.horizon]
        sizes = [k if given is None else given for given, k in zip(sizes, known, strict=True)]
    if all(size is None for size in sizes):
        return None
    if None in sizes:
        raise DataError("--window, --channels and --horizon belong together")
    window, channels, horizon = sizes
    return [window, channels, horizon, channels]


def run(arguments: argparse.Namespace) -> int:
    """Export; return the exit code."""
    from host_tools.conversion import export
    from host_tools.report.table import aligned

    if not arguments.network.exists():
        raise DataError(f"{arguments.network}: no such network")
    done = export.export(arguments.network, arguments.outdir, arguments.forms, _shape(arguments))
    if arguments.json:
        sys.stdout.write(json.dumps(done) + "\n")
        return ExitCode.OK
    rows = [["form", "RMSE to the original", "largest difference"]]
    rows += [[r["file"], f"{r['rmse']:.2e}", f"{r['max']:.2e}"] for r in done["forms"].values()]
    sys.stdout.write("\n".join(aligned(rows, right=True)) + "\n")
    if arguments.forms is None and "keras" not in done["forms"]:
        print("export: no .keras: a SavedModel without Keras metadata holds no structure",  # noqa: T201
              file=sys.stderr)  # fmt: skip
    return ExitCode.OK
