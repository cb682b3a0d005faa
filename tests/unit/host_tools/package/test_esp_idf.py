"""ESP-IDF: the manifest by its own linter, the component on a stand-in of its build system."""

import os
from pathlib import Path

import pytest

from tests.unit.host_tools.package.conftest import NAME, agrees, call, tool

STAND_IN = Path(__file__).parent / "standin" / "esp_idf"


def linted(folder, home):
    environment = {**os.environ, "HOME": str(home), "IDF_COMPONENT_CHECK_NEW_VERSION": "0"}
    return call(tool("compote"), "manifest", "lint", cwd=folder, env=environment)


def test_the_manifest_is_right(folder, tmp_path):
    linted(folder, tmp_path)


def test_a_wrong_manifest_is_found(folder, tmp_path):
    manifest = folder / "idf_component.yml"
    manifest.write_text(manifest.read_text().replace('version: "1.2.3"', 'version: "new"'))
    with pytest.raises(AssertionError, match="version"):
        linted(folder, tmp_path)


def test_the_project_agrees(folder, tmp_path):
    out = tmp_path / "build"
    environment = {**os.environ, "IDF_PATH": str(STAND_IN)}
    flags = "-DCMAKE_C_FLAGS=-std=gnu17 -Og -Wall -Wextra -Werror"
    example = folder / "examples/esp-idf"
    call("cmake", "-S", example, "-B", out, flags, env=environment)
    call("cmake", "--build", out, "-j2", env=environment)
    assert agrees(call(out / f"{NAME}_selftest"))
