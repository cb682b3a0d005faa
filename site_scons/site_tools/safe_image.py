# SPDX-License-Identifier: Apache-2.0
"""ELF, BIN, HEX and MAP of an image, and its size report."""

import json
import re
import sys
from pathlib import Path
from typing import Any

from SCons.Action import Action

from targets import output, size
from targets.errors import SafeError
from targets.stack import bound

MEASURE = ("breakdown", "elf", "linkmap", "size")
"""Modules of `targets` that make the size report."""
_TEMPORARY = re.compile(r"\S*/cc\w+(\.(?:ltrans|debug))")


def _steady(target: Any, source: Any, env: Any) -> None:  # noqa: ARG001 - names set by SCons
    """Take the random names of the compiler's temporary files out of the map of an lto=1 image."""
    path = Path(str(target[0])).with_suffix(".map")
    output.write(path, _TEMPORARY.sub(r"lto\1", path.read_text(encoding="utf-8")))


def safe_image(env: Any, stem: str, objects: Any, description: Any) -> list[Any]:
    """Link `objects`; with a linker script also make BIN and HEX. Returns all nodes, ELF first."""
    scripts = [node for node in description if node.name.endswith(".ld")]
    flags = [f"-Wl,-Map={stem}.map"]
    for script in scripts:
        flags += [f"-T{script}", "-Wl,--fatal-warnings"]
    elf = env.Program(f"{stem}.elf", objects, LINKFLAGS=[*env["LINKFLAGS"], *flags])
    env.Depends(elf, scripts)
    env.SideEffect(f"{stem}.map", elf)
    if env["SAFE_OPTIONS"].lto:
        env.AddPostAction(elf, Action(_steady, strfunction=None))
    env.Clean(elf, [f"{stem}.map", f"{stem}.elf.ltrans0.ltrans.su"])  # the latter: of lto=1
    nodes = [*elf]
    if scripts:
        for suffix, kind in (("bin", "binary"), ("hex", "ihex")):
            copy = Action(
                f"$OBJCOPY -O {kind} $SOURCE $TARGET",
                cmdstr=None if env["verbose"] else "  COPY  $TARGET",
            )
            nodes += env.Command(f"{stem}.{suffix}", elf, copy)
    return nodes


def _stack(env: Any, elf: Path) -> dict[str, Any]:
    """Return how deep the image's stack can get."""
    if env["SAFE_NEEDS"].archives:
        return {"bound_bytes": None, "reason": "calls through the runtime's tables"}
    usage = [*(elf.parent / "obj").rglob("*.su"), *elf.parent.glob(f"{elf.name}*.su")]
    objdump = env["OBJCOPY"].replace("objcopy", "objdump")
    return bound.attempt(elf, sorted(usage), env["SAFE_TARGET"], objdump)


def _size(target: Any, source: Any, env: Any) -> int:
    identity = env["SAFE_IDENTITY"]
    try:
        facts = size.report(Path(str(source[0])), Path(str(source[1])), identity)
        facts["stack"] = stack = _stack(env, Path(str(source[0])))
        sys.stdout.write(f"{size.table(facts)}\n{size.summary(facts)}\n{bound.summary(stack)}\n")
        update = env["SAFE_TARGET"].update if env["SAFE_UPDATE_KEY"] else None
        bound.check(stack, env["SAFE_TARGET"].name, 0 if update is None else update.stack_bytes)
        size.check_budget(facts, Path(env["SAFE_MODEL_TOML"]))
        output.write(Path(str(target[0])), json.dumps(facts, indent=2) + "\n")
    except SafeError as error:
        sys.stderr.write(f"scons: {error}\n")
        return int(error.exit_code)
    return 0


def safe_size(
    env: Any, elf: Any, manifest: Any, identity: dict[str, str], description: Path
) -> Any:
    """Measure `elf` into `size.json` beside it; the budget of `model.toml` is held."""
    nodes = env.Command(
        f"{elf.dir}/size.json",
        [elf, manifest, env.Value(identity)],
        Action(_size, cmdstr="  SIZE  $TARGET"),
        SAFE_IDENTITY=identity,
        SAFE_MODEL_TOML=str(description),
    )
    env.Depends(nodes, [env.File(f"targets/{name}.py") for name in MEASURE])
    env.Depends(nodes, env.Glob("#targets/stack/*.py") + env.Glob("#targets/stack/*.toml"))
    if description.is_file():
        env.Depends(nodes, env.File(str(description)))
    return nodes


def generate(env: Any) -> None:
    """Add both methods to the SCons environment."""
    env.AddMethod(safe_image, "SafeImage")
    env.AddMethod(safe_size, "SafeSize")


def exists(env: Any) -> bool:
    """Tell SCons that the tool can be used."""
    return "SAFE_TARGET" in env
