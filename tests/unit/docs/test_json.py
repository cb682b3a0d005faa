"""docs/json.md against the verbs: each with a result has --json, and prints the keys told there."""

import argparse
import json
import re

import pytest

from host_tools import cli
from host_tools.report.record import Report
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `([^`]+)` \| .* \| (.*) \|$", PAGE, re.MULTILINE))
WITHOUT = {"emulate", "plant", "targets new", "update key"}
MORE = "…"


def keys(verb):
    """The keys of a row, and whether there are more."""
    told = ROWS[verb].split(";")[0]
    found = [word for word in re.split(r", *", told) if word and word != MORE]
    return found, MORE in told


def parsers():
    """Every verb with its parser; those with verbs of their own by both names."""
    for verb in cli.verbs():
        parser = cli.build_parser(verb)
        (entries,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
        own = entries.choices[verb]
        below = [a for a in own._actions if isinstance(a, argparse._SubParsersAction)]
        if below:
            yield from ((f"{verb} {name}", entry) for name, entry in below[0].choices.items())
        else:
            yield verb, own


def test_every_verb_is_on_the_page_or_has_no_result():
    has = {
        verb
        for verb, parser in parsers()
        if any("--json" in action.option_strings for action in parser._actions)
    }
    known = {verb for verb, _ in parsers()}
    assert known - has == WITHOUT
    assert {verb for verb in ROWS if verb in known} == has
    for verb in WITHOUT:
        assert f"`{verb}`" in PAGE.partition("\n`emulate` prints")[0] + PAGE.rpartition("\n\n")[2]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a log and a product that is trained on it."""
    folder = tmp_path_factory.mktemp("json")
    log = folder / "log.csv"
    assert cli.main(["plant", "--rows", "3000", "--out", str(log)]) == 0
    return folder


CHEAP = {
    "read": "read --csv log.csv",
    "eda": "eda --csv log.csv --outdir eda",
    "represent": "represent --csv log.csv --outdir rep",
    "train": "train --csv log.csv --network none --out model --max-quiet-alarms 100",
    "generate": "generate --standalone --out gen",
    "package": "package --format make --out package",
    "new": "new mine",
    "flash": "flash --target stm32f4 --runner openocd --dry-run",
    "targets list": "targets list",
    "targets show": "targets show stm32f4",
}


@pytest.mark.parametrize("verb", CHEAP)
def test_keys_are_those_of_the_page(place, monkeypatch, capsys, verb):
    monkeypatch.chdir(place)
    assert cli.main([*CHEAP[verb].split(), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    found = found[0] if isinstance(found, list) else found
    told, more = keys(verb)
    assert set(told) <= set(found)
    assert more or set(told) == set(found)


def test_the_report_has_what_is_told():
    fields = set(Report.__dataclass_fields__)
    assert {"model", "target", "flash_bytes", "instructions_per_inference"} <= fields
    assert keys("bench")[0][:2] == ["report_version", "exact"]
