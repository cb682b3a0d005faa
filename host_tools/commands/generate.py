"""Generate the C of a model directory: model, weights, detector, manifest.

With --standalone the folder compiles by itself: cc -std=c99 -I DIR DIR/*.c DIR/example/main.c
A foreign runtime (--backend tflm) stays outside of it; README.md in the folder says what it needs.
"""

import argparse
import sys

from codegen import command
from host_tools.commands import _output
from targets.errors import ExitCode
from targets.places import BUILD


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--model", default="forecaster", help="name under models/, or a folder")
    parser.add_argument(
        "--out", type=_output.folder, help="folder to write (default build/generated/NAME)"
    )
    command.add_options(parser, target="stm32f4")


def _arena(arguments: argparse.Namespace) -> str | None:
    """Return the arena of a runtime that measures it, of an image that is built for that."""
    from codegen.backends import registry
    from targets.make import make
    from targets.options import Options

    if not registry.backend(arguments.backend).measures_arena:
        return None
    options = Options(backend=arguments.backend)
    built = make(arguments.target, arguments.model, options=options)
    return str(built.manifest()["arena_bytes"])


def run(arguments: argparse.Namespace) -> int:
    """Generate; return the exit code. Raises CodegenError, TargetError, OutputError, DataError.

    The limits of table [budget] of the model's `model.toml` hold.
    """
    from targets import build

    model = build.find_model(arguments.model)
    if arguments.arena is None and not arguments.streaming and model.tflite is not None:
        arguments.arena = _arena(arguments)
    files = command.Files(
        model=model.tflite,
        name=model.name,
        out=arguments.out or BUILD / "generated" / model.name,
        scaler=model.scaler,
        detector=model.detector,
        description=model.description if model.description.is_file() else None,
    )
    manifest = command.perform(arguments, files)
    if not arguments.json:
        sys.stdout.write(f"{files.out}: {len(manifest['files'])} files\n")
    sys.stdout.write(command.told(arguments, files, manifest))
    return ExitCode.OK
