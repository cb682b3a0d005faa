"""`./safe release`: what keeps a tree from being released, and what a release holds."""

import hashlib
import io
import json
import re
import subprocess
import tarfile
import zipfile

import pytest

from docs.release import artifacts, bill, build, state
from host_tools.package.request import RELEASED
from targets.build import runtime_version
from tests.architecture import tree

HEADER = '#define SAFE_VERSION "1.12.3"\n#define SAFE_VERSION_NUMBER 11203\n'
READY = "# Changelog\n\n## Unreleased\n\n## 1.12.3 (2026-12-24)\n\n- **Breaking:** a.\n- b.\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (HEADER, ""),
        (HEADER.replace("1.12.3", "1.12"), "must be major.minor.patch"),
        (HEADER.replace("1.12.3", "1.100.0"), "the last two below 100"),
        (HEADER.replace("11203", "11204"), "SAFE_VERSION_NUMBER must be 11203 for 1.12.3"),
    ],
)
def test_the_numbers_of_the_header(text, why):
    found = list(state.of_version(text))
    assert [why in line for line in found] == [True] * bool(why)


@pytest.mark.parametrize(
    ("text", "version", "why"),
    [
        (READY, "1.12.3", ""),
        (READY.replace("## Unreleased\n\n", ""), "1.12.3", ""),
        (READY, "1.13.0", 'no entries under "## 1.13.0 (YYYY-MM-DD)"'),
        (READY.replace(" (2026-12-24)", ""), "1.12.3", "tells no day"),
        (READY.replace("12-24", "12-23"), "1.12.3", "RELEASED is 2026-12-24, CHANGELOG.md says"),
        (
            READY.replace("Unreleased\n", "Unreleased\n\n- **Breaking (C):** c.\n- d\n"),
            "1.12.3",
            '"Unreleased" has 2 entries (1 breaking), and SAFE_VERSION is 1.12.3, which has its',
        ),
        (READY.replace("1.12.3 (2026-12-24)", "Unreleased"), "1.13.0", "SAFE_VERSION is 1.13.0:"),
    ],
)
def test_the_section_of_a_release(text, version, why):
    found = list(state.of_changelog(text, version, "2026-12-24"))
    assert [why in line for line in found] == [True] * bool(why)
    assert not any("\n" in line for line in found)


def test_the_tree_differs_from_its_commit_or_the_tag_is_taken(tmp_path):
    def git(*words):
        who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    assert "is no clone with git" in next(state.of_git(tmp_path / "none", "1.0.0"))
    git("init", "-q")
    (tmp_path / "a").write_text("a")
    git("add", "a")
    git("commit", "-qm", "a")
    assert list(state.of_git(tmp_path, "1.0.0")) == []
    git("tag", "v1.0.0")
    assert list(state.of_git(tmp_path, "1.0.0")) == []
    (tmp_path / "b").write_text("b")
    assert "(1 files, first b): commit" in next(state.of_git(tmp_path, "1.0.0"))
    git("add", "b")
    git("commit", "-qm", "b")
    assert "v1.0.0 is the tag of another commit" in next(state.of_git(tmp_path, "1.0.0"))


def test_the_changelog_of_the_project_is_read():
    found = state.sections(tree.text(tree.Path("CHANGELOG.md")))
    assert [s.version for s in found][-1] == "0.1.0"
    assert all(s.entries for s in found if s.version != state.UNRELEASED)
    assert list(state.of_version(tree.text(tree.Path(state.HEADER)))) == []


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs of the release of the present commit, in folders of different names."""
    made = []
    for name in ("a", "another"):
        made.append(artifacts.make(tree.ROOT, tmp_path_factory.mktemp(name), RELEASED))
    return made


def test_a_release_is_whole_and_the_same_in_two_runs(runs):
    files, again = runs
    assert build.different(files, again) == []
    version = runtime_version()
    package = f"safe_forecaster-{version}"
    assert sorted(files) == sorted(
        [
            artifacts.SUMS,
            f"SAFE.safe_forecaster.{version}.pack",
            f"safe-{version}.cdx.json",
            f"safe_edge-{version}-py3-none-any.whl",
            f"safe_edge-{version}.tar.gz",
            *(f"{package}.{end}" for end in ("zip", "manifest.json", "cdx.json")),
        ]
    )
    lines = files[artifacts.SUMS].decode().splitlines()
    assert len(lines) == len(files) - 1
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256(files[name]).hexdigest() == digest
    assert build.different(files, files | {"x": b""}) == ["x"]


def test_the_archives_hold_the_commit_and_the_tool(runs):
    files, _ = runs
    version = runtime_version()
    with zipfile.ZipFile(io.BytesIO(files[f"safe_edge-{version}-py3-none-any.whl"])) as wheel:
        names = wheel.namelist()
    assert {"safe_edge/sdk/include/safe/safe.h", "safe_edge/host_tools/cli.py"} <= set(names)
    with tarfile.open(fileobj=io.BytesIO(files[f"safe_edge-{version}.tar.gz"])) as sdist:
        held = {name.partition("/")[2] for name in sdist.getnames()}
    command = ["git", "ls-tree", "-r", "--name-only", "HEAD"]
    listed = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True, check=True)
    assert held - {"PKG-INFO"} == set(listed.stdout.split("\n")) - {""}
    manifest = json.loads(files[f"safe_forecaster-{version}.manifest.json"])
    assert (manifest["version"], manifest["tool_version"]) == (version, version)
    pack = f"SAFE.safe_forecaster.{version}.pack"
    assert manifest["files"][pack] == hashlib.sha256(files[pack]).hexdigest()


def test_the_bill_names_every_file_and_what_the_wheel_needs(runs):
    files, _ = runs
    found = json.loads(files[f"safe-{runtime_version()}.cdx.json"])
    assert (found["bomFormat"], found["metadata"]["component"]["version"]) == (
        "CycloneDX",
        runtime_version(),
    )
    parts = {part["name"]: part for part in found["components"]}
    others = set(files) - {artifacts.SUMS, f"safe-{runtime_version()}.cdx.json"}
    assert others <= set(parts)
    numpy, tensorflow = parts["numpy"], parts["tensorflow"]
    assert re.fullmatch(r"pkg:pypi/numpy@[\d.]+", numpy["purl"])
    assert (numpy["scope"], tensorflow["scope"]) == ("required", "optional")
    wanted = bill.needed(tree.ROOT)
    assert {name for name, _, _ in wanted} <= set(parts)
    assert len(wanted) > 15
    assert "pytest" not in parts


def test_the_command_tells_what_is_missing_and_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(build, "compatible", list)
    monkeypatch.setattr(build, "made", lambda _: ({"a": b"a"}, ["two runs differ in a"]))
    monkeypatch.setattr(state, "problems", lambda: ["x is missing"])
    out = tmp_path / "out"
    assert build.main(["--check", "--out", str(out)]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[-2:] == ["release: x is missing", "release: two runs differ in a"]
    assert build.main(["--out", str(out)]) == 1
    assert capsys.readouterr().err == "release: x is missing\n"
    assert not out.exists()


def test_the_command_replaces_a_release_and_spares_other_folders(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(build, "compatible", list)
    monkeypatch.setattr(state, "problems", list)
    for name in ("a", "b"):
        files = {name: b"1", artifacts.SUMS: artifacts.sums({name: b"1"}).encode()}
        monkeypatch.setattr(build, "made", lambda _, files=files: (files, []))
        assert build.main(["--out", str(tmp_path / "out")]) == 0
        assert {p.name for p in (tmp_path / "out").iterdir()} == set(files)
        assert "2 files" in capsys.readouterr().out
    assert build.main(["--check", "--out", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.startswith("can be released: 2 files")
    (tmp_path / "out/mine").touch()
    assert build.main(["--out", str(tmp_path / "out")]) == 32
    assert "holds mine, which is of no release" in capsys.readouterr().err
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_a_failing_check_of_older_formats_is_told(monkeypatch):
    monkeypatch.setattr(build, "COMPATIBILITY", "tests/compatibility/no_such_file.py")
    (line,) = build.compatible()
    assert "no_such_file.py fails" in line
