"""Take hours of plant through a device, as fast as it takes them, and compare every record.

The samples are those of the synthetic plant, with its faults, dropped values and the stretches
that its logger missed, or of a log (--csv). The device is an emulated image
(--target), or a board on a serial port (--port). After every hour of plant the device tells its
stack and the errors of its line. Ends with 50 when a record differs from the host's. Example:
  host_tools soak --target stm32f4 --hours 24
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
from targets import emulate
from targets.errors import ExitCode
from targets.load import load
from targets.places import BUILD

if TYPE_CHECKING:
    from host_tools.workflow.soak import Material, Soaked

SEED = 77
"""Seed of a plant that trained nothing."""


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
    parser.add_argument("--seed", type=positive, default=SEED, help="of the synthetic plant")
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
    from host_tools.workflow import count, soak
    from targets.make import make

    work = BUILD / "soak"
    if arguments.port:
        return soak.run(arguments.port, directory, material, work, most_baud=rate.MOST,
                        progress=_progress, say=_say)  # fmt: skip
    target = load(arguments.target)
    image = make(
        arguments.target,
        str(directory),
        app=arguments.app,
        streaming=arguments.streaming,
        options=image_options.options(arguments, arguments.target),
    )
    bound = image.size().get("stack", {}).get("bound_bytes")
    with emulate.start(target, image.elf, kind=arguments.emulator) as emulator:
        return soak.run(
            emulator.url,
            directory,
            material,
            work,
            stack_bound=bound,
            most_baud=rate.MOST,
            reply_seconds=count.reply_seconds(target),
            progress=_progress,
            say=_say,
        )


def run(arguments: argparse.Namespace) -> int:
    """Soak and compare; return the exit code.

    Raises the errors of `workflow.soak.run`, and DifferentError after the result was written.
    """
    from host_tools.workflow import soak

    directory = description.resolve(arguments.model)
    if arguments.csv:
        log = model_data.load(arguments.model, arguments.csv, _reading.options(arguments))
        material = soak.of_log(log.table, arguments.hours)
    else:
        material = soak.of_plant(directory, arguments.hours, arguments.seed)
    result = _soak(arguments, directory, material)
    if arguments.out is not None:
        json_file.write_plain(arguments.out, result.fields())
    text = json.dumps(result.fields(), indent=2) if arguments.json else "\n".join(result.lines())
    print(text)  # noqa: T201
    result.require_exact()
    return ExitCode.OK
