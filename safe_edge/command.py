"""The console script `host_tools`: makes the rooms known, then runs the command line."""

import os
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent


def enter() -> None:
    """Let this process and its Python children find the rooms of an installed package.

    A folder of the user that is called `models` or `targets` never takes their place. In a clone
    the rooms are on the path already: this folder holds none there.
    """
    if not (HOME / "host_tools").is_dir():
        return
    sys.path.insert(0, str(HOME))
    inherited = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HOME), *([inherited] if inherited else [])])
    os.environ["PYTHONSAFEPATH"] = "1"


def main() -> int:
    """Run one verb; return its exit code."""
    enter()
    from host_tools.cli import main as command_line

    return command_line()
