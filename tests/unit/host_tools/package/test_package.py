"""What a package holds, whatever the ecosystem: all files, the same bytes each time, or nothing."""

import json
import os
import shutil
import sys
import tomllib
import uuid
from hashlib import sha256

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from lxml import etree

from host_tools.cli import main
from host_tools.package import package, sbom
from targets.places import ROOT
from tests.unit.host_tools.package.conftest import NAME, STRICT, asked, call, copied_model

ARCHIVES = (".pack", ".zip")


def contents(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_two_runs_give_equal_bytes(packaged, spare, tmp_path):
    """In another process, whose sets have another order, into another folder."""
    words = ["--model", "forecaster", "--model", spare, "--package-version", "1.2.3"]
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Kolkata", "LC_ALL": "C"}
    command = [sys.executable, "-m", "host_tools", "package", *words]
    call(*command, "--out", tmp_path / "elsewhere", cwd=ROOT, env=environment)
    assert contents(tmp_path / "elsewhere") == contents(packaged)


def test_a_package_is_replaced_and_what_it_no_longer_has_goes(spare, tmp_path):
    package.write(asked("forecaster", spare), tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    package.write(asked("forecaster", formats=("make",)), tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert not (tmp_path / "src" / "safe_spare.c").exists()
    assert not (tmp_path / "CMakeLists.txt").exists()
    assert (tmp_path / "safe_forecaster.mk").exists()


def test_the_manifest_names_every_file_with_its_hash(packaged):
    listed = json.loads((packaged / "manifest.json").read_text())["files"]
    found = contents(packaged)
    del found["manifest.json"]
    assert listed == {path: sha256(content).hexdigest() for path, content in found.items()}


def test_one_runtime_for_both_models_and_every_include_is_there(packaged):
    names = [path.name for path in (packaged / "src").rglob("*") if path.is_file()]
    assert len(names) == len(set(names))
    assert "status.def" in names
    for name in ("safe_forecaster.c", "safe_spare.c", "safe_forecaster_detector.c"):
        assert name in names
    assert "safe_spare_detector.c" not in names


def test_no_source_has_a_main(packaged):
    sources = [path.read_text() for path in (packaged / "src").glob("*.c")]
    assert sources
    assert not any(" main(" in text for text in sources)


def test_every_source_has_a_name_of_its_own(packaged):
    """A Makefile that puts all objects into one folder may have a model.c of its own."""
    assert all(path.name.startswith("safe_") for path in (packaged / "src").glob("*.c"))


def test_no_trace_of_the_machine(packaged, tmp_path):
    place = str(tmp_path.parents[1]).encode()
    for path, content in contents(packaged).items():
        assert place not in content, path
        assert path.endswith(ARCHIVES) or b"\r" not in content, path


def test_the_bill_is_valid_and_complete(packaged):
    text = (packaged / sbom.FILE).read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    files = {c["name"]: c for c in bill["components"] if c["type"] == "file"}
    expected = contents(packaged)
    del expected["manifest.json"], expected[sbom.FILE]
    expected = {n: content for n, content in expected.items() if not n.endswith(ARCHIVES)}
    assert set(files) == set(expected)
    for name, component in files.items():
        digest = sha256(expected[name]).hexdigest()
        assert component["hashes"] == [{"alg": "SHA-256", "content": digest}]
        assert component["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    models = [c["name"] for c in bill["components"] if c["type"] == "machine-learning-model"]
    assert models == ["forecaster", "spare"]
    assert uuid.UUID(bill["serialNumber"]).version == 5
    assert "timestamp" not in bill["metadata"]


def test_a_bill_with_an_unknown_field_is_not_valid(packaged):
    bill = json.loads((packaged / sbom.FILE).read_text())
    bill["components"][0]["licence"] = "Apache-2.0"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is not None


def refused(capsys, *words):
    """The one line of an error, and its exit code."""
    code = main(["package", *map(str, words)])
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    return code, lines[0]


def test_two_models_of_one_name(capsys, tmp_path):
    other = copied_model(tmp_path / "other", "forecaster")
    out = tmp_path / "out"
    code, line = refused(capsys, "--model", "forecaster", "--model", other, "--out", out)
    assert code == 20
    assert "two models are named 'forecaster'" in line
    assert str(other / "model.toml") in line
    assert not out.exists()


def test_names_whose_files_are_the_same(capsys, tmp_path):
    other = copied_model(tmp_path / "other", "forecaster_detector", detector=False)
    out = tmp_path / "out"
    code, line = refused(capsys, "--model", "forecaster", "--model", other, "--out", out)
    assert code == 20
    assert "src/safe_forecaster_detector" in line
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--format", "cmak"], 10, "did you mean 'cmake'?"),
        (["--format", "make,zefir"], 10, "known are cmake, zephyr"),
        (["--name", "My Lib"], 10, "lower-case letters"),
        (["--package-version", "1.2"], 10, "three numbers"),
        (["--author", "A\nB"], 10, "one line"),
        (["--url", "ftp://x"], 10, "https://"),
        (["--date", "2026-02-30"], 10, "a day like"),
        (["--date", "20260228"], 10, "a day like"),
        (["--model", "nowhere"], 20, "unknown model 'nowhere'"),
        (["--isa", "avx"], 30, "no kernels"),
    ],
)
def test_a_wrong_option_is_one_line(capsys, tmp_path, words, code, told):
    out = tmp_path / "out"
    found, line = refused(capsys, *words, "--out", out)
    assert found == code
    assert told in line
    assert not out.exists()


def test_a_folder_of_something_else_is_left_alone(capsys, tmp_path):
    (tmp_path / "manifest.json").write_text('{"files": {"x": ""}}')
    (tmp_path / "x").write_text("mine")
    code, line = refused(capsys, "--out", tmp_path)
    assert code == 32
    assert "no package of SAFE" in line
    assert sorted(p.name for p in tmp_path.iterdir()) == ["manifest.json", "x"]


def test_a_foreign_source_in_a_package_is_refused(capsys, packaged, tmp_path):
    out = shutil.copytree(packaged, tmp_path / NAME)
    (out / "src" / "mine.cpp").write_text("int main() {}")
    before = contents(out)
    code, line = refused(capsys, "--out", out)
    assert code == 32
    assert "mine.cpp" in line
    assert contents(out) == before


def test_a_file_that_a_manifest_names_outside_stays(tmp_path):
    (tmp_path / "kept").write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    manifest = {"kind": "safe-package", "files": {"../kept": "", str(tmp_path / "kept"): ""}}
    (out / "manifest.json").write_text(json.dumps(manifest))
    package.write(asked("forecaster", formats=("make",)), out)
    assert (tmp_path / "kept").read_text() == "mine"


def test_signs_of_the_author_and_the_address_reach_the_metadata(tmp_path):
    author, url = 'Müller & "Söhne" <fan@m.example>', "https://m.example/?a=1&b='x'"
    package.write(asked("forecaster", author=author, url=url), tmp_path)
    described = json.loads((tmp_path / "library.json").read_text())
    assert described["authors"] == [{"name": author}]
    properties = (tmp_path / "library.properties").read_text().splitlines()
    assert f"author={author}" in properties
    assert f"url={url}" in properties
    assert yaml.safe_load((tmp_path / "idf_component.yml").read_text())["url"] == url
    assert etree.parse(tmp_path / "SAFE.safe_forecaster.pdsc").findtext("url") == url


HOOKS = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "safe_forecaster_detector.h"
#include "selftest_data.h"

void read_sensors(float *sample);
void alarm(const char *channel);

void read_sensors(float *sample)
{
    static unsigned row;

    if (row == SELFTEST_FORECASTER_SAMPLES) {
        exit(2);
    }
    memcpy(sample, &selftest_forecaster_samples[row++ * 16u], 16u * sizeof *sample);
}

void alarm(const char *channel)
{
    puts(channel);
    exit(0);
}
"""


def test_the_first_lines_of_the_readme_find_the_recorded_fault(folder, tmp_path):
    text = (folder / "README.md").read_text()
    (tmp_path / "first.c").write_text(text.partition("```c\n")[2].partition("```")[0])
    (tmp_path / "hooks.c").write_text(HOOKS)
    example = folder / "examples/selftest"
    sources = ["first.c", "hooks.c", example / "selftest_data.c", *folder.glob("src/*.c")]
    flags = ["-std=c99", *STRICT.split(), f"-I{folder / 'src'}", f"-I{example}"]
    call("cc", *flags, *sources, "-o", "first", cwd=tmp_path)
    description = tomllib.loads((ROOT / "models/forecaster/model.toml").read_text())
    names = [channel["name"] for channel in description["channels"]]
    assert call(tmp_path / "first").strip() in names
