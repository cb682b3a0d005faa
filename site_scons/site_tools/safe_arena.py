# SPDX-License-Identifier: Apache-2.0
"""`arena.json`: what a foreign runtime takes of its arena, measured by an image that runs once."""

import hashlib
import sys
from pathlib import Path
from typing import Any

from SCons.Action import Action

from targets import arena, build, output
from targets.errors import SafeError


def _measure(target: Any, source: Any, env: Any) -> int:
    about, images = env["SAFE_TARGET"], [n for n in source if str(n).endswith(".elf")]
    try:
        taken = arena.measure(about, Path(str(images[0]))) if images else None
        count = arena.settle(taken, Path(env["SAFE_MODEL_TOML"]), about.name)
        facts = {
            "taken_bytes": taken,
            "target": about.name,
            "model_sha256": _sha256(Path(env["SAFE_MODEL_FILE"])),
            "archives": {p.name: _sha256(p) for p in env["SAFE_NEEDS"].archives},
            "flags": list(env["SAFE_NEEDS"].flags),
        }
        output.write(Path(str(target[0])), arena.text(count, facts))
    except SafeError as error:
        sys.stderr.write(f"scons: {error}\n")
        return int(error.exit_code)
    return 0


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def safe_arena(
    env: Any, out: str, model: build.Model, generation: build.Generation, description: Any
) -> Any:
    """Return the node of `arena.json`; where the target has an emulator, a probe is built and run.

    The probe is the image without the detector, and shares the objects of the runtime with it.
    """
    about, probed = env["SAFE_TARGET"], []
    if about.emulator is not None:
        folder = f"{out}/{arena.PROBE}"
        generated = env.SafeModel(
            f"{folder}/gen", model, generation, arena=arena.room(about), alone=True
        )
        inner = env.Clone()
        inner.Prepend(CPPPATH=[env.Dir(f"{folder}/gen")])
        sources = build.sources(about, arena.PROBE, cxx=env["SAFE_CXX"])
        objects = [*env.SafeObjects(out, sources, []), *inner.SafeObjects(folder, [], generated)]
        probed = inner.SafeImage(f"{folder}/{arena.PROBE}", objects, description)[:1]
    nodes = env.Command(
        f"{out}/{arena.FILE}",
        [*probed, *([str(model.description)] if model.description.is_file() else [])],
        Action(_measure, cmdstr="  ARENA $TARGET"),
        SAFE_MODEL_TOML=str(model.description),
        SAFE_MODEL_FILE=str(model.tflite),
    )
    env.Depends(nodes, env.File("targets/arena.py"))
    return nodes[0]


def generate(env: Any) -> None:
    """Add the method to the SCons environment."""
    env.AddMethod(safe_arena, "SafeArena")


def exists(env: Any) -> bool:
    """Tell SCons that the tool can be used."""
    return "SAFE_TARGET" in env
