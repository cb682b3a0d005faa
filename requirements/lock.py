"""Lock every package that SAFE installs, with its hashes: `./safe lock [--upgrade]`.

Reads the direct dependencies from pyproject.toml and writes one file per layer beside this one: a
profile of `./safe setup` installs its own layer and those below. What is locked already stays as
it is, unless pyproject.toml wants another version, or `--upgrade` asks for the newest of all.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PROJECT = FOLDER.parent / "pyproject.toml"
LAYERS: dict[str, tuple[str, ...]] = {
    "run": ("oracle", "packs", "flash", "emulate"),
    "train": ("train",),
    "onnx": ("onnx",),
    "monitor": ("monitor",),
    "ibex": ("ibex",),
    "update": ("update",),
    "docs": ("docs",),
    "test": ("test",),
    "lock": ("lock",),
}
"""File → its extras; `run` also has the project's own dependencies and what builds it."""
BELOW: dict[str, tuple[str, ...]] = {
    "run": (),
    "train": ("run",),
    "onnx": ("run", "train"),
    "monitor": ("run",),
    "ibex": ("run",),
    "update": ("run",),
    "docs": ("run",),
    "test": ("run", "train", "onnx", "monitor", "ibex", "update", "docs"),
    "lock": ("run",),
}
"""File → those that every profile which installs it installs, too; what they hold it leaves out."""
SOURCE_BUILDER = "setuptools"
"""What builds the packages that come as source only: cobs, of the tests."""
PRESENT = ("pip",)
"""Packages of every virtual environment: it would be the installer that installs itself anew."""
_PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==", re.MULTILINE)


def names(text: str) -> list[str]:
    """Return the packages of a requirements file."""
    return _PINNED.findall(text)


def _compile(extras: Iterable[str], out: Path, *options: str) -> None:
    """Run uv; its messages go to the terminal. Raises CalledProcessError."""
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "pip", "compile", str(PROJECT), "-", "--output-file", str(out), "--quiet"]
    command += ["--universal", "--generate-hashes", "--no-annotate"]
    command += ["--custom-compile-command", "./safe lock", *options]
    for extra in extras:
        command += ["--extra", extra]
    build = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["build-system"]["requires"]
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    wanted = "\n".join([*build, SOURCE_BUILDER])
    subprocess.run(command, input=wanted, text=True, check=True, env=environment)


def renew(options: Sequence[str]) -> None:
    """Write all layers, or none of them."""
    with tempfile.TemporaryDirectory(prefix="safe-lock-") as name:
        work = Path(name)
        whole = work / "all.txt"
        # uv keeps the versions that it finds in the file that it is to write.
        found = [FOLDER / f"{layer}.txt" for layer in LAYERS]
        whole.write_text("".join(p.read_text(encoding="utf-8") for p in found if p.exists()))
        _compile([e for extras in LAYERS.values() for e in extras], whole, *options)
        held: dict[str, list[str]] = {}
        for layer, extras in LAYERS.items():
            out = work / f"{layer}.txt"
            there = {name for below in BELOW[layer] for name in held[below]}
            skip = [w for n in (*PRESENT, *sorted(there)) for w in ("--no-emit-package", n)]
            # The base stands in every compilation, and in the first file only.
            _compile(extras, out, "--constraints", str(whole), *skip)
            held[layer] = names(out.read_text(encoding="utf-8"))
        for layer in LAYERS:
            shutil.copyfile(work / f"{layer}.txt", FOLDER / f"{layer}.txt")


def main() -> int:
    """Renew; return the exit code."""
    parser = argparse.ArgumentParser(prog="./safe lock", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest version of all")
    arguments = parser.parse_args()
    try:
        renew(["--upgrade"] if arguments.upgrade else [])
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"safe: the lock stays as it was: {error}\n")
        return 1
    sys.stderr.write("safe: locked; ./safe setup PROFILE installs it, ./safe test tries it\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
