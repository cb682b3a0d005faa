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
    env: Any, gen: str, model: build.Model, backend: str, *, optimize: str, streaming: bool
) -> Any:
    """Generate the C of `model`; returns the nodes of the fixed set of files."""
    target = env["SAFE_TARGET"]
    arguments = ["--name", model.name, "--out", gen, "--target", env["SAFE_TARGET_TEXT"]]
    arguments += ["--optimize", optimize, "--backend", backend]
    arguments += ["--streaming"] if streaming else []
    sources = [str(model.tflite)]
    if model.detector is not None:
        arguments += ["--scaler", str(model.scaler), "--detector", str(model.detector)]
        sources += [str(model.scaler), str(model.detector)]
    if model.description.is_file():
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
        [["$(", "$SAFE_PYTHON", "$)", "-m", "codegen", "${SOURCES[0]}", *arguments]],
        cmdstr=None if env["verbose"] else f"  GEN   {gen}",
    )
    nodes = env.Command(
        [f"{gen}/{name}" for name in build.generated_files(model)],
        [*sources, options],
        action,
    )
    env.Depends(nodes, _generator(env))
    return nodes


def _write(target: Any, source: Any, env: Any) -> None:  # noqa: ARG001 - names set by SCons
    from codegen.emit import linker

    description = env["SAFE_TARGET"]
    version = build.runtime_version()
    emitters = {"safe_target.h": linker.target_header, "linker.ld": linker.linker_script}
    for node in target:
        output.write(Path(str(node)), emitters[node.name](description, version))


def safe_target(env: Any, gen: str) -> Any:
    """Write linker script and `safe_target.h`; no nodes for a target that needs neither."""
    target = env["SAFE_TARGET"]
    if not build.has_linker_script(target):
        return []
    nodes = env.Command(
        [f"{gen}/safe_target.h", f"{gen}/linker.ld"],
        [str(env["SAFE_TARGET_FILE"])],
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
