"""The command line of the generator, behind `python -m codegen` and `host_tools generate` alike."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codegen.errors import StyleInvalidError
from codegen.options import DEFAULT_BACKEND, GOALS
from targets import arena
from targets.errors import ExitCode, SafeError
from targets.kernels import ISAS

DESCRIPTION = r"""Generate C from an int8 TFLite model.

Example:
  python -m codegen models/forecaster/model_int8.tflite --name forecaster --out build/gen \
      --standalone
  cc -std=c99 -O2 -I build/gen build/gen/*.c build/gen/example/main.c -o forecaster
"""


@dataclass(frozen=True)
class Files:
    """Files that a generation reads, the model's name, and the folder that is written."""

    model: Path | None
    """None: a product without a network, of scaler and detector alone."""
    name: str
    out: Path
    scaler: Path | None
    detector: Path | None
    description: Path | None
    """Path of a model.toml, whose table [budget] holds, and which tells units and rate. None: only
    the limits of the options hold."""


def add_options(parser: argparse.ArgumentParser, *, target: str) -> None:
    """Declare what both commands offer; `target` is the default one."""
    add = parser.add_argument
    add("--target", default=target, help="name under targets/ (default: %(default)s)")
    add("--isa", help=f"instruction set: {', '.join(ISAS)} (default: the target's)")
    add(
        "--optimize",
        choices=GOALS,
        default="balanced",
        help="what to prefer where a faster kernel needs more flash (default: %(default)s)",
    )
    add("--backend", default=DEFAULT_BACKEND, help="who computes (default: %(default)s)")
    add(
        "--arena",
        metavar="N|arena.json",
        help="bytes that a foreign runtime was measured to need, or the build's file that says so",
    )
    add(
        "--from",
        dest="source",
        type=Path,
        metavar="DIR",
        help="with --backend xcubeai: network.h and the files beside it that CubeMX generated",
    )
    add("--max-arena-bytes", type=int, metavar="N", help="fail above this arena")
    add("--max-constant-bytes", type=int, metavar="N", help="fail above these constants in flash")
    add("--plan", action="store_true", help="print the memory plan; also in memory_plan.txt")
    add("--standalone", action="store_true", help="add the runtime: the folder compiles by itself")
    add(
        "--streaming",
        action="store_true",
        help="compute per sample what moves with the window: safe_NAME_push, safe_NAME_step",
    )
    add("--style", choices=("cubemx",), help="files of a CubeMX project, with its own README")
    add("--uart", metavar="HANDLE", help="with --style: handle of the UART of the host: huart2")
    add("--timer", metavar="HANDLE", help="with --style: handle of the samples' timer: htim6")
    add("--receive", choices=("interrupt", "dma"), default="interrupt", help="with --style: how "
        "the UART receives (default: %(default)s)")  # fmt: skip
    add("--json", action="store_true", help="print the manifest instead of a summary")


def perform(arguments: argparse.Namespace, files: Files) -> dict[str, Any]:
    """Generate by the options of `add_options`; return the manifest.

    Raises `CodegenError` (of its budget, too), `TargetError` or `OutputError`.
    """
    from codegen.emit.cubemx import CubeMx
    from codegen.project import write_cubemx

    if arguments.style is None:
        return _generate(arguments, files, files.out)
    if arguments.uart is None or arguments.timer is None:
        raise StyleInvalidError("--style cubemx needs --uart and --timer, e.g. huart2 and htim6")
    if arguments.standalone or arguments.streaming:
        raise StyleInvalidError("--style cubemx has the runtime, and takes whole windows")
    about = CubeMx(arguments.uart, arguments.timer, arguments.receive == "dma")

    def generate(folder: Path) -> dict[str, Any]:
        return _generate(arguments, files, folder)

    return write_cubemx(about, arguments.target, files.out, generate, arguments.source)


def _generate(arguments: argparse.Namespace, files: Files, out: Path) -> dict[str, Any]:
    from codegen.emit.budget import Budget, load, smallest
    from codegen.pipeline import generate

    budget = Budget(arguments.max_arena_bytes, arguments.max_constant_bytes)
    if files.description is not None:
        budget = smallest(budget, load(files.description))
    arena_bytes = None if arguments.arena is None else arena.given(arguments.arena)
    return generate(
        files.model,
        name=files.name,
        out=out,
        target=arguments.target,
        isa=arguments.isa,
        optimize=arguments.optimize,
        backend=arguments.backend,
        scaler=files.scaler,
        detector=files.detector,
        description=files.description,
        standalone=arguments.standalone,
        stream=arguments.streaming,
        budget=budget,
        plan=arguments.plan,
        arena_bytes=arena_bytes,
        source=arguments.source,
    )


def told(arguments: argparse.Namespace, files: Files, manifest: dict[str, Any]) -> str:
    """Return what a command prints of a generation: summary and plan, or the manifest."""
    if arguments.json:
        return json.dumps(manifest, indent=2) + "\n"
    return _summary(manifest) + (_plan(files.out) if arguments.plan else "")


def _summary(manifest: dict[str, Any]) -> str:
    runtime = f", runtime {manifest['runtime']}" if "runtime" in manifest else ""
    if manifest["network"] == "none":
        return f"safe_{manifest['name']}: a detector, no network\n"
    return (
        f"safe_{manifest['name']}: {len(manifest['operators'])} operators, "
        f"{manifest['macs']} MACs, arena {manifest['arena_bytes']} bytes, "
        f"weights {manifest['weight_bytes']} bytes, "
        f"added constants {manifest['constant_bytes']} bytes"
        f"{runtime}\n"
        f"{loops(manifest)}"
    )


def loops(manifest: Mapping[str, Any]) -> str:
    """Return a line for each recurrent loop that stays unrolled; of nothing, nothing."""
    return "".join(
        f"operator {loop['index']}: a loop of {loop['steps']} steps stays unrolled"
        f" ({loop['reason']})\n"
        for loop in manifest.get("unrolled", ())
    )


def _plan(out: Path) -> str:
    """Return the picture of the memory plan; a backend that plans nothing has none."""
    from codegen.emit.write import PLAN

    path = out / PLAN
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m codegen`."""
    parser = argparse.ArgumentParser(
        prog="codegen",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Exit codes: 0 done, 2 usage, 20 model invalid, 21 model not supported, "
        "22 memory plan, 23 budget, 30 target, 32 output.",
    )
    add = parser.add_argument
    add(
        "model",
        type=Path,
        nargs="?",
        metavar="MODEL.tflite",
        help="full-integer int8 TFLite model; none: a detector without a network",
    )
    add("--name", required=True, help="stem of files and C names: safe_NAME.h, safe_NAME_run")
    add("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    add("--scaler", type=Path, metavar="scaler.json", help="with --detector: anomaly detector")
    add("--detector", type=Path, metavar="detector.json", help="with --scaler: anomaly detector")
    add(
        "--description",
        "--budget",
        type=Path,
        metavar="model.toml",
        help="units and rate of the samples; fail when the arena is above [budget] ram_bytes, or "
        "constants above flash_bytes",
    )
    add_options(parser, target="host")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the generator; print an error as one line and return its exit code."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if (arguments.scaler is None) != (arguments.detector is None):
        parser.error("--scaler and --detector belong together")
    if arguments.model is None and arguments.detector is None:
        parser.error("give MODEL.tflite, or --scaler and --detector, or all of them")
    files = Files(
        arguments.model,
        arguments.name,
        arguments.out,
        arguments.scaler,
        arguments.detector,
        arguments.description,
    )
    try:
        manifest = perform(arguments, files)
    except SafeError as error:
        print(f"codegen: {error}", file=sys.stderr)  # noqa: T201
        return int(error.exit_code)
    except KeyboardInterrupt:
        print("codegen: interrupted", file=sys.stderr)  # noqa: T201
        return int(ExitCode.INTERRUPTED)
    sys.stdout.write(told(arguments, files, manifest))
    return int(ExitCode.OK)
