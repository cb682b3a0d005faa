"""`host_tools bench` from outside: JSON, exit codes, and never a partial result."""

import json
import subprocess
from dataclasses import replace
from types import SimpleNamespace

import pytest

from host_tools import cli
from host_tools.device.protocol import Stats
from host_tools.workflow import run as measure
from host_tools.workflow.link import warnings
from targets.emulate import process
from targets.load import load
from targets.make import make
from tests.unit.host_tools.device.faults import Fault, Proxy, Trigger
from tests.unit.sdk.tiny import Tiny, build_app

REPORT_KEYS = (
    "target backend model_sha256 channels window horizon windows mismatched_bytes max_lsb"
    " chain_samples chain_mismatches rmse_vs_float mae_vs_float max_vs_float"
    " instructions_per_inference flash_bytes model_bytes arena_bytes static_ram_bytes stack_bytes"
    " stack_bound_bytes alarms host_seconds"
).split()


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    return make("host", "forecaster", out=tmp_path_factory.mktemp("build")).elf


@pytest.fixture
def bench(image, tmp_path, capsys):
    """Return bench(fault, *options) → (exit code, output, errors, path of --out)."""

    def run(fault, *options):
        out = tmp_path / "report.json"
        with (
            process.start(load("host"), image) as device,
            Proxy(int(device.url.rsplit(":", 1)[1]), fault) as proxy,
        ):
            arguments = ["bench", "--port", proxy.url, "--windows", "8", "--samples", "60"]
            code = cli.main([*arguments, "--out", str(out), *options])
        captured = capsys.readouterr()
        return code, captured.out, captured.err, out

    return run


def test_json_has_the_fields_of_the_report(bench):
    code, text, errors, out = bench(Fault(), "--json")
    assert (code, errors) == (0, "")
    fields = json.loads(text)
    assert json.loads(out.read_text(encoding="utf-8")) == fields
    assert [key for key in REPORT_KEYS if key not in fields] == []
    assert (fields["mismatched_bytes"], fields["chain_mismatches"]) == (0, 0)
    assert (fields["windows"], fields["chain_samples"], fields["target"]) == (8, 60, "board")
    assert fields["link"]["device"]["model"] == "forecaster"
    assert fields["link"]["restarts"] == fields["link"]["retries"] == 0


def test_difference_is_written_and_ends_with_50(bench, monkeypatch):
    honest = measure.bench

    def flip(*arguments, **options):
        result = honest(*arguments, **options)
        outputs, records = result.outputs.copy(), result.records.copy()
        outputs[3, 7] ^= 1
        records["state"][50] ^= 1
        return replace(result, outputs=outputs, records=records)

    monkeypatch.setattr(measure, "bench", flip)
    code, _, errors, out = bench(Fault())
    assert code == 50
    assert "1 output bytes (at most 1 LSB), 1 chain records" in errors
    assert json.loads(out.read_text(encoding="utf-8"))["exact"] is False


def test_lost_link_writes_nothing(bench, monkeypatch):
    monkeypatch.setattr("host_tools.device.link.TIMEOUTS", 1)
    code, text, errors, out = bench(Trigger(3000, lambda *_: b"", 0, 10**6))
    assert code == 45
    assert "no answer to" in errors
    assert text == ""
    assert not out.exists()


def test_other_model_ends_with_44(tmp_path, capsys):
    tiny = Tiny(window=30, channels=16, horizon=10)
    app = build_app(tiny, "bench", tmp_path / "tiny")
    with process.start(load("host"), app) as device:
        assert cli.main(["bench", "--port", device.url]) == 44
    assert tiny.sha256 in capsys.readouterr().err


def test_no_port_ends_with_40(capsys):
    assert cli.main(["bench", "--port", "/dev/no_such_port"]) == 40
    assert "/dev/no_such_port" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--windows", "--samples"])
def test_more_than_there_is(capsys, option):
    assert cli.main(["bench", "--port", "socket://127.0.0.1:1", option, "99999"]) == 10
    assert "ask for fewer" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--emulate"], ["--windows", "0"], ["--baud", "fast"]])
def test_wrong_options_are_usage_errors(capsys, options):
    with pytest.raises(SystemExit) as caught:
        cli.main(["bench", "--port", "socket://127.0.0.1:1", *options])
    assert caught.value.code == 2
    assert options[0] in capsys.readouterr().err


@pytest.fixture
def plugged_in(image, monkeypatch):
    """The only board of this machine: the device behind a pseudo terminal."""
    with subprocess.Popen([image, "--pty"], stdout=subprocess.PIPE, text=True) as device:
        name = device.stdout.readline().split()[1]
        port = SimpleNamespace(
            device=name, vid=0x0483, pid=0x374B, serial_number="066BFF",
            description="STM32 STLink", location="1-1:1.2",
        )  # fmt: skip
        monkeypatch.delenv("SAFE_PORT", raising=False)
        monkeypatch.setattr("host_tools.device.serial_port.list_ports.comports", lambda: [port])
        yield name
        device.terminate()


def test_the_port_of_the_only_board(plugged_in, capsys):
    words = ["bench", "--target", "stm32f4", "--windows", "8", "--samples", "60"]
    assert cli.main([*words, "--json"]) == 0
    link = json.loads(capsys.readouterr().out)["link"]
    assert link["baud"] == 3_000_000
    assert {attempt["verdict"] for attempt in link["baud_tried"]} == {"ok"}
    assert (link["inference_cycles"], link["cycles"]) == (None, "unavailable")
    assert cli.main([*words, "--max-baud", "460800"]) == 0
    assert "Link: 460,800 baud, cycles unavailable, 0 repeats" in capsys.readouterr().out


def test_a_board_of_another_target_is_not_taken(plugged_in, capsys):
    assert cli.main(["bench", "--target", "stm32u5"]) == 40
    assert f"{plugged_in} (0483:374b 066BFF, STM32 STLink)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "used", "bound", "said"),
    [
        (0, 768, 800, []),
        (0, 800, 800, []),
        (0, 0, 800, []),
        (0, 804, None, []),
        (0, 804, 800, ["804 bytes, 4 more than its proved bound of 800"]),
        (
            0b1001,
            768,
            800,
            [
                "reports rx_overrun (see port.h); on the line first at 3.500 s, of the"
                " time since 1.250 s"
            ],
        ),
        (0b100001, 768, 800, ["reports reset_watchdog (see port.h)"]),
    ],
)
def test_what_a_person_is_warned_of(status, used, bound, said):
    stats = Stats(9000, status, used, 1, 0, 0, 1250, 3500)
    found = warnings(stats, ["clock_timeout"], bound)
    assert len(found) == len(said)
    assert all(part in line for line, part in zip(found, said, strict=True))
