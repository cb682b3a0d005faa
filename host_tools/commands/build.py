"""Build an image: ELF, BIN, HEX and MAP, and what they take of the chip.

    host_tools build --target stm32u5 --model mymodel --app detector
    host_tools build --target stm32f4 --app firmware    # your own main, in the folder firmware
    host_tools build --target all                       # every target whose toolchain is here
    host_tools build --target stm32f4 --hot-ram 4096    # what waits most for the flash, in RAM

Takes what `scons` takes in a clone, gives the same image, and builds only what has changed. All of
it lies in build/TARGET/MODEL/BACKEND of the current folder, or below --out. Of `--target all` a
target that fails does not stop the others: a table tells each, and the exit code is that of the
first that failed, or 0.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from host_tools.commands import _options as image_options
from host_tools.commands import _output
from targets import apps, build, every, places
from targets.errors import BuildError
from targets.options import BUILDS

if TYPE_CHECKING:
    from targets.make import Built


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    add = parser.add_argument
    add("--target", default="stm32f4", help="name, .toml file, or all (default: %(default)s)")
    add("--model", default="forecaster", help="name under models/, or a folder")
    image_options.add_app(parser)
    image_options.add_sensor(parser)
    image_options.add_arguments(parser)
    add("--build", default=BUILDS[0], choices=BUILDS, help="debug is -Og -g3 (%(default)s)")
    add("--update", default="", metavar="KEY.pub", help="of --app detector: models signed with this"
        " key's private one come over the line (host_tools update)")  # fmt: skip
    add(
        "--optimize",
        default="",
        choices=build.GOALS,
        help="what generator and kernels prefer (balanced)",
    )
    told = "put what waits most for the flash into so many bytes of RAM (profile --hot-ram)"
    add("--hot-ram", type=image_options.positive, metavar="BYTES", help=told)
    add("--streaming", action="store_true", help="compute per sample what moves with the window")
    add("--out", type=_output.folder, help=f"folder of what is built (default: {places.OUT})")
    add("--json", action="store_true", help="print size.json (of all: a list), nothing else")


def _near(path: Path) -> Path:
    """Return the path as seen from the current folder, when it lies there."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _choose_hot(arguments: argparse.Namespace, target: str) -> Path:
    """Write the file that says what lies in RAM, and return its path."""
    from host_tools.workflow import hot

    if arguments.hot is not None:
        raise BuildError("--hot names what --hot-ram would choose: leave one out")
    if arguments.streaming:
        raise BuildError("--hot-ram measures whole windows: with --streaming give --hot FILE")
    network = build.find_model(arguments.model).network
    return hot.choose(network, target, arguments.hot_ram, arguments.optimize)


def _make(arguments: argparse.Namespace, target: str, *, shown: bool) -> "Built":
    from targets.make import make

    options = image_options.options(arguments, target, debug=arguments.build == BUILDS[1])
    options = replace(options, update=arguments.update)
    if arguments.hot_ram is not None:
        options = replace(options, hot=_choose_hot(arguments, target))
    return make(
        target,
        arguments.model,
        app=arguments.app,
        sensor=arguments.sensor,
        out=arguments.out,
        streaming=arguments.streaming,
        options=options,
        optimize=arguments.optimize,
        shown=shown,
    )


def _every(arguments: argparse.Namespace) -> int:
    from host_tools.workflow import every_target

    build.find_model(arguments.model)  # what no target can do is no row of each
    apps.find_app(arguments.app, arguments.sensor)
    rows = every_target.build(
        lambda name: _make(arguments, name, shown=False),
        arguments.toolchain,
        lambda name: print(f"build: {name}", file=sys.stderr),  # noqa: T201
    )
    fields = [row.fields() for row in rows]
    text = json.dumps(fields) if arguments.json else every_target.table(rows)
    sys.stdout.write(text + "\n")
    return every_target.exit_code(rows)


def run(arguments: argparse.Namespace) -> int:
    """Build; return the exit code. Raises the errors of `targets.make.make`."""
    if arguments.target == every.ALL:
        return _every(arguments)
    image = _make(arguments, arguments.target, shown=not arguments.json)
    if arguments.json:
        sys.stdout.write(json.dumps(image.size()) + "\n")
    else:
        sys.stdout.write(f"{_near(image.elf.absolute())}\n")
    return 0
