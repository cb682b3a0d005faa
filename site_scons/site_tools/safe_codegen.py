# SPDX-License-Identifier: Apache-2.0
"""Generated text: the model's C by `python -m codegen`, the target's by `codegen.emit.linker`."""

import sys
from pathlib import Path
from typing import Any

from SCons.Action import Action

from targets import build, output


def _generator(env: Any) -> list[Any]:
    return [env.File(str(p)) for p in build.generator_sources()]


def safe_model(
    env: Any,
    gen: str,
    model: build.Model,
    generation: build.Generation,
    *,
    arena: Any = None,
    alone: bool = False,
) -> Any:
    """Generate the code of `model`; returns the nodes of the fixed set of files.

    `arena` is a count of bytes, or the node of the file that holds it. `alone` leaves detector and
    budget out.
    """
    target, optimize, streaming = env["SAFE_TARGET"], generation.optimize, generation.streaming
    arguments = ["--name", model.name, "--out", gen, "--target", env["SAFE_TARGET_TEXT"]]
    arguments += ["--optimize", optimize, "--backend", generation.backend]
    arguments += ["--streaming"] if streaming else []
    sources = [str(model.tflite)] if model.tflite is not None else []
    file = ["${SOURCES[0]}"] if sources else []
    if arena is not None:
        arguments += ["--arena", str(arena)]
        sources += [] if isinstance(arena, int) else [arena]
    if model.detector is not None and not alone:
        arguments += ["--scaler", str(model.scaler), "--detector", str(model.detector)]
        sources += [str(model.scaler), str(model.detector)]
    if model.description.is_file() and not alone:
        arguments += ["--description", str(model.description)]
        sources.append(str(model.description))
    # The generator packs weights for the kernel file that will be compiled.
    options = env.Value(
        {
            "optimize": optimize,
            "streaming": streaming,
            "target": target.name,
            "isa": target.isa,
            "kernels": build.kernel_names(target.isa),
        }
    )
    action = Action(
        [["$(", "$SAFE_PYTHON", "$)", "-m", "codegen", *file, *arguments]],
        cmdstr=None if env["verbose"] else f"  GEN   {gen}",
    )
    nodes = env.Command(
        [
            f"{gen}/{name}"
            for name in build.generated_files(model, generation.files, detector=not alone)
        ],
        [*sources, options],
        action,
    )
    env.Depends(nodes, _generator(env))
    # A backend may run a tool of the folder that its archives lie in.
    env.Depends(nodes, [env.File(str(path)) for path in env["SAFE_NEEDS"].archives])
    return nodes


def _write(target: Any, source: Any, env: Any) -> None:  # noqa: ARG001 - names set by SCons
    from codegen.emit import linker

    description = env["SAFE_TARGET"]
    version, updates = build.runtime_version(), bool(env["SAFE_UPDATE_KEY"])
    hot = env["SAFE_OPTIONS"].symbols
    texts = {
        "safe_target.h": linker.target_header(description, version, updates=updates, hot=hot),
        "linker.ld": linker.linker_script(
            description, version, cxx=env["SAFE_CXX"], updates=updates, hot=hot
        ),
    }
    for node in target:
        output.write(Path(str(node)), texts[node.name])


def safe_target(env: Any, gen: str) -> Any:
    """Write linker script and `safe_target.h`; no nodes for a target that needs neither."""
    target = env["SAFE_TARGET"]
    if not build.has_linker_script(target):
        return []
    nodes = env.Command(
        [f"{gen}/safe_target.h", f"{gen}/linker.ld"],
        [
            str(env["SAFE_TARGET_FILE"]),
            env.Value([env["SAFE_CXX"], bool(env["SAFE_UPDATE_KEY"])]),
            env.Value(repr(env["SAFE_OPTIONS"].symbols)),
        ],
        Action(_write, cmdstr=f"  GEN   {gen}/linker.ld"),
    )
    env.Depends(nodes, _generator(env))
    return nodes


def generate(env: Any) -> None:
    """Add both methods to the SCons environment."""
    env["SAFE_PYTHON"] = sys.executable
    env.AddMethod(safe_model, "SafeModel")
    env.AddMethod(safe_target, "SafeTarget")


def exists(env: Any) -> bool:
    """Tell SCons that the tool can be used."""
    return "SAFE_TARGET" in env
