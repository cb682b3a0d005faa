"""Generate the C of a model directory: model, weights, detector, manifest.

With --standalone the folder compiles by itself: cc -std=c99 -I DIR DIR/*.c
"""

import argparse
import json
import sys

from host_tools.commands import _output
from targets.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--model", default="forecaster", help="name under models/, or a folder")
    parser.add_argument("--target", default="stm32f4", help="name under targets/")
    parser.add_argument(
        "--out", type=_output.folder, help="folder to write (default build/generated/NAME)"
    )
    parser.add_argument("--standalone", action="store_true", help="add kernels, headers, example.c")
    parser.add_argument(
        "--streaming",
        action="store_true",
        help="compute per sample what moves with the window: safe_NAME_push, safe_NAME_step",
    )
    parser.add_argument("--json", action="store_true", help="print the manifest")


def run(arguments: argparse.Namespace) -> int:
    """Generate; return the exit code. Raises CodegenError, TargetError, OutputError, DataError."""
    from codegen.pipeline import generate
    from host_tools.report.table import aligned
    from targets import build

    model = build.find_model(arguments.model)
    out = arguments.out or build.ROOT / "build" / "generated" / model.name
    manifest = generate(
        model.tflite,
        name=model.name,
        out=out,
        target=arguments.target,
        scaler=model.scaler,
        detector=model.detector,
        standalone=arguments.standalone,
        stream=arguments.streaming,
    )
    if arguments.json:
        sys.stdout.write(json.dumps(manifest, indent=2) + "\n")
        return ExitCode.OK
    rows = [
        ["operators", f"{len(manifest['operators'])}"],
        ["multiply-accumulates", f"{manifest['macs']:,}"],
        ["weights and biases", f"{manifest['weight_bytes']:,} bytes"],
        ["constants added", f"{manifest['constant_bytes']:,} bytes"],
        ["arena", f"{manifest['arena_bytes']:,} bytes"],
    ]
    sys.stdout.write(f"{out}: {len(manifest['files'])} files\n")
    sys.stdout.write("\n".join(aligned(rows, right=True)) + "\n")
    return ExitCode.OK
