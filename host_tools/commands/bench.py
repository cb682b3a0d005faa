"""Take windows and raw samples through a device and compare every byte with this host.

The device is a board on a serial port (--port, or the only one that is plugged in) or an emulated
target (--target NAME --emulate, which builds the image first). Windows and samples come from the
model's golden.npz. Ends with 50 when any byte differs; a bench that was not finished writes
nothing. Lost bytes, damaged frames and restarts of the device are recovered and counted.
With --mode mlperf an image of app=mlperf is run by MLPerf Tiny's serial protocol instead: accuracy
mode, then performance mode; the folder of --model has the benchmark's id (docs/measuring.md).
"""

import argparse
import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from host_tools.commands import _options as image_options
from host_tools.commands import _output
from host_tools.commands._options import positive
from host_tools.device import rate
from host_tools.formats import description, json_file
from host_tools.report import table
from targets import emulate
from targets.errors import ExitCode
from targets.load import load
from targets.places import BUILD

if TYPE_CHECKING:
    from host_tools.workflow.run import Emulated, Port


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--port", help="/dev/ttyACM0, COM7, or any pyserial URL")
    where.add_argument("--emulate", action="store_true", help="build --target and emulate it")
    parser.add_argument("--baud", type=positive, help="to begin with (default: the target's)")
    parser.add_argument(
        "--max-baud", type=positive, default=rate.MOST, help="to climb to (default %(default)s)"
    )
    parser.add_argument("--target", help="name, or path of a .toml file; with --port only a label")
    parser.add_argument("--model", default="forecaster", help="name under models/, or a folder")
    parser.add_argument(
        "--emulator", choices=emulate.KINDS, help="board: the soft board instead of QEMU"
    )
    image_options.add_arguments(parser)
    parser.add_argument(
        "--streaming", action="store_true", help="an emulated image that computes per sample"
    )
    parser.add_argument("--windows", type=positive, help="of the golden windows (default: all)")
    parser.add_argument("--samples", type=positive, help="of the raw samples (default: all)")
    image_options.add_max_lsb(parser)
    parser.add_argument(
        "--mode", choices=("safe", "mlperf"), default="safe", help="the protocol (default: safe)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--out", type=_output.file, help="write the JSON to this file, too")


def _say(line: str) -> None:
    if sys.stderr.isatty():
        print(f"bench: {line}", file=sys.stderr, flush=True)  # noqa: T201


def _progress(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == total else "\r"
        print(f"  {what} {done}/{total}", end=end, file=sys.stderr, flush=True)  # noqa: T201


def _place(arguments: argparse.Namespace) -> "Emulated | Port":
    """Return the emulator that is asked for, or that a core that is no chip has; else the port."""
    from host_tools.workflow.run import Emulated, Port

    name = arguments.target or "stm32f4"
    emulator = load(name).emulator
    simulated = emulator is not None and emulator.kind == "verilator"
    if arguments.emulate or (simulated and not arguments.port):
        options = image_options.options(arguments, name)
        return Emulated(name, options, arguments.emulator, streaming=arguments.streaming)
    return Port(arguments.port, arguments.target, arguments.baud)


def _mlperf(arguments: argparse.Namespace) -> int:
    """Run the benchmark's two modes; return the exit code."""
    from host_tools.workflow import mlperf

    plan = mlperf.Plan(arguments.model, _place(arguments), arguments.windows or mlperf.WINDOWS)
    result = mlperf.run(plan, say=_say, progress=_progress)
    if arguments.out is not None:
        json_file.write_plain(arguments.out, result.fields())
    text = json.dumps(result.fields(), indent=2) if arguments.json else "\n".join(result.lines())
    print(text)  # noqa: T201
    result.require_exact()
    return ExitCode.OK


def run(arguments: argparse.Namespace) -> int:
    """Bench and compare; return the exit code.

    Raises the errors of `workflow.run.run`, and DifferentError after the result was written.
    """
    if arguments.mode == "mlperf":
        return _mlperf(arguments)
    from host_tools.workflow import bisect
    from host_tools.workflow import report as reports
    from host_tools.workflow import run as measure
    from host_tools.workflow.link import link_line

    directory, place = description.resolve(arguments.model), _place(arguments)
    golden = measure.select(directory, place, arguments.windows, arguments.samples)
    plan = measure.RunPlan(directory, place, golden, most_baud=arguments.max_baud)
    result = measure.run(plan, BUILD / "bench", say=_say, progress=_progress)
    report, _ = reports.report(result)
    for line in result.warnings:
        print(f"bench: warning: {line}", file=sys.stderr)  # noqa: T201
    begins = None if report.agrees else bisect.of_run(result)
    where = begins.text if begins is not None else None
    fields: Mapping[str, Any] = {**report.fields(), "differs_at": where, "link": result.link}
    if arguments.out is not None:
        json_file.write_plain(arguments.out, fields)
    if arguments.json:
        text = json.dumps(fields, indent=2, allow_nan=False)
    else:
        text = f"{table.render(report)}\n{link_line(result.link)}"
    print(text)  # noqa: T201
    reports.require_agreement(report, max_lsb=arguments.max_lsb, begins=where)
    return ExitCode.OK
