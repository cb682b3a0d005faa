"""The payload of a model image: objects of a build, linked for one slot, and what they need."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from targets import build, database, toolchain
from targets.command import run
from targets.errors import BuildError
from targets.load import Target
from targets.options import Options
from targets.stack import bound

_CALLS = ("invoke_arena", "reset_arena")
_SECONDS = 300
_TABLE = "table.c"


@dataclass(frozen=True)
class Payload:
    """The bytes of a slot behind the header."""

    content: bytes
    ram_bytes: int
    """Number of bytes of memory that the model needs, arena and detector."""
    stack_bytes: int
    """Number of bytes of stack that its calls take at most, proved."""


def _call(command: Sequence[str], folder: Path) -> None:
    done = run(command, _SECONDS, timeout=BuildError, cwd=folder)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        telling = [
            line for line in lines if "error" in line or "overflowed" in line or "variables" in line
        ]
        raise BuildError(f"{Path(command[0]).name}: {(telling or lines or ['failed'])[0]}")


def _objects(built: Path) -> list[Path]:
    """Return the objects of a build that a model can need; the linker drops the rest.

    The folder may hold others, of sources that are gone: the compile database has those of today.
    """
    entries = json.loads((built / database.NAME).read_text(encoding="utf-8"))
    made = sorted(Path(entry["directory"], entry["output"]) for entry in entries)
    own = [
        path
        for path in made
        if path.parent.name == "gen"
        and not path.stem.startswith(("safe_app_", "safe_update_"))
        and not path.stem.endswith("_detector_static")
    ]
    return [*own, *(path for path in made if "sdk/src/kernel" in path.parent.as_posix())]


def link(
    target: Target,
    options: Options,
    built: Path,
    table: str,
    scripts: Mapping[int, str],
    *,
    folder: Path,
    network: bool,
) -> dict[int, Payload]:
    """Return the payload of each slot of `scripts`, linker scripts by slot.

    `built` is the folder of the model's own image for this target, `table` the text of the table;
    `folder` takes intermediate files. Raises BuildError: too long for the slot, variables, or a
    stack that cannot be proved.
    """
    tools = toolchain.programs(target, options.compiler)
    objects = [*_objects(built), folder / "table.o"]
    (folder / _TABLE).write_text(table, encoding="utf-8")
    includes = [f"-I{path}" for path in (*build.include_paths(target), built / "gen")]
    flags = [*toolchain.cflags(target, options.compiler), *options.cflags, *build.WARNINGS]
    system = [f"-isystem{f}" for f in toolchain.system_includes(target, options.compiler)]
    _call([tools["compiler"], *flags, *system, *includes, "-c", _TABLE, "-o", "table.o"], folder)
    usage = [path.with_suffix(".su") for path in objects]
    found = {}
    for slot, script in scripts.items():
        image, binary = folder / f"slot{slot}.elf", folder / f"slot{slot}.bin"
        (folder / f"slot{slot}.ld").write_text(script, encoding="utf-8")
        link = [tools["linker"], *toolchain.ldflags(target, options.compiler), *options.ldflags]
        link += ["-Wl,--gc-sections", "-Wl,--fatal-warnings", f"-Tslot{slot}.ld"]
        _call([*link, *map(str, objects), "-o", str(image)], folder)
        _call([tools["objcopy"], "-O", "binary", str(image), str(binary)], folder)
        content = binary.read_bytes()
        objdump = tools["objcopy"].replace("objcopy", "objdump")
        present = [path for path in usage if path.is_file()]
        stack = bound.of_calls(image, present, target, objdump, _CALLS) if network else 0
        found[slot] = Payload(content, _ram_bytes(content), stack)
    return found


def _ram_bytes(content: bytes) -> int:
    """Return the third word of the table, which a payload begins with."""
    return int.from_bytes(content[8:12], "little")
