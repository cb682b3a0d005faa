"""An image that clang compiled for Armv6-M had no proved stack: the tile of the v6m kernels seemed
to call itself, and nothing named what clang's own `push` calls through a pointer."""

import json

import pytest

from host_tools.cli import main

pytestmark = pytest.mark.emulator


def test_the_stack_of_a_clang_image_is_proved(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--target", "stm32g0", "--toolchain", "clang", "--app", "detector", "--json"]
    assert main(["size", *arguments]) == 0
    stack = json.loads(capsys.readouterr().out)["stack"]
    assert 0 < stack["bound_bytes"] <= stack["reserved_bytes"]
