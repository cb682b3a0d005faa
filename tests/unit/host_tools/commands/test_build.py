"""`host_tools build`: SAFE's applications and the user's own, as SCons builds them."""

import json
import re
import subprocess

import pytest

from host_tools import cli
from targets import apps
from targets.errors import AppUnknownError, BuildError, ExitCode
from tests.json_page import differences

MAIN = """\
#include <stdio.h>
#include "own.h"
#include "safe_forecaster_detector.h"
int main(void)
{
    int unused;
    puts(safe_forecaster_detector_init() == SAFE_STATUS_OK ? OWN : "not ready");
    return 0;
}
"""


@pytest.fixture
def app(tmp_path):
    folder = tmp_path / "my-app"
    (folder / "parts").mkdir(parents=True)
    (folder / "main.c").write_text(MAIN)
    (folder / "own.h").write_text('#define OWN "ready"\n')
    (folder / "parts" / "more.c").write_text("int more(void);\nint more(void) { return 1; }\n")
    return folder


def test_an_own_application_is_built_and_runs(app, tmp_path, capfd):
    out = tmp_path / "out"
    words = ["build", "--target", "host", "--app", str(app), "--out", str(out)]
    assert cli.main(words) == 0
    told = capfd.readouterr()
    elf = out / "host/forecaster/native/my-app.elf"
    assert told.out.splitlines()[-1] == str(elf)
    assert "  LINK  " in told.out
    # The user's code is warned of, but our warnings are no errors there.
    assert re.search(r"main\.c:6:9: warning: unused variable", told.err)
    run = subprocess.run([elf], capture_output=True, text=True, check=True)
    assert run.stdout == "ready\n"
    facts = json.loads((elf.parent / "size.json").read_text())
    assert facts["app"] == "my-app"
    assert {"application"} == {p["group"] for p in facts["parts"] if p["name"] == "main"}
    # The second time there is nothing to do; a changed header is seen.
    assert cli.main(words) == 0
    assert "  CC    " not in capfd.readouterr().out
    (app / "own.h").write_text('#define OWN "changed"\n')
    assert cli.main([*words, "--json"]) == 0
    sizes = json.loads(capfd.readouterr().out)
    assert differences("build", sizes) == set()
    assert sizes["target"] == "host"
    assert subprocess.run([elf], capture_output=True, check=True).stdout == b"changed\n"


def test_what_no_application_is(tmp_path):
    for text, said in (
        ("benhc", "unknown app 'benhc': neither one of .*; did you mean 'bench'"),
        ("", "unknown app ''"),
        (str(tmp_path), "holds no C file"),
    ):
        with pytest.raises(AppUnknownError, match=said):
            apps.find_app(text)
    (tmp_path / "bench").mkdir()
    with pytest.raises(AppUnknownError, match="takes the folder's name: choose another"):
        apps.find_app(str(tmp_path / "bench"))


def test_a_failed_build_is_one_line_and_the_tools_code(app, tmp_path, capfd):
    (app / "main.c").write_text("int main(void) { return nothing; }\n")
    words = ["build", "--target", "host", "--app", str(app), "--out", str(tmp_path / "out")]
    assert cli.main([*words, "--json"]) == 31
    told = capfd.readouterr()
    assert told.out == ""
    assert re.fullmatch(r"host_tools build: scons .*main\.c:1:.*'nothing' undeclared.*\n", told.err)


def test_every_target_is_told_and_a_failing_one_stops_no_other(monkeypatch, capsys):
    """Builds are stood in for: one is skipped, one breaks a budget, two are built."""

    class Image:
        def size(self):
            return {"flash_bytes": 81956, "static_ram_bytes": 10716}

    def make(target, model, **_):
        if target == "hifive1":
            error = BuildError(f"scons target={target} model={model}: section .text overflowed")
            error.exit_code = ExitCode.BUDGET
            raise error
        return Image()

    names = ("hifive1", "ibex", "stm32f4", "stm32u5")
    monkeypatch.setattr("targets.load.available", lambda: names)
    monkeypatch.setattr(
        "targets.every.missing_tool", lambda name, _: "no gcc" if name == "ibex" else None
    )
    monkeypatch.setattr("targets.make.make", make)
    assert cli.main(["build", "--target", "all"]) == ExitCode.BUDGET
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "  target    result   flash  static RAM",
        "  hifive1   failed       –           –",
        "  ibex     skipped       –           –",
        "  stm32f4    built  81,956      10,716",
        "  stm32u5    built  81,956      10,716",
        "  hifive1: failed: scons target=hifive1 model=forecaster: section .text overflowed",
        "  ibex: skipped: no gcc",
    ]
    assert told.err.splitlines() == ["build: hifive1", "build: stm32f4", "build: stm32u5"]
    monkeypatch.setattr("targets.load.available", lambda: names[1:])
    assert cli.main(["build", "--target", "all", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [differences("build --target all", row) for row in rows] == [set()] * 3
    assert [row["result"] for row in rows] == ["skipped", "built", "built"]
    assert rows[1]["flash_bytes"] == 81956


def test_a_model_that_is_not_there_is_no_failure_of_each_target(capsys):
    assert cli.main(["build", "--target", "all", "--model", "nobody"]) == ExitCode.MODEL_INVALID
    assert capsys.readouterr().err.count("\n") == 1
