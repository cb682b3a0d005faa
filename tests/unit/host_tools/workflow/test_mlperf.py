"""MLPerf Tiny's protocol: the image as a process, the host's end, and what a result must be."""

import json
import shutil

import pytest

from host_tools import cli
from host_tools.device.mlperf import Runner
from host_tools.device.serial_port import SerialPort
from host_tools.errors import DeviceError, DeviceSilentError, DeviceUnknownError, LinkLostError
from host_tools.workflow import mlperf
from targets import emulate
from targets.errors import ExitCode
from targets.load import load
from targets.make import make
from tests.conftest import ROOT
from tests.json_page import differences

SMALL = ROOT / "tests/unit/codegen/models/small.tflite"
INPUT_BYTES = 18


def folder(place, name):
    (place / name).mkdir()
    shutil.copy(SMALL, place / name / "model_int8.tflite")
    return str(place / name)


@pytest.fixture(scope="module")
def pixels(tmp_path_factory):
    """A model whose input are bytes of pixels, by its name."""
    return folder(tmp_path_factory.mktemp("mlperf"), "ic01")


@pytest.fixture(scope="module")
def device(pixels):
    """The image as a process."""
    with emulate.start(load("host"), make("host", pixels, app="mlperf").elf) as running:
        yield running


@pytest.fixture
def runner(device):
    with SerialPort(device.url) as port:
        found = Runner(port)
        found.identify()
        yield found


def test_both_modes_by_the_verb(pixels, capsys):
    words = ["bench", "--mode", "mlperf", "--model", pixels, "--target", "host", "--emulate"]
    assert cli.main([*words, "--windows", "6", "--json"]) == ExitCode.OK
    found = json.loads(capsys.readouterr().out)
    assert differences("bench --mode mlperf", found) == set()
    assert (found["vendor"], found["model"]) == ("SAFE", "ic01")
    assert (found["windows"], found["different"]) == (6, 0)
    assert found["inferences"] > 1
    assert found["inferences_per_second"] == pytest.approx(1e6 / found["latency_us"], rel=0.01)


def test_a_result_that_differs_in_its_last_decimals_is_told(device, pixels, monkeypatch, capsys):
    honest = mlperf.expected
    monkeypatch.setattr(mlperf, "PORT_SECONDS", 0.1)
    words = ["bench", "--mode", "mlperf", "--model", pixels, "--port", device.url]
    assert cli.main([*words, "--windows", "2"]) == ExitCode.OK
    monkeypatch.setattr(mlperf, "expected", lambda *given: honest(*given) + 0.002)
    assert cli.main([*words, "--windows", "2"]) == ExitCode.DIFFERENT
    said = capsys.readouterr()
    assert "differ from the integer reference's: 2 of 2" in said.out


def test_another_benchmark_is_refused(device, tmp_path, capsys):
    words = ["bench", "--mode", "mlperf", "--model", folder(tmp_path, "kws01")]
    assert cli.main([*words, "--port", device.url]) == ExitCode.DEVICE_MODEL
    assert 'holds model "ic01", not "kws01"' in capsys.readouterr().err


def test_an_input_is_loaded_and_printed(runner):
    data = bytes(range(250, 250 - INPUT_BYTES, -1))
    assert runner.command("db load 18") == ["m-[Expecting 18 bytes]"]
    assert runner.command("db " + data[:10].hex()) == []
    assert runner.command("db " + data[10:].hex().upper()) == ["m-load-done"]
    pairs = [f"{byte:02x}" for byte in data]
    lines = ["m-buffer-" + "-".join(pairs[i : i + 8]) for i in range(0, INPUT_BYTES, 8)]
    assert runner.command("db print") == lines


def test_an_inference_has_the_lines_of_the_benchmark(runner):
    runner.load(bytes(INPUT_BYTES))
    lines = runner.command("infer 3 2")
    head = ["m-warmup-start-2", "m-warmup-done", "m-infer-start-3"]
    assert lines[:3] == head
    assert [line.rpartition("-")[0] for line in lines[3:5]] == ["m-lap-us", "m-lap-us"]
    assert lines[5] == "m-infer-done"
    assert lines[6:] == runner.command("results")
    assert runner.command("infer 1")[0] == "m-warmup-start-10"
    first, second = (int(runner.command("timestamp")[0][9:]) for _ in range(2))
    assert first <= second


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("nonsense", "Unknown command: nonsense"),
        ("", "Unknown command: "),
        ("db load 0", "db load takes 1 to 4096 bytes"),
        ("db load 4097", "db load takes 1 to 4096 bytes"),
        ("db load 99999999999", "db load takes 1 to 4096 bytes"),
        ("db 0g", "no pair of hexadecimal digits: 0g"),
        ("db 012", "no pair of hexadecimal digits: 2"),
        ("db 00000000", "more bytes than db load told"),
        ("infer 1", "no input is loaded: db load"),
        ("infer 0 1", "infer takes a number of inferences, then of warm-ups"),
        ("infer 1 x", "infer takes a number of inferences, then of warm-ups"),
        ("x" * 80, "a command has at most 79 bytes"),
    ],
)
def test_what_is_wrong_is_told_and_the_next_command_works(runner, command, why):
    runner.command("db load 3")
    with pytest.raises(DeviceError) as told:
        runner.command(command)
    assert str(told.value).endswith(f"% with {why}")
    assert runner.command("name") == ["m-name-dut-[SAFE]"]


def test_ends_of_lines_and_blanks_are_passed_over(runner):
    assert runner.command("  na\r\nme ") == ["m-name-dut-[SAFE]"]


class Line:
    """A port whose other end says the same whatever it is asked."""

    url, baud = "line", 115200

    def __init__(self, says):
        self.says = says

    def send(self, _data):
        pass

    def receive(self):
        said, self.says = self.says, b""
        return said


@pytest.mark.parametrize(
    ("says", "kind", "why"),
    [
        (b"", DeviceSilentError, "no bytes at all"),
        (b"Marlin\r\n", DeviceUnknownError, "not an image of app=mlperf"),
        (b"safe error: model: not here\r\n", DeviceError, "refuses: model: not here"),
        (b"m-name-dut-[X]\r\nm-ready\r\n", LinkLostError, "no line in .* after profile%"),
    ],
)
def test_who_else_may_be_there(says, kind, why, monkeypatch):
    for name in ("FIRST_SECONDS", "QUIET_SECONDS"):
        monkeypatch.setattr(f"host_tools.device.mlperf.{name}", 0.01)
    monkeypatch.setattr(Runner.command, "__defaults__", (0.05,))
    with pytest.raises(kind, match=why):
        Runner(Line(says)).identify()
