"""Write a target's image into the chip of a board, verify it, and start it.

    host_tools flash --target stm32f4 --pack Keil.STM32F4xx_DFP.pack
    host_tools flash --target stm32f4 --runner openocd --dry-run

Builds the image first when it is not up to date. The runner is the first of the target's that is
installed: STM32CubeProgrammer, pyOCD (with a pack), OpenOCD, probe-rs, st-flash. Ends with 47 when
there is no debug probe, 48 when no runner is installed, 49 when writing failed, 51 when the flash
does not hold the image afterwards.
"""

import argparse
import json
import os
import shlex
import sys
from pathlib import Path

from host_tools.commands import _options as image_options
from host_tools.device import flash
from host_tools.device.runners import FlashJob
from targets import apps, build
from targets.chip_flash import RUNNERS
from targets.errors import BuildError, TargetError
from targets.load import load
from targets.make import make
from targets.places import BUILD

PACK_VARIABLE = "SAFE_PACK"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    add = parser.add_argument
    add("--target", required=True, help="name under targets/, or a .toml file")
    add("--model", default="forecaster", help="name under models/, or a folder")
    image_options.add_app(parser)
    image_options.add_backend(parser)
    add("--image", type=Path, metavar="ELF", help="write this instead; .bin and .hex beside it")
    add("--runner", default=flash.AUTO, choices=(flash.AUTO, *RUNNERS), help="default %(default)s")
    add("--probe", default="", metavar="ID", help="serial number of the debug probe")
    add("--pack", type=Path, action="append", default=[], metavar="FILE", help="for pyOCD")
    add("--no-verify", action="store_true", help="do not read back")
    add("--dry-run", action="store_true", help="print the command lines, run and build nothing")
    image_options.add_json(parser, "what was written, and by which commands,")
    add("--verbose", action="store_true", help="print what the runner says")


def _pack(path: Path) -> Path:
    """Return what pyOCD takes for a pack: an archive, or a folder with one .pdsc (of several it
    would take any).
    """
    if not path.exists():
        raise TargetError(f"no pack at {path}: give a .pack file, or an unpacked folder")
    folder = path.parent if path.suffix.lower() == ".pdsc" else path
    if folder.is_dir():
        count = len(list(folder.glob("*.pdsc")))
        if count != 1:
            raise TargetError(f"{folder}: holds {count} .pdsc files, an unpacked pack holds one")
    return folder


def _packs(given: list[Path]) -> tuple[Path, ...]:
    listed = os.environ.get(PACK_VARIABLE, "")
    named = given or [Path(part) for part in listed.split(os.pathsep) if part]
    return tuple(_pack(path) for path in named)


def _elf(arguments: argparse.Namespace) -> Path:
    """Return the image to write; it is built, unless it was given or nothing is to be done."""
    if arguments.image is not None:
        return Path(arguments.image)
    options = image_options.backend(arguments, arguments.target)
    if arguments.dry_run:
        model = build.find_model(arguments.model)
        folder = build.output_folder(BUILD, load(arguments.target), model, options.backend)
        return folder / f"{apps.find_app(arguments.app).name}.elf"
    return make(arguments.target, arguments.model, app=arguments.app, options=options).elf


def _say(line: str) -> None:
    sys.stderr.write(f"  {line}\n")


def run(arguments: argparse.Namespace) -> int:
    """Build, write, verify; return the exit code.

    Raises the errors of the build, of `flash.plan` and of `flash.run`.
    """
    target = load(arguments.target)
    settings = flash.settings(target)
    packs = _packs(arguments.pack)
    verify = not arguments.no_verify
    # Before the build: a missing runner should not cost its time.
    name = flash.choose(target, arguments.runner, packs, dry=arguments.dry_run)
    job = FlashJob(settings, _elf(arguments).resolve(), arguments.probe, packs, verify)
    chosen = flash.plan(name, job)
    fields = {
        "target": target.name,
        "image": str(job.elf),
        "runner": chosen.name,
        "verified": verify and not arguments.dry_run,
        "written": not arguments.dry_run,
        "commands": [list(step.argv) for step in chosen.steps],
    }
    if arguments.dry_run and not arguments.json:
        sys.stdout.write("".join(shlex.join(step.argv) + "\n" for step in chosen.steps))
        return 0
    if arguments.dry_run:
        sys.stdout.write(json.dumps(fields) + "\n")
        return 0
    for path in (job.elf, job.binary, job.hexadecimal):
        if not path.is_file():
            raise BuildError(f"no image at {path}: build it with host_tools build")
    flash.run(chosen, job, _say if arguments.verbose else lambda _: None)
    done = "written and verified" if verify else "written, not verified"
    told = f"{job.elf.name} {done} on {target.name} by {chosen.name}"
    sys.stdout.write((json.dumps(fields) if arguments.json else told) + "\n")
    return 0
