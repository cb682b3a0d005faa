"""MLPerf Tiny's models on emulated boards by the benchmark's own protocol."""

import json
import shutil

import pytest

from host_tools import cli
from targets.errors import ExitCode

pytestmark = pytest.mark.emulator
MODELS = {"ad01": "ad01_int8", "kws01": "kws_ref_model", "ic01": "pretrainedResnet_quant"}
SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "case",
    [
        ("ad01", "stm32f4", "qemu"),
        *(pytest.param((name, "stm32f4", "qemu"), marks=SLOW) for name in ("kws01", "ic01")),
        *(pytest.param((name, "stm32u5", "board"), marks=SLOW) for name in MODELS),
    ],
)
def test_results_are_those_of_the_reference(shared_data, tmp_path, capsys, case):
    name, target, emulator = case
    folder = tmp_path / name
    folder.mkdir()
    shutil.copy(shared_data / f"mlperf-tiny/{MODELS[name]}.tflite", folder / "model_int8.tflite")
    words = ["bench", "--mode", "mlperf", "--model", str(folder), "--target", target]
    words += ["--emulate", "--emulator", emulator, "--windows", "4", "--json"]
    assert cli.main(words) == ExitCode.OK
    found = json.loads(capsys.readouterr().out)
    assert (found["model"], found["windows"], found["different"]) == (name, 4, 0)
    if emulator == "board" and name == "ad01":  # 0.27 million instructions at 160 MHz
        assert 1650 < found["latency_us"] < 1800
