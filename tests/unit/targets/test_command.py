"""A tool runs to its end, or is ended."""

import sys

import pytest

from targets import command
from targets.errors import BuildError, EmulatorError


def python(text):
    return [sys.executable, "-c", text]


def test_output_and_status(tmp_path):
    text = "import os, sys; print(os.getcwd(), sys.stdin.read()); sys.exit('bad')"
    done = command.run(python(text), 20, timeout=BuildError, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (1, f"{tmp_path.resolve()} \n", "bad\n")


def test_one_that_does_not_end():
    with pytest.raises(EmulatorError, match=r"^image did not end within 0\.3 s$"):
        command.run(python("import time; time.sleep(60)"), 0.3, timeout=EmulatorError, what="image")
