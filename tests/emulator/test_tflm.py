"""The generated C++ with the stand-in of TensorFlow Lite Micro, in images that run."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from host_tools.cli import main
from host_tools.device.bench import run_bench
from host_tools.device.link import Link
from host_tools.device.protocol import Status
from host_tools.device.serial_port import SerialPort
from targets import build, emulate
from targets.errors import BuildError
from targets.load import load
from targets.make import make
from targets.options import Options
from tests.standin import tflm_tree
from tests.unit.host_tools.device.faults import Every, Proxy, Resets

pytestmark = pytest.mark.emulator

MODEL = build.ROOT / "models/forecaster"
TFLM = Options(backend="tflm")
OPERATORS = 7


@pytest.fixture(scope="session")
def standin(once):
    """A folder as a user's build of the library, for three targets."""
    targets, models = ["stm32f4", "mps2-an505", "host"], [MODEL / "model_int8.tflite"]
    return once("tflm", lambda root: tflm_tree.make(root / "tree", targets, models)) / "tree"


@pytest.fixture
def tflm(standin, monkeypatch):
    monkeypatch.setenv("TFLM_DIR", str(standin))


def expected(count):
    """Golden windows, their outputs, and raw samples for one window and some more."""
    with np.load(MODEL / "golden.npz") as golden:
        return golden["windows"][:count], golden["outputs"][:count], golden["samples"][:40]


@pytest.mark.parametrize("target", ["stm32f4", pytest.param("mps2-an505", marks=pytest.mark.slow)])
def test_every_byte_is_the_oracles(target, capsys, tflm):
    arguments = ["--backend", "tflm", "--emulate", "--windows", "2", "--samples", "34", "--json"]
    assert main(["bench", "--target", target, *arguments]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["mismatched_bytes"], facts["chain_mismatches"]) == (0, 0)
    assert facts["backend"] == "tflm"
    assert facts["link"]["device"]["features"] >> 8 & 15 == 1
    counted = {row["index"]: row["instructions"] for row in facts["operators"]}
    assert list(counted) == list(range(OPERATORS))
    assert counted[3] > 1_000_000 > counted[0] > 0
    assert facts["stack_bound_bytes"] is None
    size = make(target, "forecaster", options=TFLM).size()
    assert size["stack"]["reason"] == "calls through the runtime's tables"
    owners = {part["name"] for part in size["parts"]}
    assert {"libtensorflow-microlite", "3 UNIDIRECTIONAL_SEQUENCE_LSTM"} <= owners


@pytest.mark.slow  # test_xcubeai.py takes a foreign runtime there
def test_the_same_image_runs_on_the_soft_board(tflm):
    built = make("stm32f4", "forecaster", options=TFLM)
    windows, outputs, samples = expected(2)
    with (
        emulate.start(load("stm32f4"), built.elf, kind=emulate.BOARD) as running,
        SerialPort(running.url) as port,
    ):
        sha256 = built.manifest()["model_sha256"]
        found = run_bench(Link(port), windows, samples, sha256=sha256)
    assert found.outputs.tobytes() == outputs.tobytes()
    assert set(found.records["status"]) == {Status["OK"]}


def test_the_arena_is_what_was_measured(tflm):
    built = make("stm32f4", "forecaster", options=TFLM)
    kept = json.loads((built.folder / "arena.json").read_text())
    assert kept["arena_bytes"] == built.manifest()["arena_bytes"] == built.size()["arena_bytes"]
    assert 0 <= kept["arena_bytes"] - kept["taken_bytes"] < 16
    assert list(kept["archives"]) == ["libtensorflow-microlite.a"]
    database = json.loads((built.folder / "compile_commands.json").read_text())
    (cxx,) = [entry for entry in database if entry["file"].endswith(".cc")]
    assert "g++" in cxx["command"]
    assert "-std=c++17" in cxx["command"]
    assert "-std=c99" not in cxx["command"]


@pytest.mark.parametrize("reset", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_faulty_line_and_a_reset_are_recovered(reset, tflm):
    built = make("stm32f4", "forecaster", options=TFLM)
    fault = Resets(3000) if reset else Every("flip", period=2500)
    windows, outputs, samples = expected(4)
    with (
        emulate.start(load("stm32f4"), built.elf) as running,
        Proxy(int(running.url.rsplit(":", 1)[1]), fault) as proxy,
        SerialPort(proxy.url) as port,
    ):
        found = run_bench(Link(port), windows, samples, sha256=built.manifest()["model_sha256"])
    assert found.outputs.tobytes() == outputs.tobytes()
    assert found.restarts == int(reset)


def test_golden_compares_the_device(capsys, tflm, tmp_path):
    arguments = ["--target", "host", "--emulate", "--backend", "tflm", "--windows", "4", "--json"]
    assert main(["golden", *arguments, "--outdir", str(tmp_path)]) == 0
    assert "device host" in capsys.readouterr().out


def test_a_runtime_that_fails_is_a_status_and_a_gap(tmp_path, monkeypatch):
    """The records go on; a sample whose forecast failed says RUNTIME."""
    model = [MODEL / "model_int8.tflite"]
    root = tflm_tree.make(tmp_path / "tree", ["host"], model, "-DSTANDIN_FAILING_CALL=3")
    monkeypatch.setenv("TFLM_DIR", str(root))
    built = make("host", "forecaster", options=TFLM, out=tmp_path / "build")
    none, _, samples = expected(0)
    with (
        emulate.start(load("host"), built.elf) as running,
        SerialPort(running.url) as port,
    ):
        sha256 = built.manifest()["model_sha256"]
        found = run_bench(Link(port), none, samples, sha256=sha256).records
    failed = np.flatnonzero(found["status"] == Status["RUNTIME"])
    assert failed.tolist() == [31]
    assert found["index"].tolist() == [*range(32), *range(8)]


@pytest.mark.parametrize("given", [1600, pytest.param(9000, marks=pytest.mark.slow)])
def test_a_described_arena_is_held_against_the_measured(given, tflm, tmp_path):
    model = tmp_path / "small"
    shutil.copytree(MODEL, model)
    text = (model / "model.toml").read_text()
    (model / "model.toml").write_text(f"arena_bytes = {given}\n" + text)
    if given == 9000:
        built = make("host", str(model), options=TFLM, out=tmp_path / "build")
        assert built.manifest()["arena_bytes"] == 9008
        return
    with pytest.raises(BuildError, match=r"arena_bytes is 1600, \d+ less than the runtime takes"):
        make("host", str(model), options=TFLM, out=tmp_path / "build")


def test_backends_in_one_table(capsys, tflm, tmp_path):
    page = tmp_path / "page.html"
    arguments = ["--target", "stm32f4", "--backend", "native,tflm", "--windows", "2", "--json"]
    assert main(["count", str(MODEL / "model_int8.tflite"), *arguments, "--page", str(page)]) == 0
    native, foreign = json.loads(capsys.readouterr().out)
    assert (native["backend"], foreign["backend"]) == ("native", "tflm")
    assert (native["differing_bytes"], foreign["differing_bytes"], foreign["rmse"]) == (0, 0, 0)
    assert foreign["output_bytes"] == 2 * 160
    assert foreign["stack_reason"] == "calls through the runtime's tables"
    assert 0 < native["stack_bytes"] <= native["stack_bound_bytes"]
    assert len(foreign["operators"]) == OPERATORS + 1
    assert "operator" in page.read_text()


MAIN = """
#include <stdio.h>
#include "safe_forecaster.h"
static int8_t input[SAFE_FORECASTER_INPUT_BYTES], output[SAFE_FORECASTER_OUTPUT_BYTES];
int main(void)
{
    while (fread(input, 1, sizeof input, stdin) == sizeof input) {
        if (safe_forecaster_run(input, output) != SAFE_STATUS_OK) {
            return 1;
        }
        fwrite(output, 1, sizeof output, stdout);
    }
    return 0;
}
"""


def test_the_generated_folder_in_a_project_of_ones_own(standin, tflm, tmp_path):
    """Compiled as its README says."""
    folder = tmp_path / "model"
    arguments = ["--target", "host", "--backend", "tflm", "--standalone", "--out", str(folder)]
    assert main(["generate", *arguments]) == 0
    assert "libtensorflow-microlite.a" in (folder / "README.md").read_text()
    (tmp_path / "main.c").write_text(MAIN)
    cxx = ["-std=c++17", "-fno-rtti", "-fno-exceptions", "-fno-threadsafe-statics"]
    cxx += ["-DTF_LITE_STATIC_MEMORY", "-DTF_LITE_STRIP_ERROR_STRINGS", f"-isystem{standin}"]
    cxx += [f"-isystem{standin}/third_party/flatbuffers/include"]
    sources = [str(path) for path in folder.glob("*.c")]
    archive = standin / "gen/host/lib" / tflm_tree.ARCHIVE
    glue = str(folder / "safe_forecaster_tflm.cc")
    for command in (
        ["g++", *cxx, "-Wall", "-Wextra", "-Werror", f"-I{folder}", "-c", glue, "-o", "glue.o"],
        ["gcc", "-std=c99", f"-I{folder}", "main.c", *sources, "glue.o", str(archive), "-lm"],
    ):
        subprocess.run(command, cwd=tmp_path, check=True)
    windows, outputs, _ = expected(4)
    done = subprocess.run(
        [tmp_path / "a.out"], input=windows.tobytes(), capture_output=True, check=True
    )
    assert done.stdout == outputs.tobytes()
