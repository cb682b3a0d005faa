"""The bare-metal example: volts at the converter's pins become the records of the chain."""

import json
import re
import shutil
import time

import numpy as np
import pytest

from codegen import reference
from codegen.frontend import tflite
from host_tools.detection import replay
from host_tools.device.serial_port import SerialPort
from host_tools.formats import golden
from host_tools.formats.record import State
from host_tools.monitor.reader import PortPlan, Reader
from host_tools.monitor.watched import Hub
from targets import emulate, load
from targets.emulate.soft_board import Conditions
from targets.make import make
from targets.places import ROOT

pytest.importorskip("unicorn")
pytestmark = pytest.mark.emulator

EXAMPLE = ROOT / "examples" / "bare_metal"
MODEL = ROOT / "models" / "forecaster"
ROWS = 60
NAMES = {"warm-up": 0, "ok": 1, "alarm": 2, "learning": 3, "degraded": 4, "notice": 5}


def ranges():
    """Low and high of each transmitter, as sensor.c has them."""
    text = (EXAMPLE / "sensor.c").read_text()
    pairs = re.findall(r"^    \{(-?[\d.]+)f, ([\d.]+)f\},", text, re.MULTILINE)
    return np.array(pairs, np.float32).T


def codes(samples):
    """What the converter makes of transmitters at `samples`: 0.66 V at 4 mA, 3.3 V at 20 mA."""
    low, high = ranges()
    share = np.clip((samples - low) / (high - low), 0, 1)
    return np.clip(np.floor(4096 * (0.2 + 0.8 * share)), 0, 4095).astype(np.int64)


def measured(code):
    """What sensor.c makes of a code, float32 in its order."""
    low, high = ranges()
    four = np.float32(819.2)
    value = low + (code.astype(np.float32) - four) * (high - low) / (np.float32(4096) - four)
    return np.where(code < 737, np.float32(np.nan), value).astype(np.float32)


@pytest.fixture(scope="module")
def fast_model(tmp_path_factory):
    """The shipped model for samples every 20 ms, so that a test is short."""
    folder = tmp_path_factory.mktemp("model") / "forecaster"
    shutil.copytree(MODEL, folder)
    rules = json.loads((folder / "detector.json").read_text()) | {"period_us": 20_000}
    (folder / "detector.json").write_text(json.dumps(rules))
    text = (folder / "model.toml").read_text()
    (folder / "model.toml").write_text(text.replace("rate_hz = 1.0", "rate_hz = 50.0"))
    return folder


def volts_of(code, folder):
    """A file of volts that gives these codes, a row for each tick of 20 ms."""
    lines = ["seconds," + ",".join(f"IN{i}" for i in range(16))]
    for tick, row in enumerate(code, 1):
        lines.append(f"{0.02 * tick:.3f}," + ",".join(f"{3.3 * (c + 0.5) / 4096:.6f}" for c in row))
    path = folder / "volts.csv"
    path.write_text("\n".join(lines))
    return path


def built(model, sensor, out, app="detector"):
    board = str(EXAMPLE / "transmitters.toml")
    return make(board, model, app=app, sensor=str(sensor), out=out)


def listen(target, image, conditions, until, *, seconds=60, kind=None):
    """What the image says until a text, and what the board complains about."""
    with (
        emulate.start(target, image.elf, kind=kind, conditions=conditions) as board,
        SerialPort(board.url) as port,
    ):
        heard, end = "", time.monotonic() + seconds
        while not re.search(until, heard) and time.monotonic() < end:
            heard += port.receive().decode("ascii")
        assert re.search(until, heard), heard + board.messages
    return heard, board.messages


def told(records):
    """Sample and state of each line that the application prints."""
    moved = np.diff(records["state"].astype(int), prepend=0) != 0
    moved |= np.diff(records["masked_count"].astype(int), prepend=0) != 0
    moved |= records["event"] != 0
    return [(int(r["index"]), State(r["state"])) for r in records[moved]]


def test_pins_to_states(fast_model, tmp_path):
    target = load.load(str(EXAMPLE / "transmitters.toml"))
    image = built(str(fast_model), EXAMPLE, fast_model.parent)
    samples = golden.load(MODEL / "golden.npz").samples[:ROWS]
    code = codes(samples)
    code[44:, 3] = 4000  # a motor that is hot at once
    code[20:24, 5] = 100  # a wire that is broken for a while
    volts = volts_of(code, tmp_path)
    graph = tflite.load(MODEL / "model_int8.tflite", "forecaster")
    expected = told(
        replay.run_chain(
            replay.load(MODEL),
            measured(code),
            lambda windows: reference.run(graph, [windows[:, None]])[0][:, 0],
        )
    )
    assert State.ALARM in {state for _, state in expected}
    last = expected[-1][0]
    heard, messages = listen(
        target, image, Conditions(strict=True, fast=True, analog=volts), f"sample={last} "
    )
    lines = re.findall(r"safe state=(\S+) sample=(\d+)", heard)
    assert [(int(index), State(NAMES[state])) for state, index in lines] == expected
    assert "safe sensor=started" in heard
    assert "late" not in heard
    complaints = [line for line in messages.splitlines() if "ran " not in line]
    assert [line for line in complaints if line.startswith("board:")] == []


SLOW = """
#include "safe/port.h"
#include "safe/sensor.h"
safe_status_t safe_sensor_start(void) { return SAFE_STATUS_OK; }
safe_status_t safe_sensor_read(float *sample)
{
    static unsigned reads;
    uint32_t start_ms = safe_port_time_ms();
    for (unsigned c = 0; c < 16u; c++) { sample[c] = (float)(reads % 7u); }
    reads++;
    while (safe_port_time_ms() - start_ms < (reads == 20u ? 70u : 3u)) { }
    return SAFE_STATUS_OK;
}
"""


def test_a_read_that_takes_three_periods_and_a_half(fast_model, tmp_path):
    """Three ticks pass meanwhile: two samples are missed, the third is taken at once."""
    (tmp_path / "slow.c").write_text(SLOW)
    image = built(str(fast_model), tmp_path, fast_model.parent)
    target = load.load(str(EXAMPLE / "transmitters.toml"))
    heard, _ = listen(target, image, Conditions(fast=True), "late missed=.*\r\n")
    assert re.findall("safe sensor=(.*)\r\n", heard) == ["started", "late missed=2"]


def test_who_watches_delays_no_read(fast_model, tmp_path):
    """A frame of 134 bytes takes 11.7 of the 20 ms of a period, at 115200 baud."""
    (tmp_path / "steady.c").write_text(SLOW.replace("reads == 20u ? 70u : 3u", "1u"))
    image = built(str(fast_model), tmp_path, fast_model.parent)
    target = load.load(str(EXAMPLE / "transmitters.toml"))
    hub, rows = Hub(), []
    hub.keep_rows(lambda _, sample: rows.append(sample))
    with emulate.start(target, image.elf) as board:
        reader = Reader(hub.add("board", board.url), PortPlan(board.url, lambda _: None))
        reader.start()
        end = time.monotonic() + 60
        while len(rows) < 70 and time.monotonic() < end:
            time.sleep(0.05)
        reader.stop()
    assert len(rows) >= 70
    first = rows[0].number
    assert [row.number for row in rows] == list(range(first, first + len(rows)))
    assert {row.values.tobytes() for row in rows} == {
        np.full(16, k, "<f4").tobytes() for k in range(7)
    }
    assert [row.values[0] for row in rows[:7]] == [(first + k) % 7 for k in range(7)]
    with_forecast = [row for row in rows if row.record["flags"] & 1]
    assert with_forecast
    assert all(row.record["forecast_crc"] and row.cycles > 1_000_000 for row in with_forecast)
    assert not [event.text for event in hub.events if "late" in event.text]


def test_low_power_sleeps_between_two_samples(fast_model, tmp_path):
    """Awake for the model's instructions, 1.5 million of the 3.4 million cycles of a period."""
    samples = golden.load(MODEL / "golden.npz").samples[:75]
    samples[60:, 3] += 30
    app = str(ROOT / "examples" / "low_power")
    image = built(str(fast_model), EXAMPLE, fast_model.parent, app)
    target = load.load(str(EXAMPLE / "transmitters.toml"))
    conditions = Conditions(strict=True, fast=True, analog=volts_of(codes(samples), tmp_path))
    heard, messages = listen(target, image, conditions, "\nalarm")
    assert heard.startswith("no alarm\r\n")
    seconds, share = map(float, re.search(r"ran (\S+) s .* awake (\S+) %", messages).groups())
    assert 1.2 < seconds < 1.5
    assert 0.2 < share / 100 < 0.35  # 31 forecasts of 62 samples
    assert not re.search(r"board: (?!ran )", messages)


def test_one_sample_a_second(tmp_path):
    """The shipped model as it is: 1 Hz by the board's clock."""
    target = load.load(str(EXAMPLE / "transmitters.toml"))
    image = built("forecaster", EXAMPLE, tmp_path)
    conditions = Conditions(fast=True, analog=EXAMPLE / "volts.csv")
    heard, messages = listen(target, image, conditions, "state=ok sample=")
    sample = int(re.search(r"state=ok sample=(\d+)", heard)[1])
    seconds = float(re.search(r"ran ([\d.]+) s", messages)[1])
    assert sample + 1 <= seconds < sample + 5
