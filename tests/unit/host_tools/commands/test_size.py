"""`host_tools size`: the report that the build leaves, as text and as JSON."""

import json

import pytest

from host_tools import cli
from tests.json_page import differences


def test_text_and_json_tell_the_same(capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["size", "--target", "stm32f4", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert differences("size", facts) == set()
    assert (facts["target"], facts["app"]) == ("stm32f4", "bench")
    assert cli.main(["size", "--target", "stm32f4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (sections, owners) = (i for i, line in enumerate(lines) if line.startswith("  sum "))
    assert f"{facts['flash_bytes']:,}" in lines[sections]
    assert lines[sections].split() == lines[owners].split()
    assert any("operator 1 CONV_2D" in line for line in lines)
    assert any("driver stm32f4/uart" in line for line in lines)


def test_a_target_that_is_not_built_so(capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["size", "--toolchain", "clang", "--lto"]) == 31
    assert capsys.readouterr().err.count("\n") == 1
