"""Take hours of plant through a device, as fast as it takes them, and compare every record.

The samples are those of the synthetic plant, with its faults, dropped values and the stretches
that its logger missed, or of a log (--csv). The device is an emulated image (--target), or a board
on a serial port (--port). After every hour of plant the device tells its stack and the errors of
its line. With --faults sensors, the line and the power of the device fail at times that follow
from --seed, and the model of the device on this host goes through the same. Ends with 50 when a
record differs from the host's, a fault has not the effect that it must have, or the stack grows.

Examples:
  host_tools soak --target stm32f4 --hours 24
  host_tools soak --target stm32f4 --emulator board --faults sensors,line,power
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from host_tools.commands import _options as image_options
from host_tools.commands import _output, _reading
from host_tools.commands._options import positive
from host_tools.data import model_data
from host_tools.device import rate
from host_tools.formats import description, json_file
from host_tools.workflow.soak.scenario import GROUPS
from targets import emulate, output
from targets.emulate.emulator import Emulator
from targets.emulate.soft_board import Conditions
from targets.errors import ExitCode, SafeError
from targets.load import Target, load
from targets.make import make
from targets.places import BUILD

if TYPE_CHECKING:
    from host_tools.workflow.soak.material import Material
    from host_tools.workflow.soak.result import Soaked
    from host_tools.workflow.soak.run import Asked

SEED = 77
"""Seed of a plant that trained nothing."""


class SoakUsageError(SafeError):
    """Options that exclude each other."""

    exit_code = ExitCode.USAGE


def _groups(text: str) -> tuple[str, ...]:
    """Return which of sensors, line and power fail; argparse says what is wrong otherwise."""
    names = GROUPS if text == "all" else tuple(text.split(","))
    if set(names) - set(GROUPS):
        raise argparse.ArgumentTypeError(f"{text!r}: give some of {','.join(GROUPS)}, or all")
    return tuple(name for name in GROUPS if name in names)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--target", default="stm32f4", help="name, or path of a .toml file")
    parser.add_argument("--port", help="a board instead: /dev/ttyACM0, COM7, or any pyserial URL")
    parser.add_argument("--model", default="forecaster", help="name under models/, or a folder")
    _reading.add_arguments(parser, "samples of these files of one log instead of the plant")
    parser.add_argument(
        "--app", default="detector", choices=("bench", "detector"), help="default %(default)s"
    )
    parser.add_argument("--hours", type=positive, default=24, help="of plant (default %(default)s)")
    parser.add_argument(
        "--faults", type=_groups, default=(), metavar="KINDS",
        help="what fails at times of its own: some of sensors,line,power, or all (default: nothing)"
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=positive, default=SEED, help="of the synthetic plant, and of the faults"
    )
    parser.add_argument(
        "--emulator", choices=emulate.KINDS, help="board: the soft board instead of QEMU"
    )
    image_options.add_arguments(parser)
    parser.add_argument(
        "--streaming", action="store_true", help="an emulated image that computes per sample"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument("--out", type=_output.file, help="write the JSON to this file, too")


def _say(line: str) -> None:
    print(f"soak: {line}", file=sys.stderr, flush=True)  # noqa: T201


def _progress(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == total else "\r"
        print(f"  {what} {done:,}/{total:,}", end=end, file=sys.stderr, flush=True)  # noqa: T201


def _soak(arguments: argparse.Namespace, directory: Path, material: "Material") -> "Soaked":
    from host_tools.workflow import count
    from host_tools.workflow.soak import run as soak
    from host_tools.workflow.soak.supply import Supply, used_flash
    from host_tools.workflow.soak.walk import Terms

    work = BUILD / "soak"
    if arguments.port:
        asked, terms = soak.Asked(arguments.faults, arguments.seed), Terms(rate.MOST)
        return soak.run(arguments.port, directory, material, work, asked=asked, terms=terms,
                        progress=_progress, say=_say)  # fmt: skip
    target = load(arguments.target)
    image = make(
        arguments.target,
        str(directory),
        app=arguments.app,
        streaming=arguments.streaming,
        options=image_options.options(arguments, arguments.target),
    )
    kind = emulate.configuration(target, arguments.emulator).kind
    asked = _asked(arguments, target, kind)
    with output.scratch("soak") as folder:
        store = folder / "store" if asked.keeps else None
        if store is not None:
            used_flash(store, target, kind, arguments.seed)

        def start(conditions: Conditions) -> Emulator:
            return emulate.start(target, image.elf, kind=kind, conditions=conditions)

        with Supply(start, store) as supply:
            return soak.run(
                supply,
                directory,
                material,
                work,
                asked=asked,
                terms=Terms(rate.MOST, count.reply_seconds(target)),
                stack_bound=image.size().get("stack", {}).get("bound_bytes"),
                progress=_progress,
                say=_say,
            )


def _asked(arguments: argparse.Namespace, target: Target, kind: str) -> "Asked":
    """Return the faults, and what the emulator keeps of the flash when the power goes."""
    from host_tools.workflow.soak.run import Asked

    has_power = "power" in arguments.faults
    is_board = kind == emulate.BOARD and target.store is not None
    keeps = has_power and (is_board or kind == "process")
    if has_power and target.store is not None and not keeps:
        _say(f"{kind} keeps no flash: what was learned is lost with the power (--emulator board)")
    return Asked(arguments.faults, arguments.seed, keeps, has_power_cut=keeps and is_board)


def run(arguments: argparse.Namespace) -> int:
    """Soak and compare; return the exit code.

    Raises the errors of `soak.run.run`, DifferentError also after the result was written, and
    SoakUsageError.
    """
    from host_tools.workflow.soak.material import of_log, of_plant

    if arguments.port and "power" in arguments.faults:
        raise SoakUsageError(
            "--faults power: nobody here switches a board on --port: give sensors,line"
        )
    directory = description.resolve(arguments.model)
    if arguments.csv:
        log = model_data.load(arguments.model, arguments.csv, _reading.options(arguments))
        material = of_log(log.table, arguments.hours)
    else:
        material = of_plant(directory, arguments.hours, arguments.seed)
    result = _soak(arguments, directory, material)
    if arguments.out is not None:
        json_file.write_plain(arguments.out, result.fields())
    text = json.dumps(result.fields(), indent=2) if arguments.json else "\n".join(result.lines())
    print(text)  # noqa: T201
    result.require_expected()
    return ExitCode.OK
