"""Run a target's image in its emulator, and print the port to connect to or what the image says.

    host_tools emulate --target stm32f4
    host_tools emulate --target stm32f4 --app firmware --show --seconds 10

Builds the image first when it is not up to date, or takes --image. The image starts when the port
is opened, with --show at once; the emulator ends with this command.
"""

import argparse
import math
import sys
import time
from pathlib import Path

from host_tools.commands import _options as image_options
from host_tools.device.serial_port import PortLostError, SerialPort
from targets import emulate
from targets.emulate.emulator import Emulator
from targets.emulate.soft_board import Conditions
from targets.errors import EmulatorError
from targets.load import load
from targets.make import make

_ENDED = "terminating on signal"
"""Words by which QEMU says that this command ended it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--target", default="stm32f4", help="name, or path of a .toml file")
    parser.add_argument("--model", default="forecaster", help="name under models/, or a folder")
    image_options.add_app(parser)
    image_options.add_sensor(parser)
    parser.add_argument("--image", type=Path, metavar="ELF", help="run this, build nothing")
    parser.add_argument("--show", action="store_true", help="print what the image says")
    parser.add_argument("--until", default="", metavar="TEXT", help="with --show: end at this text")
    parser.add_argument(
        "--emulator", choices=emulate.KINDS, help="board: the soft board instead of QEMU"
    )
    parser.add_argument(
        "--strict", action="store_true", help="soft board: a refused register access faults"
    )
    parser.add_argument(
        "--fast", action="store_true", help="soft board: time asleep passes at once"
    )
    parser.add_argument(
        "--analog", type=Path, metavar="CSV", help="soft board: volts of the pins, seconds,IN0,…"
    )
    parser.add_argument(
        "--i2c", type=Path, metavar="CSV", help="soft board: devices of the bus, seconds,0x48,…"
    )
    image_options.add_arguments(parser)
    parser.add_argument("--seconds", type=float, help="end after this time (default: Ctrl-C)")


def _elf(arguments: argparse.Namespace) -> Path:
    if arguments.image is not None:
        return Path(arguments.image)
    options = image_options.options(arguments, arguments.target)
    sensor = arguments.sensor
    built = make(
        arguments.target, arguments.model, app=arguments.app, sensor=sensor, options=options
    )
    return built.elf


def _show(emulator: Emulator, seconds: float | None, until: str) -> None:
    """Print what the image says until the time is over, or a line holds `until`."""
    text = ""
    end = math.inf if seconds is None else time.monotonic() + seconds
    with SerialPort(emulator.url) as port:
        while time.monotonic() < end:
            try:
                text += port.receive().decode(errors="replace").replace("\r", "")
            except PortLostError:
                emulator.check()
                return  # the image has ended the emulator
            lines, _, text = text.rpartition("\n")
            if lines:
                sys.stdout.write(f"{lines}\n")
                sys.stdout.flush()
            if until and until in lines:
                return
    if until:
        raise EmulatorError(f"the image did not say {until!r} within {seconds:g} s")


def run(arguments: argparse.Namespace) -> int:
    """Build, start, print the URL or what the image says, and wait; return the exit code.

    Raises the errors of the build and of the emulator; EmulatorError when --until never came.
    """
    target, elf = load(arguments.target), _elf(arguments)
    conditions = Conditions(arguments.strict, arguments.fast, arguments.analog, arguments.i2c)
    with emulate.start(target, elf, kind=arguments.emulator, conditions=conditions) as emulator:
        if arguments.show:
            _show(emulator, arguments.seconds, arguments.until)
        else:
            sys.stdout.write(emulator.url + "\n")
            sys.stdout.flush()
            emulator.wait(arguments.seconds, heard=lambda line: sys.stderr.write(line + "\n"))
    for line in emulator.rest():
        if _ENDED not in line:
            sys.stderr.write(f"{line}\n")
    return 0
