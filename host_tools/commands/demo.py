"""Take a model (or your CSV) to a verified report on an emulated target, in one command.

Generates C, builds the image, runs it in the emulator, takes windows and raw samples through it,
and compares every byte with the generated C on this host, the integer reference, TFLite Micro and
the float model. Writes report.json and report.html; ends with 50 when any byte differs.
"""

import argparse
import sys

from host_tools.commands import _options as image_options
from host_tools.commands import _output, _reading
from host_tools.formats.description import NO_NETWORK, TFLITE
from targets.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    _reading.add_arguments(parser, "train on these files of one log first")
    parser.add_argument("--out", type=_output.folder, help="folder to write (default build/demo)")
    parser.add_argument("--target", default="stm32f4", help="default %(default)s")
    image_options.add_backend(parser)
    image_options.add_max_lsb(parser)
    parser.add_argument("--model", default="forecaster", help="name under models/, or a folder")
    parser.add_argument("--windows", type=int, help="use this many of the golden windows")
    parser.add_argument(
        "--streaming", action="store_true", help="an image that computes per sample"
    )
    image_options.add_json(parser, "report.json")
    parser.add_argument("--epochs", type=int, help="train at most this long")
    parser.add_argument(
        "--network",
        choices=(TFLITE, NO_NETWORK),
        default=TFLITE,
        help=f"with --csv {NO_NETWORK}: the detector alone, without TensorFlow",
    )


def _say(line: str) -> None:
    print(f"demo: {line}", file=sys.stderr, flush=True)  # noqa: T201


def _progress(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == total else "\r"
        print(f"  {what} {done}/{total}", end=end, file=sys.stderr, flush=True)  # noqa: T201


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; return the exit code."""
    from host_tools.workflow import demo
    from host_tools.workflow.report import require_agreement

    files = demo.run(
        target=arguments.target,
        options=image_options.backend(arguments, arguments.target),
        model=arguments.model,
        csv=arguments.csv,
        reading=_reading.options(arguments),
        out=arguments.out or demo.OUT,
        windows=arguments.windows,
        streaming=arguments.streaming,
        epochs=arguments.epochs,
        network=arguments.network != NO_NETWORK,
        say=_say,
        progress=_progress,
    )
    if arguments.json:
        sys.stdout.write(files.json.read_text(encoding="utf-8"))
    else:
        sys.stdout.write(f"{files.text}\n\n{files.json}\n{files.html}\n")
    require_agreement(files.report, files.html, arguments.max_lsb)
    return ExitCode.OK
