"""docs/packages.md: its first commands run as they stand; its tables name every format and core."""

import re
import shlex

from host_tools.cli import main
from host_tools.package.library import CORES
from host_tools.package.request import FORMATS
from targets.places import ROOT
from tests.unit.host_tools.package.conftest import agrees, call

PAGE = ROOT / "docs" / "packages.md"


def test_the_first_commands_run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    block = re.search(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)[1]
    told = []
    for line in block.splitlines():
        program, *words = shlex.split(line, comments=True)
        if program == "./safe":
            assert main(words) == 0
        else:
            told.append(call(program, *words))
    assert agrees("".join(told), 84)


def test_the_tables_name_every_format():
    tables = [line.lower() for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    for name in FORMATS:
        spoken = {"cubeide": "stm32cubeide"}.get(name, name)
        assert sum(line.startswith(f"| {spoken} |") for line in tables) == 2, name


def test_the_core_of_the_example_is_known():
    assert set(re.findall(r"--library ([\w-]+)", PAGE.read_text())) <= set(CORES)
