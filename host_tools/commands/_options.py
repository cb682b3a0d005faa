"""Options and types of options that several verbs share."""

import argparse
import re
from pathlib import Path

from targets import apps, build
from targets.load import COMPILERS
from targets.options import DEFAULT_LEVEL, LEVELS, Options

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(text: str) -> float:
    """Return the seconds of `90s`, `10m`, `8h` or `2d`; argparse says what is wrong otherwise."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    if found is None or not float(found[1]):
        raise argparse.ArgumentTypeError(f"{text!r}: give 90s, 10m, 8h or 2d")
    return float(found[1]) * _SECONDS[found[2]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--toolchain", default="", choices=COMPILERS, help="of the image (default: the target's)")
    add("--opt", default=DEFAULT_LEVEL, choices=LEVELS, help="-O of the image (%(default)s)")
    add("--lto", action="store_true", help="optimize the image at link time")
    add("--hot", type=Path, metavar="FILE", help="what lies in RAM (profile --hot-ram writes one)")
    add_backend(parser)


def add_app(parser: argparse.ArgumentParser) -> None:
    """Declare the option that says which application the image is."""
    default = apps.APPS[0]
    text = f"{', '.join(apps.APPS)}, or a folder of your C files (default: %(default)s)"
    parser.add_argument("--app", default=default, help=text)


def add_sensor(parser: argparse.ArgumentParser) -> None:
    """Declare the option that says which sensors the detector application reads."""
    text = "folder of your C files that define safe/sensor.h (default: samples come over the line)"
    parser.add_argument("--sensor", default="", metavar="DIR", help=text)


def add_backend(parser: argparse.ArgumentParser) -> None:
    """Declare the option that says which backend of the generator makes the model's code."""
    default = build.DEFAULT_BACKEND
    parser.add_argument("--backend", default=default, help="who computes (default: %(default)s)")


def add_json(parser: argparse.ArgumentParser, what: str) -> None:
    """Declare the option that prints the result for a machine; docs/json.md has the keys."""
    parser.add_argument("--json", action="store_true", help=f"print {what} as JSON, nothing else")


def add_max_lsb(parser: argparse.ArgumentParser) -> None:
    """Declare the gate for backends whose outputs need not be exact."""
    parser.add_argument(
        "--max-lsb",
        type=natural,
        metavar="N",
        help="end with 50 when a backend that need not be exact (xcubeai) is further off",
    )


def options(arguments: argparse.Namespace, target: str, *, debug: bool = False) -> Options:
    """Return how the image of `target` is compiled; BuildError when it cannot be."""
    compiler = _compiler(target, arguments.toolchain)
    chosen = (arguments.opt, arguments.lto, debug, compiler, arguments.backend)
    return Options(*chosen, hot=arguments.hot)


def backend(arguments: argparse.Namespace, target: str) -> Options:
    """Return the defaults of `target` with the backend that was asked for."""
    return Options(compiler=_compiler(target, ""), backend=arguments.backend)


def _compiler(target: str, wanted: str) -> str:
    from targets import toolchain
    from targets.load import load

    return toolchain.choose(load(target), wanted)


def natural(text: str) -> int:
    """Return a whole number from 0; argparse says what is wrong otherwise."""
    value = int(text)
    if value < 0:
        raise ValueError
    return value


def positive(text: str) -> int:
    """Return a whole number above 0; argparse says what is wrong otherwise."""
    value = int(text)
    if value <= 0:
        raise ValueError
    return value
