"""Package detectors as a library for CMake, Zephyr, CMSIS-Pack, Arduino, PlatformIO, ESP-IDF, Make.

One folder serves them all: sources with one runtime for several models, examples, a manifest, a
bill of materials, and the files by which each ecosystem knows a library. Its README tells the
commands. The same models and options give the same bytes.

    host_tools package --model mymodel --format all --out mypackage
    host_tools package --model pump --model fan --format cmake,make --out both
"""

import argparse
import json
import sys
from pathlib import Path

from host_tools.commands import _output
from targets.errors import ExitCode
from targets.kernels import ISAS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    from codegen.options import GOALS
    from host_tools.package.library import CORES
    from host_tools.package.request import ALL, FORMATS, NO_HOME, RELEASED

    add = parser.add_argument
    add(
        "--model",
        action="append",
        metavar="MODEL",
        help="name under models/, or a folder; again for each further model (default forecaster)",
    )
    add(
        "--format",
        action="append",
        default=[],
        metavar="NAME[,NAME]",
        help=f"{', '.join(FORMATS)}, or {ALL} (default)",
    )
    add(
        "--library",
        action="append",
        default=[],
        metavar="CORE[,CORE]",
        help=f"also a static library for each core: {', '.join(CORES)}",
    )
    add("--out", type=_output.folder, required=True, metavar="DIR", help="folder to write")
    add("--name", help="name of the library (default: safe_ and the models' names)")
    add("--package-version", metavar="X.Y.Z", help="version of the package (default: SAFE's)")
    add("--author", default="SAFE", help="for the metadata (default: %(default)s)")
    add("--url", default=NO_HOME, help="home page, for the metadata (default: none)")
    add("--date", default=RELEASED, metavar="YYYY-MM-DD", help="of this version, for the metadata")
    add("--target", default="stm32f4", help="name under targets/ (default: %(default)s)")
    add("--isa", help=f"instruction set: {', '.join(ISAS)} (default: the target's)")
    add("--optimize", choices=GOALS, default="balanced", help="default: %(default)s")
    add("--streaming", action="store_true", help="compute per sample what moves with the window")
    add("--json", action="store_true", help="print the manifest")


def _say(line: str) -> None:
    if sys.stderr.isatty():
        print(f"package: {line}", file=sys.stderr, flush=True)  # noqa: T201


def run(arguments: argparse.Namespace) -> int:
    """Package; return the exit code. Raises CodegenError, TargetError, OutputError, DataError."""
    from host_tools.package import library, package, request
    from targets import build

    models = tuple(build.find_model(name) for name in arguments.model or ["forecaster"])
    asked = request.Request(
        models=models,
        name=arguments.name or request.default_name(models),
        version=arguments.package_version or build.runtime_version(),
        formats=request.formats(arguments.format),
        target=arguments.target,
        isa=arguments.isa,
        optimize=arguments.optimize,
        streaming=arguments.streaming,
        author=arguments.author,
        url=arguments.url,
        date=arguments.date,
        libraries=library.cores(arguments.library),
    )
    out: Path = arguments.out
    manifest = package.write(asked, out, _say)
    if arguments.json:
        sys.stdout.write(json.dumps(manifest, indent=2) + "\n")
    else:
        sys.stdout.write(
            f"{out}: {asked.name} {asked.version} for {', '.join(asked.formats)}; "
            f"{len(manifest['files'])} files; {out / 'README.md'} tells how to use it\n"
        )
    return ExitCode.OK
