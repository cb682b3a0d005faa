"""`scons target=all`: one SCons run for each target whose toolchain is installed."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from targets import load, processes, toolchain
from targets.errors import BuildError, ExitCode

ALL = "all"


def missing_tool(name: str, compiler: str) -> str | None:
    """Return why target `name` cannot be built on this machine with `compiler`, or None.

    An empty `compiler` is the target's own choice.
    """
    target = load.load(name)
    try:
        toolchain.programs(target, toolchain.choose(target, compiler))
    except BuildError as error:
        return str(error)
    return None


def build_all(arguments: Sequence[str], folder: Path, compiler: str = "") -> int:
    """Build every target with the user's own `arguments`, in the `folder` SCons was started in.

    A target whose toolchain is missing, or that is not built with `compiler`, is skipped, and a
    failed build does not keep the others from being built. Returns an exit code: 0 unless a build
    failed.
    """
    failed, skipped = [], []
    for name in load.available():
        if (why := missing_tool(name, compiler)) is not None:
            skipped.append(name)
            _tell(f"{name}: skipped: {why}")
            continue
        _tell(f"{name}:")
        command = [sys.executable, "-m", "SCons", "-Q", *arguments, f"target={name}"]
        tie = processes.with_parent()
        if subprocess.run(command, cwd=folder, check=False, preexec_fn=tie).returncode != 0:
            failed.append(name)
    built = len(load.available()) - len(failed) - len(skipped)
    _tell(f"{built} built, {len(skipped)} skipped, {len(failed)} failed")
    if failed:
        sys.stderr.write(f"scons: failed: {', '.join(failed)}\n")
        return int(ExitCode.USAGE)
    return int(ExitCode.OK)


def _tell(line: str) -> None:
    sys.stdout.write(f"scons: {line}\n")
    sys.stdout.flush()  # before the lines of the run that it announces
