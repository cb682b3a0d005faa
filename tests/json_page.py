"""The table of docs/json.md, for tests that hold what verbs print against it."""

import re

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `([^`]+)` \| .* \| (.*) \|$", PAGE, re.MULTILINE))
MORE = "…"


def words(text: str) -> list[str]:
    """Return the keys of a list with commas."""
    return [word for word in re.split(r", *", text.strip()) if word]


def told(verb: str, *options: str) -> tuple[set[str], bool]:
    """Return the keys that a verb's row promises with these options, and whether there are more.

    The keys before the first semicolon are always there. What follows one begins with the options
    that add its keys, each of them alone: "with `--a` or `--b` also one, two".
    """
    first, *further = ROWS[verb].split(";")
    keys = words(first)
    for clause in further:
        condition, _, added = clause.partition(" also ")
        if any(f"`{option}`" in condition for option in options):
            keys += words(added)
    return set(keys) - {MORE}, MORE in keys


def differences(verb: str, found: dict[str, object], *options: str) -> set[str]:
    """Return keys that are promised and missing, and keys that are printed and not promised."""
    keys, more = told(verb, *options)
    return keys - found.keys() if more else keys ^ found.keys()
