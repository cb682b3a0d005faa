"""Compilers of a target: GCC, and clang where its TOML lists it.

Clang only compiles. GCC of the same target links, with its own C library and libgcc: one set of
start files, linker scripts and libraries serves both.
"""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from targets import build, output, processes
from targets.command import run
from targets.errors import BuildError
from targets.load import COMPILERS, Target

_SECONDS = 60


@dataclass(frozen=True)
class Clang:
    """Flags by which clang's objects fit GCC's libraries for one prefix."""

    triple: str = ""
    """Argument of `--target`; empty for the machine that builds."""
    cflags: tuple[str, ...] = ()
    ldflags: tuple[str, ...] = ()


_CLANG = {
    "": Clang(),
    "arm-none-eabi-": Clang(
        "arm-none-eabi",
        # GCC for bare metal stores an enum in the smallest type (AAPCS32 section 8.1.3).
        cflags=("-fshort-enums",),
        # Only clang marks its objects; the linker warns of a mixture that means nothing here.
        ldflags=("-Wl,-z,noexecstack",),
    ),
    "riscv64-unknown-elf-": Clang("riscv32-unknown-elf"),
}
_CXX_HEADERS = {"": "g++", "arm-none-eabi-": "libstdc++-arm-none-eabi-dev"}
"""Debian package with the headers of C++ by prefix; it has none for RISC-V."""
_GCC_ONLY = ("--specs=", "-misa-spec=")
"""Beginnings of flags that clang does not know; the specs only name folders of headers."""


def choose(target: Target, wanted: str) -> str:
    """Return the compiler to build `target` with: `wanted`, or when empty the first of its TOML.

    Raises BuildError when the target does not list it.
    """
    listed = target.toolchain.compilers
    if not wanted:
        return listed[0]
    if wanted not in COMPILERS:
        raise BuildError(f"unknown toolchain {wanted!r}; known are {', '.join(COMPILERS)}")
    if wanted not in listed:
        raise BuildError(
            f"target {target.name} is not built with {wanted}: [toolchain] of its TOML lists "
            f"compilers = {list(listed)}"
        )
    return wanted


def programs(target: Target, compiler: str) -> Mapping[str, str]:
    """Return the paths of `compiler`, `linker` and `objcopy`; BuildError names what is missing."""
    gcc = build.tool(target, "gcc")
    chosen = gcc if compiler == "gcc" else build.program(compiler, compiler)
    return {"compiler": chosen, "linker": gcc, "objcopy": build.tool(target, "objcopy")}


def cxx(target: Target) -> str:
    """Return the path of GCC's C++ compiler for `target`; BuildError when it is not whole.

    It compiles the C++ of an image with `toolchain=clang`, too: headers and archives are GCC's.
    """
    found = build.tool(target, "g++")
    command = [found, *target.cpu.flags, *target.toolchain.cflags, "-xc++", "-fsyntax-only"]
    with output.scratch("cxx") as folder:
        source = folder / "headers.cc"
        source.write_text("#include <cstddef>\n#include <new>\n#include <type_traits>\n")
        done = run([*command, str(source)], _SECONDS, timeout=BuildError)
    if done.returncode == 0:
        return found
    package = _CXX_HEADERS.get(target.toolchain.prefix)
    help_ = f"apt-get install {package}" if package else "use a toolchain with C++ for this target"
    raise BuildError(f"{Path(found).name} lacks the headers of C++: {help_}")


def _clang(target: Target) -> Clang:
    try:
        return _CLANG[target.toolchain.prefix]
    except KeyError:
        raise BuildError(
            f"toolchain=clang knows the C libraries of {', '.join(filter(None, _CLANG))} and of "
            f"this machine, not of {target.toolchain.prefix}"
        ) from None


def cflags(target: Target, compiler: str) -> tuple[str, ...]:
    """Return the target's own flags of a compilation."""
    flags = (*target.cpu.flags, *target.toolchain.cflags)
    if compiler == "gcc":
        return flags
    clang = _clang(target)
    triple = (f"--target={clang.triple}",) if clang.triple else ()
    return (*triple, *(f for f in flags if not f.startswith(_GCC_ONLY)), *clang.cflags)


def ldflags(target: Target, compiler: str) -> tuple[str, ...]:
    """Return the target's own flags of the link, which is GCC's."""
    more = () if compiler == "gcc" else _clang(target).ldflags
    return (*target.cpu.flags, *target.toolchain.ldflags, *more)


def system_includes(target: Target, compiler: str) -> tuple[str, ...]:
    """Return the folders of the C library's headers, where the compiler does not know them.

    They are those of the folders that GCC searches that hold `string.h`: the others are GCC's own
    headers, and clang has its own.
    """
    if compiler == "gcc" or not target.toolchain.prefix:
        return ()
    command = [build.tool(target, "gcc"), *target.cpu.flags, *target.toolchain.cflags]
    try:
        told = subprocess.run(
            [*command, "-xc", "-E", "-v", "-"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=_SECONDS,
            env={**os.environ, "LC_ALL": "C"},
            preexec_fn=processes.with_parent(),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise BuildError(f"{command[0]} does not tell where its headers are: {error}") from error
    _, _, listed = told.stderr.partition("#include <...> search starts here:\n")
    folders = (line.strip() for line in listed.partition("End of search list.")[0].splitlines())
    return tuple(os.path.normpath(f) for f in folders if Path(f, "string.h").is_file())
