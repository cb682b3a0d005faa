"""Make a project of your own: model, firmware with a place for your sensors, and a build file.

    host_tools new my-product --target stm32u5 --model mymodel
    host_tools new my-product --target stm32f4 --style cmake
    host_tools new my-product --style zephyr

The image runs in the emulator at once: until there are sensors it replays a piece of the model's
own log. With --style make or cmake the project holds the runtime, start-up code, drivers and linker
script, and needs nothing of SAFE to build; with zephyr, platformio, esp-idf or arduino it is an
application of that ecosystem, which brings the board: --target only chooses the kernels. For the
library without a project: host_tools package.
"""

import argparse
import json
import sys
from pathlib import Path

from host_tools.commands import _options as image_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    from host_tools.project.styles import STYLES

    add = parser.add_argument
    add("folder", type=Path, metavar="NAME", help="folder to make; the project takes its name")
    add("--target", default="stm32f4", help="name, or a .toml file (default: %(default)s)")
    add("--model", default="forecaster", help="name under models/, or a folder")
    add(
        "--style",
        default=next(iter(STYLES)),
        choices=STYLES,
        help="what builds it (default: %(default)s)",
    )
    image_options.add_json(parser, "folder, target, style and the commands that come next")


def run(arguments: argparse.Namespace) -> int:
    """Write the project and say what comes next. Raises the errors of `project.write`."""
    from host_tools.project import project
    from targets import build, load

    wanted = project.Wanted(
        arguments.folder,
        load.load(arguments.target),
        arguments.target,
        build.find_model(arguments.model),
        arguments.style,
    )
    commands = project.write(wanted)
    if arguments.json:
        told = {
            "folder": str(arguments.folder),
            "target": wanted.target.name,
            "style": arguments.style,
            "commands": commands,
        }
        sys.stdout.write(json.dumps(told) + "\n")
        return 0
    lines = "".join(f"  {command}\n" for command in commands)
    sys.stdout.write(
        f"{arguments.folder}: for {wanted.target.name}, {arguments.style}. Next:\n{lines}"
    )
    return 0
