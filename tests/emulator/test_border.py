"""Each model of the comparison on each emulated core: 210 windows of all kinds, no byte differs."""

import json
from dataclasses import replace

import pytest

from host_tools.cli import main
from host_tools.perf import agreement, standalone, suite, windows
from targets.build import ROOT
from targets.emulate import bare
from targets.errors import ExitCode
from targets.load import load
from tests.unit.codegen.passes.test_reroll import Unrolled

pytestmark = pytest.mark.emulator

WINDOWS = 210
FORECASTER = ROOT / "models/forecaster/model_int8.tflite"
MLPERF = ("ad01_int8", "kws_ref_model", "pretrainedResnet_quant")
UNITS, STEPS = 80, 30
"""Of the forecaster's LSTM."""


@pytest.fixture(scope="module")
def plugins(tmp_path_factory):
    return tmp_path_factory.mktemp("plugins")


def unrolled(folder):
    """Return an unrolled LSTM as large as the forecaster's, 453 operators."""
    path = folder / "unrolled.tflite"
    path.write_bytes(Unrolled(UNITS, STEPS, every=False, per_channel=True).build())
    return path


def all_agree(path, folder, plugins):
    """Assert that every core gives TensorFlow Lite Micro's bytes, which are computed once."""
    wanted = None
    for name in suite.TARGETS:
        work = folder / name
        work.mkdir()
        built = standalone.build(path, load(name), work, calls=WINDOWS, drawn=True)
        cost = standalone.measure(built, plugins)
        wanted = wanted or agreement.expected(built)
        rows = agreement.compare(built, cost, wanted)
        agreement.require_equal(cost, rows)
        assert [row.kind for row in rows] == list(windows.KINDS)
        assert sum(row.windows for row in rows) == WINDOWS
        assert len({call.output for call in cost.calls}) > WINDOWS // 4, "outputs too poor"


@pytest.mark.slow
def test_the_forecaster(tmp_path, plugins):
    all_agree(FORECASTER, tmp_path, plugins)


@pytest.mark.slow
def test_an_unrolled_forecaster(tmp_path, plugins):
    all_agree(unrolled(tmp_path), tmp_path, plugins)


@pytest.mark.slow
@pytest.mark.parametrize("name", MLPERF)
def test_mlperf_tiny(name, shared_data, tmp_path, plugins):
    all_agree(shared_data / "mlperf-tiny" / f"{name}.tflite", tmp_path, plugins)


def test_one_flipped_bit_ends_with_another_code(monkeypatch, capsys):
    """The report is printed first, by kind, and then the exit code says it."""
    run = bare.run

    def flipped(*arguments):
        calls = run(*arguments)
        output = bytearray(calls[5].output)
        output[7] ^= 1
        return [*calls[:5], replace(calls[5], output=bytes(output)), *calls[6:]]

    command = ["count", str(FORECASTER), "--target", "mps2-an386", "--verify", "--windows", "8"]
    assert main([*command, "--json"]) == ExitCode.OK
    rows = json.loads(capsys.readouterr().out)["verified"]
    assert [(r["kind"], r["windows"], r["output_bytes"]) for r in rows] == [
        (kind, 2, 320) for kind in windows.KINDS
    ]
    assert not any(r["differing_windows"] or r["differing_bytes"] for r in rows)
    monkeypatch.setattr(bare, "run", flipped)
    assert main([*command, "--json"]) == ExitCode.DIFFERENT
    text = capsys.readouterr()
    rows = json.loads(text.out)["verified"]
    assert [r["differing_bytes"] for r in rows] == [0, 1, 0, 0]
    assert "1 of 1280 output bytes differ from TensorFlow Lite Micro" in text.err
    assert "call 5 (random)" in text.err
    assert main(command) == ExitCode.DIFFERENT
    text = capsys.readouterr()
    assert "in-distribution" in text.out
    assert "differing bytes" in text.out
