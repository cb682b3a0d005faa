# SPDX-License-Identifier: Apache-2.0
"""Compiler, flags and one-line output for the target in `SAFE_TARGET`."""

from pathlib import Path
from typing import Any

from targets import build


def safe_object(env: Any, target: str, source: Any) -> Any:
    """Compile one file; the stack usage file beside it is cleaned with it."""
    nodes = env.Object(target, source)
    env.Clean(nodes, str(Path(str(nodes[0])).with_suffix(".su")))
    return nodes


def generate(env: Any) -> None:
    """Set CC, OBJCOPY and flags."""
    target, options = env["SAFE_TARGET"], env["SAFE_OPTIONS"]
    root = env.Dir("#").abspath
    env.Replace(
        CC=Path(env["SAFE_TOOLS"]["gcc"]).name,
        OBJCOPY=Path(env["SAFE_TOOLS"]["objcopy"]).name,
        OBJSUFFIX=".o",
        PROGSUFFIX="",
    )
    env.Append(
        # $( $): a moved folder rebuilds nothing, and leaves no trace in the image.
        CCFLAGS=[
            *target.cpu.flags,
            *options.cflags,
            *build.WARNINGS,
            *target.toolchain.cflags,
            "$(",
            f"-ffile-prefix-map={root}=.",
            f"-ffile-prefix-map={env['out']}=build",
            "$)",
        ],
        LINKFLAGS=[
            *target.cpu.flags,
            *options.ldflags,
            *target.toolchain.ldflags,
            "-Wl,--gc-sections",
        ],
    )
    if not env["verbose"]:
        env.Replace(CCCOMSTR="  CC    $TARGET", LINKCOMSTR="  LINK  $TARGET")
    env.AddMethod(safe_object, "SafeObject")


def exists(env: Any) -> bool:
    """Tell SCons that the tool can be used."""
    return "SAFE_TARGET" in env
