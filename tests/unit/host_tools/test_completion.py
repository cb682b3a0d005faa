"""What the shell is told that may come next."""

import os
import subprocess
import sys

import pytest


@pytest.fixture
def complete(tmp_path):
    """Function that asks as the shell does."""

    def ask(line):
        answer = tmp_path / "answer"
        told = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line))}
        told |= {"_ARGCOMPLETE_IFS": "\n", "_ARGCOMPLETE_STDOUT_FILENAME": str(answer)}
        subprocess.run(
            [sys.executable, "-m", "host_tools"], env=os.environ | told, timeout=60, check=False
        )
        return answer.read_text().split()

    return ask


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("host_tools be", {"bench"}),
        ("host_tools build --tar", {"--target"}),
        ("host_tools build --target stm32f4", {"stm32f4", "stm32f446"}),
        ("host_tools build --model fore", {"forecaster"}),
        ("host_tools build --backend nat", {"native"}),
        ("host_tools nonsense --x", set()),
    ],
)
def test_completions(complete, line, found):
    assert set(complete(line)) == found
