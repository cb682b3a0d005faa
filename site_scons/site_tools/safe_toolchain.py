# SPDX-License-Identifier: Apache-2.0
"""Compiler, linker, flags and one-line output for the target in `SAFE_TARGET`."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from targets import apps, build, toolchain


def safe_object(env: Any, target: str, source: Any, *, small: bool = False) -> Any:
    """Compile one file; the stack usage file beside it is cleaned with it."""
    foreign = str(source).endswith(env["SAFE_NEEDS"].foreign)
    flags = list(env["CFLAGS"])
    if small:
        options = env["SAFE_OPTIONS"]
        other = dict(zip(options.cflags, options.small_cflags, strict=True))
        flags = [other.get(str(flag), flag) for flag in flags]
    nodes = env.Object(target, source, CFLAGS=[*flags, "-w"] if foreign else flags)
    env.Clean(nodes, str(Path(str(nodes[0])).with_suffix(".su")))
    return nodes


def safe_objects(env: Any, folder: str, sources: Sequence[Path], generated: list[Any]) -> list[Any]:
    """Compile the sources of an image, and what is C or C++ of the generated files.

    Headers of a foreign runtime are not read for dependencies: its archives stand for them.
    """
    own = [Path(os.path.relpath(s, env.Dir("#").abspath)) for s in sources]
    small = env["SAFE_TARGET"].toolchain.small
    objects = [
        safe_object(
            env,
            f"{folder}/obj/{s.with_suffix('.o')}",
            str(s),
            small=small and "kernel" not in s.parts,
        )
        for s in own
    ]
    for node in generated:
        name = Path(node.name)
        if name.suffix in (".c", apps.CXX):
            objects.append(safe_object(env, f"{folder}/obj/gen/{name.stem}.o", node))
            env.Depends(objects[-1], [env.File(str(p)) for p in env["SAFE_NEEDS"].archives])
    return objects


def safe_app_objects(env: Any, out: str, app: apps.App) -> list[Any]:
    """Compile what the user brings, the application's folder and that of its sensors."""
    sensors = [] if app.sensor is None else _own_objects(env, f"{out}/sensor", app.sensor)
    return sensors + _own_objects(env, f"{out}/app", app)


def _own_objects(env: Any, out: str, app: apps.App) -> list[Any]:
    """Compile a folder of the user's, if it is one: our warnings are no errors there."""
    if app.folder is None:
        return []
    own = env.Clone()
    ours = set(build.WARNINGS) - {"-Wall", "-Wextra"}
    for kind in ("CFLAGS", "CXXFLAGS"):
        own[kind] = [flag for flag in env[kind] if flag not in ours]
    own.Append(CCFLAGS=["$(", f"-ffile-prefix-map={app.folder}=app", "$)"])
    own.Prepend(CPPPATH=[str(app.folder)])
    names = [source.relative_to(app.folder).with_suffix(".o") for source in app.sources]
    return [
        safe_object(own, f"{out}/{name.as_posix()}", str(source))
        for name, source in zip(names, app.sources, strict=True)
    ]


def generate(env: Any) -> None:
    """Set CC, OBJCOPY and flags."""
    target, options = env["SAFE_TARGET"], env["SAFE_OPTIONS"]
    compiler, tools = options.compiler, env["SAFE_TOOLS"]
    root = env.Dir("#").abspath
    if env["SAFE_CXX"]:
        env.Tool("cxx")
        env.Replace(CXX=Path(toolchain.cxx(target)).name)
    env.Replace(
        CC=Path(tools["compiler"]).name,
        LINK=Path(tools["linker"]).name,
        OBJCOPY=Path(tools["objcopy"]).name,
        OBJSUFFIX=".o",
        PROGSUFFIX="",
    )
    # $( $): a moved folder rebuilds nothing, and leaves no trace in the image.
    places = [
        f"-ffile-prefix-map={root}=.",
        f"-ffile-prefix-map={env['out']}=build",
        "$)",
    ]
    foreign = [f"-isystem{folder}" for folder in env["SAFE_NEEDS"].includes]
    env.Append(
        CFLAGS=[
            *toolchain.cflags(target, compiler),
            *options.cflags,
            *build.WARNINGS,
            "$(",
            *foreign,
            *(f"-isystem{folder}" for folder in toolchain.system_includes(target, compiler)),
            *places,
        ],
        CXXFLAGS=[
            *toolchain.cflags(target, "gcc"),
            *options.cxxflags,
            *build.CXX_WARNINGS,
            "$(",
            *foreign,
            *places,
        ],
        CCFLAGS=list(env["SAFE_NEEDS"].flags),
        LINKFLAGS=[
            *toolchain.ldflags(target, compiler),
            *options.ldflags,
            "-Wl,--gc-sections",
            *(["-Wl,--wrap=main"] if env["SAFE_CXX"] and build.has_linker_script(target) else []),
        ],
    )
    if not env["verbose"]:
        env.Replace(
            CCCOMSTR="  CC    $TARGET", CXXCOMSTR="  CXX   $TARGET", LINKCOMSTR="  LINK  $TARGET"
        )
    env.AddMethod(safe_objects, "SafeObjects")
    env.AddMethod(safe_app_objects, "SafeAppObjects")


def exists(env: Any) -> bool:
    """Tell SCons that the tool can be used."""
    return "SAFE_TARGET" in env
