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

from codegen.emit.budget import Budget, load, smallest
from codegen.emit.write import PLAN
from codegen.options import GOALS
from codegen.pipeline import generate
from targets.errors import ExitCode, SafeError
from targets.kernels import ISAS


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m codegen`."""
    parser = argparse.ArgumentParser(
        prog="codegen",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Exit codes: 0 done, 2 usage, 20 model invalid, 21 model not supported, "
        "22 memory plan, 23 budget, 30 target, 32 output.",
    )
    add = parser.add_argument
    add("model", type=Path, metavar="MODEL.tflite", help="full-integer int8 TFLite model")
    add("--name", required=True, help="stem of files and C names: safe_NAME.h, safe_NAME_run")
    add("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    add("--target", default="host", help="description in targets/ (default: host)")
    add("--isa", help=f"instruction set: {', '.join(ISAS)} (default: the target's)")
    add(
        "--optimize",
        choices=GOALS,
        default="balanced",
        help="what to prefer where a faster kernel needs more flash (default: balanced)",
    )
    add("--scaler", type=Path, metavar="scaler.json", help="with --detector: anomaly detector")
    add("--detector", type=Path, metavar="detector.json", help="with --scaler: anomaly detector")
    add("--max-arena-bytes", type=int, metavar="N", help="fail above this arena")
    add("--max-constant-bytes", type=int, metavar="N", help="fail above these constants in flash")
    add(
        "--budget",
        type=Path,
        metavar="model.toml",
        help="fail when the arena is above [budget] ram_bytes, or constants above flash_bytes",
    )
    add("--plan", action="store_true", help="print the memory plan; also in memory_plan.txt")
    add("--standalone", action="store_true", help="add the runtime: DIR compiles by itself")
    add(
        "--streaming",
        action="store_true",
        help="compute per sample what moves with the window: safe_NAME_push",
    )
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
            stream=arguments.streaming,
            budget=_budget(arguments),
            plan=arguments.plan,
        )
    except SafeError as error:
        print(f"codegen: {error}", file=sys.stderr)  # noqa: T201
        return int(error.exit_code)
    except KeyboardInterrupt:
        print("codegen: interrupted", file=sys.stderr)  # noqa: T201
        return int(ExitCode.INTERRUPTED)
    print(json.dumps(manifest, indent=2) if arguments.json else _summary(manifest))  # noqa: T201
    if arguments.plan and not arguments.json:
        print((arguments.out / PLAN).read_text(encoding="utf-8"), end="")  # noqa: T201
    return int(ExitCode.OK)


def _budget(arguments: argparse.Namespace) -> Budget:
    """Return the limits of the command line and of model.toml, the smaller of each."""
    given = Budget(arguments.max_arena_bytes, arguments.max_constant_bytes)
    return given if arguments.budget is None else smallest(given, load(arguments.budget))


def _summary(manifest: dict[str, Any]) -> str:
    return (
        f"safe_{manifest['name']}: {len(manifest['operators'])} operators, "
        f"{manifest['macs']} MACs, arena {manifest['arena_bytes']} bytes, "
        f"weights {manifest['weight_bytes']} bytes, "
        f"added constants {manifest['constant_bytes']} bytes"
    )


if __name__ == "__main__":
    sys.exit(main())
