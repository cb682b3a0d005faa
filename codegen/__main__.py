r"""Generate C from an int8 TFLite model.

Example:
  python -m codegen models/forecaster/model_int8.tflite --name forecaster --out build/gen \
      --standalone
  cc -std=c99 -O2 -I build/gen build/gen/*.c -o forecaster
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from codegen.operators.base import ISAS, OPTIMIZE
from codegen.pipeline import generate
from targets.errors import ExitCode, SafeError


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m codegen`."""
    parser = argparse.ArgumentParser(
        prog="codegen",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Exit codes: 0 done, 2 usage, 20 model invalid, 21 model not supported, "
        "22 memory plan, 30 target, 32 output.",
    )
    add = parser.add_argument
    add("model", type=Path, metavar="MODEL.tflite", help="full-integer int8 TFLite model")
    add("--name", required=True, help="stem of files and C names: safe_NAME.h, safe_NAME_run")
    add("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    add("--target", default="host", help="description in targets/ (default: host)")
    add("--isa", help=f"instruction set: {', '.join(ISAS)} (default: the target's)")
    add(
        "--optimize",
        choices=OPTIMIZE,
        default="balanced",
        help="what to prefer where a faster kernel needs more flash (default: balanced)",
    )
    add("--scaler", type=Path, metavar="scaler.json", help="with --detector: anomaly detector")
    add("--detector", type=Path, metavar="detector.json", help="with --scaler: anomaly detector")
    add("--standalone", action="store_true", help="add the runtime: DIR compiles by itself")
    add("--json", action="store_true", help="print the manifest instead of a summary")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the generator; print an error as one line and return its exit code."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if (arguments.scaler is None) != (arguments.detector is None):
        parser.error("--scaler and --detector belong together")
    try:
        manifest = generate(
            arguments.model,
            name=arguments.name,
            out=arguments.out,
            target=arguments.target,
            isa=arguments.isa,
            optimize=arguments.optimize,
            scaler=arguments.scaler,
            detector=arguments.detector,
            standalone=arguments.standalone,
        )
    except SafeError as error:
        print(f"codegen: {error}", file=sys.stderr)  # noqa: T201
        return int(error.exit_code)
    except KeyboardInterrupt:
        print("codegen: interrupted", file=sys.stderr)  # noqa: T201
        return int(ExitCode.INTERRUPTED)
    print(json.dumps(manifest, indent=2) if arguments.json else _summary(manifest))  # noqa: T201
    return int(ExitCode.OK)


def _summary(manifest: dict[str, Any]) -> str:
    return (
        f"safe_{manifest['name']}: {len(manifest['operators'])} operators, "
        f"{manifest['macs']} MACs, arena {manifest['arena_bytes']} bytes, "
        f"weights {manifest['weight_bytes']} bytes, "
        f"added constants {manifest['constant_bytes']} bytes"
    )


if __name__ == "__main__":
    sys.exit(main())
