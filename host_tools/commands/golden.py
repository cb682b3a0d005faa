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
from typing import TYPE_CHECKING, Any

from host_tools.commands import _output
from host_tools.errors import DataError, DifferentError
from targets.errors import ExitCode

if TYPE_CHECKING:
    from host_tools.compare.participants import Device


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--port", help="/dev/ttyACM0, COM7, or any pyserial URL")
    where.add_argument("--emulate", action="store_true", help="build --target and emulate it")
    parser.add_argument("--target", help="name under targets/ (default stm32f4)")
    parser.add_argument("--baud", type=int, default=115200, help="default %(default)s")
    parser.add_argument("--model", default="forecaster", help="name under models/, or a folder")
    parser.add_argument("--windows", "--n", type=int, help="how many (default: all)")
    parser.add_argument("--rep", type=Path, metavar="NPZ", help="windows instead of golden.npz")
    parser.add_argument("--outdir", "--out", type=_output.folder, help="default build/golden/NAME")
    parser.add_argument("--json", action="store_true", help="print compare.json")


def _say(line: str) -> None:
    if sys.stderr.isatty():
        print(f"golden: {line}", file=sys.stderr, flush=True)  # noqa: T201


def _on_port(url: str, baud: int) -> "Device":
    def run(windows: Any, sha256: str) -> tuple[Any, dict[str, Any]]:
        import numpy as np

        from host_tools.commands.bench import link_fields
        from host_tools.workflow import run as measure

        nothing = np.empty((0, windows.shape[2]), dtype=np.float32)
        result = measure.bench(url, windows, nothing, sha256, baud=baud)
        return result.outputs, link_fields(result)

    return run


def _emulated(target_name: str, directory: Path, work: Path) -> "Device":
    def run(windows: Any, sha256: str) -> tuple[Any, dict[str, Any]]:
        from targets import emulate
        from targets.load import load
        from targets.make import make

        image = make(target_name, str(directory), out=work / "build")
        with emulate.start(load(target_name), image.elf) as emulator:
            return _on_port(emulator.url, 115200)(windows, sha256)

    return run


def run(arguments: argparse.Namespace) -> int:
    """Compare and write; return the exit code.

    Raises the errors of every step, and DifferentError after the files were written.
    """
    from host_tools.compare import matrix as golden_matrix
    from host_tools.compare import participants as golden_run
    from host_tools.formats import csv_file, description, json_file
    from host_tools.report import golden_page
    from targets import output
    from targets.build import ROOT

    if arguments.baud <= 0:
        raise DataError(f"--baud {arguments.baud}: must be above 0")
    directory = description.resolve(arguments.model)
    name = description.load(directory).name
    out = arguments.outdir or ROOT / "build" / "golden" / name
    windows = golden_run.windows_of(directory, arguments.rep, arguments.windows)
    lsb, device, title = golden_run.lsb_of(directory), None, "device"
    if arguments.port is not None:
        device = _on_port(arguments.port, arguments.baud)
    elif arguments.emulate:
        target = arguments.target or "stm32f4"
        device, title = _emulated(target, directory, out / "work"), f"device {target}"
    collected = golden_run.run_all(
        directory, windows, out / "work", device=device, device_name=title, say=_say
    )
    found = golden_matrix.build(
        collected.participants,
        windows,
        lsb,
        model=name,
        model_sha256=golden_run.sha256_of(directory),
        absent=collected.absent,
        link=collected.link,
        seconds=collected.seconds,
    )
    json_file.write_plain(out / "compare.json", found.fields())
    rows = golden_page.csv_rows(found)
    output.write(out / "compare_human.csv", csv_file.text(golden_page.COLUMNS, rows))
    output.write(out / "compare.html", golden_page.page(found))
    text = json.dumps(found.fields(), indent=2) if arguments.json else golden_page.render(found)
    sys.stdout.write(text + "\n")
    if not found.exact:
        raise DifferentError(f"{golden_page.verdict(found)}; see {out / 'compare.html'}")
    return ExitCode.OK
