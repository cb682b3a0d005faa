"""Every command in the documentation is one: its verb, its options and its variables exist.

Those of the shell blocks are parsed whole by the verbs' own parsers; those between backticks may be
shortened, and are held to the names that they use. What the blocks do is run by
`test_commands_run.py`.
"""

import argparse
import importlib.util
import re
import subprocess
import sys
from functools import cache

import pytest

from codegen.command import build_parser as codegen_parser
from host_tools import cli
from tests.architecture import tree
from tests.unit.docs import commands
from tests.unit.docs.commands import Command

LAUNCHER = {
    "docs": {"--out", "--picture"},
    "help": set(),
    "lock": {"--upgrade"},
    "release": {"--check", "--out"},
    "setup": set(),
    "test": None,
}
"""Commands of `./safe` that are no verbs, and their options; None: those of pytest, too."""
PLACEHOLDER = re.compile(r"^(VERB|PATH|<.*>|\[.*|.*\]|…)$")
SCONS_TARGETS = {"flash", "perf"}


@cache
def variables():
    """Return the variables that SCons knows, by its own help."""
    command = [sys.executable, "-m", "SCons", "-Q", "--help"]
    text = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^(\w+): ", text, re.MULTILINE))


@cache
def parser_of(verb):
    return cli.build_parser(verb)


def options(parser):
    """Return every option of a parser and of those below it."""
    found = set()
    for action in parser._actions:
        found |= set(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                found |= options(below)
    return found


def whole(command):
    """Raise SystemExit, with argparse's message on stderr, unless a command's words parse."""
    program, *words = command.words
    if program == "./safe":
        program, words = ("scons", words[1:]) if words[0] == "scons" else ("host_tools", words)
    if program == "host_tools" and words[0] not in LAUNCHER:
        assert words[0] in cli.verbs(), f"{command}: no such verb"
        parser_of(words[0]).parse_args(words)
    elif program == "host_tools":
        known(command)
    elif program == "scons":
        known_to_scons(command, words)


def known(command):
    """Hold a command to what exists; its arguments may be shortened or left out."""
    program, *words = command.words
    if program in cli.verbs():
        words = [program, *words]
    elif program == "python":
        if words[0] == "-m":
            assert importlib.util.find_spec(words[1]), command
        if words[:2] == ["-m", "codegen"]:
            assert set(long_options(words)) <= options(codegen_parser()), command
        words = words[2:] if words[:2] == ["-m", "host_tools"] else []
    elif program == "scons" or words[:1] == ["scons"]:
        known_to_scons(command, words[1:] if words[:1] == ["scons"] else words)
        return
    if not words or PLACEHOLDER.match(words[0]) or words[0] == "--version":
        return
    verb, *rest = words
    if verb in LAUNCHER:
        if LAUNCHER[verb] is not None:
            assert set(long_options(rest)) <= LAUNCHER[verb], command
        return
    assert verb in cli.verbs(), f"{command}: no such verb"
    unknown = set(long_options(rest)) - options(parser_of(verb)) - {"--help"}
    assert not unknown, f"{command}: no option {', '.join(sorted(unknown))}"


def long_options(words):
    return [
        word.strip("[]").partition("=")[0] for word in words if word.strip("[").startswith("--")
    ]


def known_to_scons(command, words):
    for word in words:
        name, sign, _ = word.partition("=")
        if sign:
            assert name in variables(), f"{command}: no variable {name}"
        elif not word.startswith("-"):
            assert word in SCONS_TARGETS, f"{command}: no target {word}"


def test_the_pages_have_commands():
    assert len(commands.blocks()) > 25
    assert len(commands.told()) > 90
    assert len(commands.mentioned()) > 90


def test_a_block_is_read_as_a_shell_reads_it():
    text = "./safe a --x 'b c'  # told && not\nx=1 ./safe b \\\n   --y && cc d/*.c\n"
    found = [command.words for command in commands._commands("p", 7, text)]
    assert found == [("./safe", "a", "--x", "b c"), ("x=1", "./safe", "b", "--y"), ("cc", "d/*.c")]
    assert [c.line for c in commands._commands("p", 7, text)] == [7, 9, 9]


@pytest.mark.parametrize(
    ("text", "is_whole"),
    [
        ("./safe count --target stm32f4 --no-such", True),
        ("./safe cuont", True),
        ("./safe scons targte=stm32f4", True),
        ("count --no-such", False),
        ("scons targte=stm32f4", False),
        ("python -m tests.bench.no_such", False),
        ("targets new PART --no-such", False),
    ],
)
def test_a_command_that_is_none_is_found(text, is_whole, capsys):
    command = Command("page", 1, tuple(text.split()), text)
    with pytest.raises((AssertionError, SystemExit)):
        (whole if is_whole else known)(command)


@pytest.mark.parametrize("page", sorted({block.page for block in commands.blocks()}))
def test_the_commands_of_the_blocks_parse(page, capsys, monkeypatch):
    monkeypatch.chdir(tree.ROOT)
    for command in commands.told():
        if command.page == page:
            try:
                whole(command)
            except SystemExit as end:
                wrong = end.code not in (0, None)
                assert not wrong, f"{command}: {capsys.readouterr().err.splitlines()[-1]}"


def test_what_stands_between_backticks_exists():
    for command in commands.mentioned():
        known(command)
