"""Compare float, TFLite, TFLite Micro, reference, host C and device on the same windows.

The device is a board (--port) or an emulated target (--target NAME --emulate); without one only
the host's implementations are compared. Writes compare.json, compare_human.csv and compare.html
to --outdir. Ends with 50 when implementations that must agree to the last bit do not: the
device, the generated C, the reference and TFLite Micro. TFLite on a PC rounds in its own way;
its differences are shown and are no failure.

Example:
  host_tools golden --model mymodel --target stm32f4 --emulate
"""

import argparse
import json
import sys
from pathlib import Path

from host_tools.commands import _options as image_options
from host_tools.commands import _output
from host_tools.errors import DataError, DifferentError
from targets.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--port", help="/dev/ttyACM0, COM7, or any pyserial URL")
    where.add_argument("--emulate", action="store_true", help="build --target and emulate it")
    parser.add_argument("--target", help="name under targets/ (default stm32f4)")
    image_options.add_backend(parser)
    image_options.add_max_lsb(parser)
    parser.add_argument("--baud", type=int, default=115200, help="default %(default)s")
    parser.add_argument("--model", default="forecaster", help="name under models/, or a folder")
    parser.add_argument("--windows", "--n", type=int, help="how many (default: all)")
    parser.add_argument("--rep", type=Path, metavar="NPZ", help="windows instead of golden.npz")
    parser.add_argument("--outdir", "--out", type=_output.folder, help="default build/golden/NAME")
    parser.add_argument("--json", action="store_true", help="print compare.json")


def _say(line: str) -> None:
    if sys.stderr.isatty():
        print(f"golden: {line}", file=sys.stderr, flush=True)  # noqa: T201


def run(arguments: argparse.Namespace) -> int:
    """Compare and write; return the exit code.

    Raises the errors of every step, and DifferentError after the files were written.
    """
    from host_tools.compare import participants
    from host_tools.formats import csv_file, description, json_file
    from host_tools.report import golden_page
    from host_tools.workflow import golden
    from host_tools.workflow.run import Emulated, Port
    from targets import output
    from targets.places import BUILD

    if arguments.baud <= 0:
        raise DataError(f"--baud {arguments.baud}: must be above 0")
    directory = description.resolve(arguments.model)
    description.require_network(
        directory, "golden compares forecasts; bench compares the records of its detector"
    )
    name = description.load(directory).name
    out = arguments.outdir or BUILD / "golden" / name
    work = out / "work"
    windows = participants.windows_of(directory, arguments.rep, arguments.windows)
    place: Emulated | Port | None = None
    if arguments.port is not None:
        place = Port(arguments.port, baud=arguments.baud)
    elif arguments.emulate:
        target = arguments.target or "stm32f4"
        place = Emulated(target, image_options.backend(arguments, target), out=work / "build")
    compared = golden.compare(directory, windows, place, work, say=_say)
    rows = golden_page.csv_rows(compared)
    with output.staged(out, "compare.json") as stage:
        json_file.write_plain(stage.folder / "compare.json", compared.fields())
        text = csv_file.text(golden_page.COLUMNS, rows)
        output.write(stage.folder / "compare_human.csv", text)
        output.write(stage.folder / "compare.html", golden_page.page(compared))
    fields = compared.fields()
    text = json.dumps(fields, indent=2) if arguments.json else golden_page.render(compared)
    sys.stdout.write(text + "\n")
    if not compared.exact:
        begins = None if isinstance(place, Port) else golden.beginning(directory, windows, place)
        told = f"; {begins.text}" if begins is not None else ""
        raise DifferentError(f"{golden_page.verdict(compared)}{told}; see {out / 'compare.html'}")
    apart, most = compared.device_max_lsb, arguments.max_lsb
    if apart is not None and most is not None and apart > most:
        raise DifferentError(
            f"the device differs by up to {apart} LSB from what is exact, more than --max-lsb"
            f" {most}; see {out / 'compare.html'}"
        )
    return ExitCode.OK
