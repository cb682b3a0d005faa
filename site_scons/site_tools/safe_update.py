# SPDX-License-Identifier: Apache-2.0
"""Models that are replaced over the line: their part of an image, and the signature library."""

import json
from pathlib import Path
from typing import Any

from SCons.Action import Action

from targets import build, output, toolchain
from targets.update import library


def _write(target: Any, source: Any, env: Any) -> None:  # noqa: ARG001 - names set by SCons
    from codegen.emit import update

    model = env["SAFE_UPDATE_MODEL"]
    texts = {
        update.TABLE: update.table(
            model.name,
            None,
            network=model.tflite is not None,
            learns=json.loads(model.detector.read_text())["baseline"] == "learned",
        ),
        update.CONFIG: update.config(env["SAFE_TARGET"], env["SAFE_UPDATE_KEY"]),
    }
    for node in target:
        output.write(Path(str(node)), texts[node.name])


def safe_update(env: Any, gen: str, model: build.Model, generated: list[Any]) -> list[Any]:
    """Put table and configuration in the place of the one model of an image without updates."""
    key = env["SAFE_UPDATE_KEY"]
    if not key:
        return generated
    env.Append(CPPDEFINES=["SAFE_APP_UPDATES"])
    nodes = env.Command(
        [f"{gen}/safe_update_table.c", f"{gen}/safe_update_config.c"],
        [str(env["SAFE_TARGET_FILE"]), env.Value([key.hex(), model.name])],
        Action(_write, cmdstr=f"  GEN   {gen}/safe_update_table.c"),
        SAFE_UPDATE_MODEL=model,
    )
    headers = sorted((build.ROOT / "sdk" / "include" / "safe").glob("*.h"))
    env.Depends(nodes, [env.File(str(p)) for p in (*build.generator_sources(), *headers)])
    return [*(node for node in generated if node.name != "safe_app_model.c"), *nodes]


def safe_update_objects(env: Any, folder: str) -> list[Any]:
    """Compile the updates and what checks signatures; nothing for an image without them."""
    if not env["SAFE_UPDATE_KEY"]:
        return []
    updates = sorted((build.ROOT / "sdk" / "src" / "update").glob("*.c"))
    source = library.folder()
    own = env.Clone()
    target, compiler = env["SAFE_TARGET"], env["SAFE_OPTIONS"].compiler
    paths = [f"-I{source / name}" for name in library.INCLUDES]
    own.Replace(CFLAGS=[*toolchain.cflags(target, compiler), *library.FLAGS, "$(", *paths, "$)"])
    files = [library.GLUE, *(source / name for name in library.SOURCES)]
    objects = env.SafeObjects(folder, updates, [])
    for file in files:
        objects += own.Object(f"{folder}/obj/signature/{file.stem}.o", str(file))
    return objects


def generate(env: Any) -> None:
    """Add both methods to the SCons environment."""
    env.AddMethod(safe_update, "SafeUpdate")
    env.AddMethod(safe_update_objects, "SafeUpdateObjects")


def exists(env: Any) -> bool:
    """Tell SCons that the tool can be used."""
    return "SAFE_TARGET" in env
