"""The program on README's first screen: compiled with a generated folder, and run."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from host_tools.formats import golden
from tests.architecture import tree
from tests.unit.sdk.tiny import MODEL, WARNINGS, user_folder

TEXT = tree.text(Path("README.md"))
PROGRAM = re.findall(r"```c\n(.*?)```", TEXT, re.DOTALL)
COMMAND = re.compile(r"^cc -std=c99 -I gen main\.c gen/\*\.c -o detector$", re.MULTILINE)


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    work = tmp_path_factory.mktemp("readme")
    user_folder(work / "gen")
    (work / "main.c").write_text(PROGRAM[0])
    strict = " ".join(WARNINGS)
    command = COMMAND.search(TEXT)
    assert command is not None
    line = command[0].replace("-std=c99", f"-std=c99 {strict}")
    subprocess.run(["sh", "-c", line], cwd=work, check=True, timeout=300)
    return work / "detector"


def run(program, rows):
    text = "\n".join(" ".join(f"{value:.9g}" for value in row) for row in rows)
    done = subprocess.run(
        [program], input=text, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.splitlines()


def test_readme_has_one_program():
    assert len(PROGRAM) == 1
    assert TEXT.index("```c\n") < 5000, "on the first screens"


def test_program_scores_samples_and_tells_a_fault_and_an_alarm(program):
    samples = golden.load(MODEL / "golden.npz").samples
    quiet = samples[np.isfinite(samples).all(axis=1)][:100]
    lines = run(program, [*quiet, quiet[-1] * np.nan, *quiet, *(quiet + 50 * np.ptp(quiet, 0) + 9)])
    assert len(lines) == 301
    assert all(re.fullmatch(r"state \d: score \S+", line) for line in lines[:100])
    assert lines[100] == "no sensor gives a good value"
    assert any(float(line.split()[-1]) > 0 for line in lines[:100])
    assert any(re.fullmatch(r"alarm: score \S+, [a-z_]+", line) for line in lines[201:])


def test_program_ends_with_its_input(program):
    assert run(program, []) == []


def test_figures_of_the_first_screen_are_those_of_the_tables():
    head, tables = TEXT.split("## Measured")
    summary = [line for line in head.splitlines() if line.startswith("| ")]
    for figure in ("0 of 40,960", "0 of 600", "2,848 bytes"):
        assert figure in head
        assert figure in tables
    measured = re.search(
        r"Instructions per inference \(counted, not cycles\) \| ([\d,]+) \|", tables
    )
    others = re.search(r"^\| forecaster \|.*\| ([\d.]+) \| [\d,]+ \|$", tables, re.MULTILINE)
    proved = re.search(r"proved: at most ([\d,]+) \|", tables)
    assert measured is not None
    assert others is not None
    assert proved is not None
    million = int(measured[1].replace(",", "")) / 1e6
    assert any(f"{million:.2f} million; {others[1]} million" in line for line in summary)
    assert any(f"{proved[1]} bytes |" in line for line in summary)
