"""An image built with streaming=1: windows and samples as without, byte for byte."""

import json

import numpy as np
import pytest

from host_tools import cli
from host_tools.formats.record import HAS_FORECAST
from host_tools.workflow import run as measure
from targets import build, emulate
from targets.load import load
from targets.make import make

pytestmark = pytest.mark.emulator
TARGET = "stm32f4"


def benched(golden, folder, *, streaming):
    image = make(TARGET, "forecaster", out=folder, streaming=streaming)
    assert ("streaming" in image.manifest()) == streaming
    sha256 = image.manifest()["model_sha256"]
    with emulate.start(load(TARGET), image.elf) as emulator:
        return measure.bench(emulator.url, golden["windows"], golden["samples"], sha256)


def test_streaming_image_gives_the_same_bytes(tmp_path):
    with np.load(build.ROOT / "models/forecaster/golden.npz") as data:
        golden = {"windows": data["windows"][:6], "samples": data["samples"][:80]}
    plain = benched(golden, tmp_path / "plain", streaming=False)
    streamed = benched(golden, tmp_path / "streamed", streaming=True)
    np.testing.assert_array_equal(streamed.outputs, plain.outputs)
    assert len(plain.records) == 80
    np.testing.assert_array_equal(streamed.records, plain.records)
    assert (streamed.records["flags"] & HAS_FORECAST).sum() == 80 - 29


def test_bench_counts_a_sample_and_its_outputs(capsys):
    arguments = ["bench", "--emulate", "--target", TARGET, "--streaming", "--json"]
    assert cli.main([*arguments, "--windows", "4", "--samples", "40"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["exact"], report["chain_mismatches"]) == (True, 0)
    counted = {o["kind"]: o["instructions"] for o in report["operators"]}
    whole = sum(o for o in counted.values() if o is not None)
    assert counted["CONV_STREAM"] < 3500
    assert whole < report["instructions_per_inference"] < whole + 500
