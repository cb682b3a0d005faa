"""Run a target's image in its emulator and print the port to connect to.

Builds the image first when it is not up to date. The image starts when the port is opened;
the emulator ends with this command.
"""

import argparse
import sys

from host_tools.commands import _options as image_options
from targets import emulate
from targets.build import APPS
from targets.load import load
from targets.make import make


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--target", default="stm32f4", help="name, or path of a .toml file")
    parser.add_argument("--model", default="forecaster", help="name under models/, or a folder")
    parser.add_argument("--app", default=APPS[0], choices=APPS, help="default %(default)s")
    parser.add_argument(
        "--emulator", choices=emulate.KINDS, help="board: the soft board instead of QEMU"
    )
    parser.add_argument(
        "--strict", action="store_true", help="soft board: a refused register access faults"
    )
    image_options.add_arguments(parser)
    parser.add_argument("--seconds", type=float, help="end after this time (default: Ctrl-C)")


def run(arguments: argparse.Namespace) -> int:
    """Build, start, print the URL, and wait; return the exit code."""
    target = load(arguments.target)
    options = image_options.options(arguments, arguments.target)
    image = make(arguments.target, arguments.model, app=arguments.app, options=options)
    kind, strict = arguments.emulator, arguments.strict
    with emulate.start(target, image.elf, kind=kind, strict=strict) as emulator:
        sys.stdout.write(emulator.url + "\n")
        sys.stdout.flush()
        emulator.wait(arguments.seconds, heard=lambda line: sys.stderr.write(line + "\n"))
    return 0
