"""Build an image: ELF, BIN, HEX and MAP, and what they take of the chip.

    host_tools build --target stm32u5 --model mymodel --app detector
    host_tools build --target stm32f4 --app firmware    # your own main, in the folder firmware

Takes what `scons` takes in a clone, gives the same image, and builds only what has changed. All of
it lies in build/TARGET/MODEL/BACKEND of the current folder, or below --out.
"""

import argparse
import json
import sys
from pathlib import Path

from host_tools.commands import _options as image_options
from host_tools.commands import _output
from targets import build, places
from targets.options import BUILDS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    add = parser.add_argument
    add("--target", default="stm32f4", help="name, or a .toml file (default: %(default)s)")
    add("--model", default="forecaster", help="name under models/, or a folder")
    image_options.add_app(parser)
    image_options.add_sensor(parser)
    image_options.add_arguments(parser)
    add("--build", default=BUILDS[0], choices=BUILDS, help="debug is -Og -g3 (%(default)s)")
    add("--optimize", default="", choices=build.GOALS, help="what the generator prefers (balanced)")
    add("--streaming", action="store_true", help="compute per sample what moves with the window")
    add("--out", type=_output.folder, help=f"folder of what is built (default: {places.OUT})")
    add("--json", action="store_true", help="print size.json, and nothing else")


def _near(path: Path) -> Path:
    """Return the path as seen from the current folder, when it lies there."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def run(arguments: argparse.Namespace) -> int:
    """Build; return the exit code. Raises the errors of `targets.make.make`."""
    from targets.make import make

    options = image_options.options(arguments, arguments.target, debug=arguments.build == BUILDS[1])
    image = make(
        arguments.target,
        arguments.model,
        app=arguments.app,
        sensor=arguments.sensor,
        out=arguments.out,
        streaming=arguments.streaming,
        options=options,
        optimize=arguments.optimize,
        shown=not arguments.json,
    )
    if arguments.json:
        sys.stdout.write(json.dumps(image.size()) + "\n")
    else:
        sys.stdout.write(f"{_near(image.elf.absolute())}\n")
    return 0
