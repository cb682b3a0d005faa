"""The command line itself: what it imports, what it lists, and what it says of a wrong word."""

import subprocess
import sys

import pytest

from host_tools import cli

HEAVY = ("numpy", "pandas", "matplotlib", "tflite", "elftools", "subprocess", "targets.make")
PRINT_MODULES = """
import sys
from host_tools import cli
try:
    cli.main(sys.argv[1:])
except SystemExit:
    pass
print("MODULES", *sorted(sys.modules))
"""


def modules(root, *arguments):
    """Return the modules that a process of its own has imported after a command line."""
    done = subprocess.run(
        [sys.executable, "-c", PRINT_MODULES, *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.rpartition("MODULES ")[2].split()


def test_a_verb_imports_itself_only(root):
    """What else takes time comes with the run: `--help` costs about what Python's start does."""
    found = modules(root, "size", "--help")
    assert [name for name in found if name.startswith("host_tools.commands.")] == [
        "host_tools.commands._options",
        "host_tools.commands.size",
    ]
    assert not set(HEAVY) & set(found)


@pytest.mark.parametrize("words", [("help",), ("--help",), (), ("nope",)])
def test_the_list_of_verbs_imports_none(root, words):
    assert [n for n in modules(root, *words) if n.startswith("host_tools.commands")] == []


def test_every_verb_is_listed_with_the_first_line_of_its_description(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["help"])
    assert end.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert len(cli.verbs()) > 15
    for verb, file in cli.verbs().items():
        assert f"{verb} {cli.summary(file)}" in text


def test_the_list_shows_what_the_module_says():
    for verb, file in cli.verbs().items():
        parser = cli.build_parser(verb)
        description = parser._subparsers._group_actions[0].choices[verb].description
        assert cli.summary(file)
        assert description.startswith(cli.summary(file))


@pytest.mark.parametrize("words", [("help", "size"), ("size", "--help")])
def test_help_of_one_verb(capsys, words):
    with pytest.raises(SystemExit) as end:
        cli.main(words)
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("usage: host_tools size ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("bnech",), "no such verb: 'bnech'; did you mean 'bench'?"),
        (("help", "trian"), "no such verb: 'trian'; did you mean 'train'?"),
        (("zzz",), "no such verb: 'zzz'; host_tools help lists them"),
        (("../bench",), "no such verb: '../bench'; did you mean 'bench'?"),
        ((), "required: VERB"),
    ],
)
def test_wrong_words(capsys, words, said):
    with pytest.raises(SystemExit) as end:
        cli.main(words)
    assert end.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err


@pytest.mark.parametrize(
    "words",
    [
        ("bench", "--emulate", "--out"),
        ("plant", "--out"),
        ("eda", "--csv", "x", "--outdir"),
        ("train", "--out"),
        ("evaluate", "--out"),
        ("profile", "--picture"),
        ("count", "m.tflite", "--manifest"),
        ("demo", "--out"),
    ],
)
def test_an_output_that_cannot_be_written_ends_before_the_work(tmp_path, capsys, words):
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    assert cli.main([*words, str(tmp_path / "file" / "below" / "out.json")]) == 32
    said = capsys.readouterr().err
    assert said.startswith(f"host_tools {words[0]}: ")
    assert "cannot be written" in said
    assert cli.main([*words, "/proc/nowhere/out.json"]) == 32
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_is_no_output_file(tmp_path, capsys):
    assert cli.main(["plant", "--out", str(tmp_path)]) == 32
    assert "is a folder" in capsys.readouterr().err
