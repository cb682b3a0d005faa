"""Files and folders are written as a whole or not at all, whatever happens in between."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from targets import output
from targets.errors import OutputError


def names(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_file_is_written_with_its_folders(tmp_path: Path) -> None:
    output.write(tmp_path / "deep" / "a.txt", "é\n", durable=True)
    assert (tmp_path / "deep" / "a.txt").read_bytes() == "é\n".encode()
    assert names(tmp_path) == ["deep/a.txt"]


@pytest.mark.parametrize("method", ["open", "replace"])
def test_a_full_disk_keeps_the_file_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    output.write(tmp_path / "a", "before")
    with monkeypatch.context() as patch:
        patch.setattr(Path, method, full)
        with pytest.raises(OutputError, match=r"a: cannot be written \(No space.*; free some"):
            output.write(tmp_path / "a", "after", remedy="free some")
    assert (tmp_path / "a").read_text() == "before"
    assert names(tmp_path) == ["a"]


def test_what_a_killed_writer_left_goes_and_what_a_living_one_writes_stays(tmp_path: Path) -> None:
    (tmp_path / ".a.12.tmp").write_text("half")
    other = tmp_path / ".b.12.tmp"
    other.write_text("another file's")
    code = "import sys\nfrom targets import output\nwith output.writer(output.Path(sys.argv[1])):\n"
    code += "    print(flush=True)\n    sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "a")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as living:
        assert living.stdout is not None
        living.stdout.readline()
        output.write(tmp_path / "a", "mine")
        assert names(tmp_path) == [f".a.{living.pid}.tmp", ".b.12.tmp", "a"]
        living.communicate()
    assert living.returncode == 0
    assert names(tmp_path) == [".b.12.tmp", "a"]


def test_a_full_disk_below_intermediate_files_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output.tempfile, "tempdir", str(tmp_path))
    told = "No space left on device; free some space, or name"
    with pytest.raises(OutputError, match=told), output.scratch("work"):
        full()
    with pytest.raises(FileNotFoundError), output.scratch("work") as place:
        (place / "nothing").read_text()
    assert names(tmp_path) == []


def fill(out: Path, text: str) -> None:
    with output.staged(out, "last") as stage:
        stage.replaced.add("part")
        for name in ("last", "first", "part/one"):
            output.write(stage.folder / name, text)
        output.write(stage.work / "scratch", text)


def test_a_folder_appears_as_a_whole(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    fill(out, "1")
    assert names(tmp_path) == ["deep/out/first", "deep/out/last", "deep/out/part/one"]
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["out"]


def test_what_is_named_goes_and_what_is_not_stays(tmp_path: Path) -> None:
    fill(tmp_path, "1")
    for name in ("notes", "part/two"):
        output.write(tmp_path / name, "mine")
    fill(tmp_path, "2")
    assert names(tmp_path) == ["first", "last", "notes", "part/one"]
    assert {(tmp_path / name).read_text() for name in ("first", "last", "part/one")} == {"2"}


def test_an_empty_folder_is_part_of_the_whole(tmp_path: Path) -> None:
    with output.staged(tmp_path / "out", "last") as stage:
        (stage.folder / "saved" / "assets").mkdir(parents=True)
    assert (tmp_path / "out" / "saved" / "assets").is_dir()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_the_folder_alone(tmp_path: Path, error: type[BaseException]) -> None:
    fill(tmp_path / "out", "1")

    def fail() -> None:
        with output.staged(tmp_path / "out", "last") as stage:
            output.write(stage.folder / "first", "2")
            raise error

    with pytest.raises(error):
        fail()
    assert names(tmp_path) == ["out/first", "out/last", "out/part/one"]
    assert (tmp_path / "out" / "first").read_text() == "1"


def test_without_its_last_file_a_folder_is_not_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "1")
    replace = Path.replace

    def fails_at_first(self: Path, target: Path) -> Path:
        if target == tmp_path / "first":
            full()
        return replace(self, target)

    monkeypatch.setattr(output.Path, "replace", fails_at_first)
    with pytest.raises(OutputError, match="No space left"):
        fill(tmp_path, "2")
    assert "last" not in names(tmp_path)


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="not a folder"):
        fill(tmp_path / "out", "1")
    with pytest.raises(OutputError, match="cannot be written"):
        fill(tmp_path / "out" / "below", "1")


_DIES = """
import os, sys
from pathlib import Path
from targets import output
with output.staged(Path(sys.argv[1]), "last") as stage:
    output.write(stage.folder / "first", "half")
    print("staged", flush=True)
    sys.stdin.read()
"""


def test_a_killed_process_leaves_nothing_for_long(tmp_path: Path, root: Path) -> None:
    output.write(tmp_path / "first", "before")
    command = [sys.executable, "-c", _DIES, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (alive,) = tmp_path.glob(".safe-stage-*")
        fill(tmp_path, "1")
        assert alive.is_dir(), "the stage of a live process was taken"
        os.kill(process.pid, signal.SIGKILL)
    assert alive.is_dir()
    fill(tmp_path, "2")
    assert not alive.exists()
    assert names(tmp_path) == ["first", "last", "part/one"]
