"""All files or none, nothing stale, nothing foreign."""

import json

import pytest

from codegen.emit.write import write
from targets import output
from targets.errors import OutputError


def files(**texts):
    found = {name.replace("_", "."): text for name, text in texts.items()}
    return found | {"manifest.json": json.dumps({"files": dict.fromkeys(found, "")})}


def names(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_writes_and_replaces(tmp_path):
    out = tmp_path / "deep" / "out"
    write(out, files(a_c="1", b_c="2"), exclusive=True)
    write(out, files(a_c="3"), exclusive=True)
    assert names(out) == ["a.c", "manifest.json"]
    assert (out / "a.c").read_text() == "3"
    assert names(tmp_path / "deep") == ["out/a.c", "out/manifest.json"]


def test_foreign_files_stay(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "main.c").write_text("mine")
    write(tmp_path, files(a_c="1"), exclusive=False)
    assert names(tmp_path) == ["a.c", "main.c", "manifest.json", "notes.txt"]
    with pytest.raises(OutputError, match=r"main\.c: is not from SAFE"):
        write(tmp_path, files(a_c="2"), exclusive=True)
    assert (tmp_path / "a.c").read_text() == "1"


def test_a_manifest_cannot_delete_elsewhere(tmp_path):
    victim = tmp_path / "victim.c"
    victim.write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    listed = {"../victim.c": "", str(victim): "", "": "", "old.c": ""}
    (out / "manifest.json").write_text(json.dumps({"files": listed}))
    (out / "old.c").write_text("old")
    write(out, files(a_c="1"), exclusive=True)
    assert victim.read_text() == "mine"
    assert names(out) == ["a.c", "manifest.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": 3}', '{"files": {"/": ""}}'])
def test_a_damaged_manifest(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    write(tmp_path, files(a_c="1"), exclusive=True)
    assert names(tmp_path) == ["a.c", "manifest.json"]


def test_the_folder_is_a_file(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="not a folder"):
        write(tmp_path / "out", files(), exclusive=False)
    with pytest.raises(OutputError, match="cannot be written"):
        write(tmp_path / "out" / "below", files(), exclusive=False)


def test_a_failure_leaves_everything_as_it_was(tmp_path, monkeypatch):
    out = tmp_path / "out"
    write(out, files(a_c="1"), exclusive=False)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output, "write", full)
    with pytest.raises(OutputError, match="No space left"):
        write(out, files(a_c="2", b_c="3"), exclusive=False)
    assert names(tmp_path) == ["out/a.c", "out/manifest.json"]
    assert (out / "a.c").read_text() == "1"
