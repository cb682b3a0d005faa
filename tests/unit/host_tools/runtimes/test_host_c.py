"""The generated C on the host equals the reference, and a single flipped bit is seen."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from host_tools.compare import exact, metrics
from host_tools.errors import DataError
from host_tools.formats import golden
from host_tools.runtimes import host_c, reference
from host_tools.runtimes import tflm as oracle
from targets.errors import BuildError

MODEL = Path(__file__).resolve().parents[4] / "models" / "forecaster"


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    return host_c.compile_model(MODEL, tmp_path_factory.mktemp("host"))


@pytest.fixture(scope="module")
def windows():
    return golden.load(MODEL / "golden.npz").first(48)


def test_four_implementations_agree(host, windows):
    results = {
        exact.HOST_C: host.run(windows.windows),
        exact.REFERENCE: reference.run(MODEL / "model_int8.tflite", "forecaster", windows.windows),
        exact.ORACLE: oracle.run(MODEL / "model_int8.tflite", windows.windows),
        exact.GOLDEN: windows.outputs,
    }
    pairs = metrics.compare_all(results)
    assert len(pairs) == 6
    assert [pair.delta.mismatched_bytes for pair in pairs] == [0] * 6


def test_one_flipped_weight_bit_is_seen(host, windows, tmp_path):
    folder = tmp_path / "flipped"
    shutil.copytree(host.executable.parent / "standalone", folder)
    weights = folder / "safe_forecaster_weights.c"
    text = weights.read_text()
    start = re.search(r"const int8_t \w+\[\d+\] = \{\s*", text)
    value = re.compile(r"-?\d+").search(text, start.end())
    flipped = (int(value.group()) ^ 0x20) & 0xFF
    flipped = flipped - 256 if flipped > 127 else flipped
    weights.write_text(text[: value.start()] + str(flipped) + text[value.end() :])
    other = host_c.compile_standalone(folder, tmp_path / "build")
    delta = metrics.byte_delta(other.run(windows.windows), windows.outputs)
    assert delta.mismatched_bytes > 0
    assert delta.first_window is not None


def test_windows_that_do_not_fit_are_refused(host):
    with pytest.raises(DataError, match="takes int8"):
        host.run(np.zeros((2, 30, 15), np.int8))
    with pytest.raises(DataError, match="takes int8"):
        host.run(np.zeros((2, 30, 16), np.int16))


def test_missing_and_failing_compilers_are_named(host, tmp_path):
    folder = host.executable.parent / "standalone"
    with pytest.raises(BuildError, match="no such compiler"):
        host_c.compile_standalone(folder, tmp_path, compiler="no-such-cc")
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    (broken / "safe_forecaster.c").write_text("int main(\n")
    with pytest.raises(BuildError, match="error"):
        host_c.compile_standalone(broken, tmp_path)


def test_a_runner_that_fails_is_an_error(host, tmp_path):
    stub = tmp_path / "runner"
    stub.write_text("#!/bin/sh\ncat >/dev/null\necho broken >&2\nexit 3\n")
    stub.chmod(0o755)
    with pytest.raises(BuildError, match="ended with 3: broken"):
        host_c.HostModel(stub, host.manifest).run(np.zeros((1, 30, 16), np.int8))


def test_oracle_refuses_other_shapes():
    with pytest.raises(DataError, match="takes"):
        oracle.run(MODEL / "model_int8.tflite", np.zeros((1, 30, 15), np.int8))
