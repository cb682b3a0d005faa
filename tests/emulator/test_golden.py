"""`host_tools golden` with an emulated device."""

import json

import pytest

from host_tools.cli import main

pytestmark = pytest.mark.emulator


@pytest.mark.parametrize("target", ["stm32f4", pytest.param("host", marks=pytest.mark.slow)])
def test_device_equals_host(tmp_path, target):
    options = ["--target", target, "--emulate", "--windows", "4", "--outdir", str(tmp_path)]
    assert main(["golden", *options]) == 0
    content = json.loads((tmp_path / "compare.json").read_text())
    assert content["device"] == f"device {target}"
    assert content["device_equals_host"] is True
    assert content["link"]["device"]["model_sha256"] == content["model_sha256"]
