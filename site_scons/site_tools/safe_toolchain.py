# SPDX-License-Identifier: Apache-2.0
"""Compiler, linker, flags and one-line output for the target in `SAFE_TARGET`."""

from pathlib import Path
from typing import Any

from targets import build, toolchain


def safe_object(env: Any, target: str, source: Any) -> Any:
    """Compile one file; the stack usage file beside it is cleaned with it."""
    nodes = env.Object(target, source)
    env.Clean(nodes, str(Path(str(nodes[0])).with_suffix(".su")))
    return nodes


def generate(env: Any) -> None:
    """Set CC, OBJCOPY and flags."""
    target, options = env["SAFE_TARGET"], env["SAFE_OPTIONS"]
    compiler, tools = options.compiler, env["SAFE_TOOLS"]
    root = env.Dir("#").abspath
    env.Replace(
        CC=Path(tools["compiler"]).name,
        LINK=Path(tools["linker"]).name,
        OBJCOPY=Path(tools["objcopy"]).name,
        OBJSUFFIX=".o",
        PROGSUFFIX="",
    )
    env.Append(
        # $( $): a moved folder rebuilds nothing, and leaves no trace in the image.
        CCFLAGS=[
            *toolchain.cflags(target, compiler),
            *options.cflags,
            *build.WARNINGS,
            "$(",
            *(f"-isystem{folder}" for folder in toolchain.system_includes(target, compiler)),
            f"-ffile-prefix-map={root}=.",
            f"-ffile-prefix-map={env['out']}=build",
            "$)",
        ],
        LINKFLAGS=[
            *toolchain.ldflags(target, compiler),
            *options.ldflags,
            "-Wl,--gc-sections",
        ],
    )
    if not env["verbose"]:
        env.Replace(CCCOMSTR="  CC    $TARGET", LINKCOMSTR="  LINK  $TARGET")
    env.AddMethod(safe_object, "SafeObject")


def exists(env: Any) -> bool:
    """Tell SCons that the tool can be used."""
    return "SAFE_TARGET" in env
