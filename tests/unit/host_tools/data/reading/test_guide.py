"""docs/data.md: its examples run as they are written, its options exist, every verb reads alike."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from host_tools import cli
from host_tools.data import csv
from tests.unit.host_tools.data.reading.made import flow, stamp

GUIDE = (Path(__file__).parents[5] / "docs" / "data.md").read_text()
ROWS = 300


def comma(value: float) -> str:
    return str(value).replace(".", ",")


FORMS: dict[str, Callable[[int], str]] = {
    "time,T,p": lambda i: f"{stamp(60 * i)},{flow(i)},{flow(i + 9)}",
    "Zeit;T;p": lambda i: f"{stamp(60 * i, '%d.%m.%Y %H:%M')};"
    f"{comma(flow(i))};{comma(flow(i + 9))}",
    "Date\tTime\tT\tp": lambda i: f"{stamp(60 * i, '%d/%m/%Y')}\t{stamp(60 * i, '%H:%M')}\t"
    f"{flow(i)}\t{flow(i + 9)}",
    "time_ms,T,p": lambda i: f"{60_000 * i},{flow(i)},{flow(i + 9)}",
    "epoch,T,p,fault": lambda i: f"{1709251200 + 60 * i},{flow(i)},{flow(i + 9)},{int(i > 250)}",
    "# made\nidx,time,T,p": lambda i: f"{i},{stamp(60 * i)},{flow(i)},{flow(i + 9)}",
}  # fmt: skip


def log_of(folder: Path, head: str) -> Path:
    path = folder / "pump.csv"
    path.write_text("\n".join([head, *map(FORMS[head], range(ROWS))]) + "\n")
    return path


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    log_of(tmp_path, "Zeit;T;p")
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE, flags=re.DOTALL)
    commands = [line.split()[1:] for block in blocks for line in block.splitlines()
                if line.startswith("./safe read")]  # fmt: skip
    assert commands
    for command in commands:
        assert cli.main(command) == 0


def test_the_options_exist(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["read", "--help"])
    told = capsys.readouterr().out
    table = GUIDE.split("## Options")[1].split("## When")[0]
    named = {name for line in table.splitlines() if line.startswith("| `")
             for name in re.findall(r"--[a-z][a-z-]+", line.split(" | ")[0])}  # fmt: skip
    assert len(named) > 15
    assert {name for name in named if name not in told} == set()


@pytest.mark.parametrize("head", FORMS)
def test_every_verb_reads_alike(
    tmp_path: Path, head: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = log_of(tmp_path, head)
    # What train, fit, represent, evaluate, sweep and demo read.
    table = csv.read(path)
    np.testing.assert_array_equal(table.samples[:, 0], np.float32([flow(i) for i in range(ROWS)]))
    assert (table.names, table.rate_hz) == (("T", "p"), pytest.approx(1 / 60))
    assert cli.main(["read", "--csv", str(path), "--json"]) == 0
    read = json.loads(capsys.readouterr().out)
    assert (read["rows"], read["channels"], read["gaps"]) == (ROWS, ["T", "p"], [])
    assert read["time"]["period_s"] == 60
    assert cli.main(["eda", "--csv", str(path), "--outdir", str(tmp_path / "eda")]) == 0
    seen = json.loads((tmp_path / "eda" / "eda.json").read_text())
    assert seen["rows"] == ROWS
