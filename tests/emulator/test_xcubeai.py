"""Images of the X-CUBE-AI backend over a stand-in of ST's installation, in QEMU and on a board."""

import json

import numpy as np
import pytest

from host_tools.cli import main
from host_tools.device.bench import run_bench, run_window
from host_tools.device.link import Link
from host_tools.device.protocol import BACKENDS
from host_tools.device.serial_port import SerialPort
from host_tools.errors import DeviceError
from targets import build, emulate
from targets.errors import ExitCode
from targets.load import load
from targets.make import make
from targets.options import Options
from tests.standin.xcubeai.install import Kind, install
from tests.unit.host_tools.device.faults import Proxy, Resets

pytestmark = pytest.mark.emulator
OPTIONS = Options(backend="xcubeai")
BAD = np.frombuffer(b"\x55\xaa\x55\xaa" + bytes(476), np.int8)


@pytest.fixture
def core(tmp_path, monkeypatch):
    """Return a function that puts an installation where the backend finds it."""

    def place(kind):
        folder = install(tmp_path / "core", kind)
        monkeypatch.setenv("STEDGEAI_CORE_DIR", str(folder))
        return folder

    return place


def bench(capsys, *arguments):
    code = main(["bench", "--emulate", "--backend", "xcubeai", "--json", *arguments])
    output = capsys.readouterr()
    return code, json.loads(output.out), output.err


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("stm32f4", Kind()),
        ("mps2-an505", Kind(api="ai", version="2.2.0", inputs_in=False, pools=2, chip=False)),
    ],
    ids=["f405-stai", "m33-ai"],
)
def test_bench_in_qemu_is_exact_over_exact_kernels(core, capsys, target, kind):
    core(kind)
    code, facts, _ = bench(capsys, "--target", target, "--windows", "2", "--samples", "34")
    assert code == 0
    assert (facts["mismatched_bytes"], facts["chain_mismatches"]) == (0, 0)
    assert facts["rounding"]["max_lsb"] == 0
    told = facts["link"]["device"]["features"] >> 8 & 15
    assert facts["backend"] == BACKENDS[told] == "xcubeai"
    assert facts["stack_bound_bytes"] is None
    assert 0 < facts["stack_bytes"] < 2000


def test_an_error_of_the_runtime_is_told_and_a_reset_is_survived(core):
    core(Kind(outputs_in=False, states=1))
    image = make("stm32f4", "forecaster", options=OPTIONS)
    with np.load(build.ROOT / "models/forecaster/golden.npz") as golden:
        windows, outputs = golden["windows"][:4], golden["outputs"][:4]
        samples = golden["samples"][:40]
    with (
        emulate.start(load("stm32f4"), image.elf) as running,
        Proxy(int(running.url.rsplit(":", 1)[1]), Resets(2000)) as proxy,
        SerialPort(proxy.url) as port,
    ):
        link = Link(port)
        info = link.connect()
        with pytest.raises(DeviceError, match="the model's runtime failed"):
            run_window(link, info, 7, BAD.tobytes())
        result = run_bench(link, windows, samples, sha256=image.manifest()["model_sha256"])
    assert result.outputs.tobytes() == outputs.tobytes()
    assert result.records["status"].tolist() == [0] * len(samples)
    assert result.restarts == 1


def test_a_runtime_that_rounds_is_measured_and_gated_on_the_board(core, capsys):
    pytest.importorskip("unicorn")
    core(Kind(inputs_in=False, outputs_in=False, off=2))
    where = ["--target", "stm32u5", "--emulator", "board", "--windows", "2", "--samples", "33"]
    code, facts, error = bench(capsys, *where, "--max-lsb", "1")
    assert code == ExitCode.DIFFERENT
    assert "differ by up to 2 LSB from host C, more than --max-lsb 1" in error
    histogram = {int(lsb): count for lsb, count in facts["rounding"]["lsb_histogram"].items()}
    assert set(histogram) == {-2, -1, 0, 1, 2}
    assert sum(histogram.values()) == 320
    assert facts["rounding"]["max_lsb"] == facts["max_lsb"] == 2
    assert facts["chain_mismatches"] > 0
    assert facts["link"]["device_status"] == []
