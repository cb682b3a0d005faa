"""Tell what an image takes of flash and RAM: by section, then by operator, kernel and source file.

Builds the image first when it is not up to date. Every byte has one owner, so each column adds up
to the whole; `--json` prints size.json, which the build leaves beside the image.

    host_tools size --target stm32u5 --app detector
"""

import argparse
import json
import sys

from host_tools.commands import _options as image_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    add = parser.add_argument
    add("--target", default="stm32f4", help="name under targets/ (default %(default)s)")
    add("--model", default="forecaster", help="name under models/, or a folder")
    image_options.add_app(parser)
    image_options.add_arguments(parser)
    add("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Build and print; return the exit code."""
    from targets import size
    from targets.make import make

    options = image_options.options(arguments, arguments.target)
    image = make(arguments.target, arguments.model, app=arguments.app, options=options)
    facts = image.size()
    text = json.dumps(facts) if arguments.json else size.table(facts, detail=True)
    sys.stdout.write(text + "\n")
    return 0
