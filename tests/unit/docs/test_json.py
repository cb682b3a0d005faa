"""docs/json.md against the verbs: each with a result has --json, and prints the keys told there."""

import argparse
import json

import pytest

from host_tools import cli
from host_tools.report.record import Report
from tests.json_page import PAGE, ROWS, differences, told

WITHOUT = {"emulate", "plant", "targets new", "update key"}


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
    assert differences(verb, found) == set()


def test_the_report_has_what_is_told():
    fields = set(Report.__dataclass_fields__)
    assert {"model", "target", "flash_bytes", "instructions_per_inference"} <= fields
    assert told("bench")[0] >= {"report_version", "exact"}


def test_keys_of_options_are_told_only_with_the_option():
    own = {"model", "picture", "operators"}
    waits = {"flash", "cycles_with_flash_estimated", "flash_estimate"}
    plain, more = told("profile")
    assert not more
    assert own < plain
    assert not plain & {*waits, "hot"}
    assert told("profile", "--wait-states")[0] == told("profile", "--flash-of")[0] == plain | waits
    assert told("profile", "--hot-ram")[0] == plain | waits | {"hot"}
    assert differences("profile", dict.fromkeys(plain | {"hot"})) == {"hot"}
    assert differences("profile", dict.fromkeys(plain), "--wait-states") == waits
