"""The I2C example: degrees at the thermometers become the records of the chain, and what fails is
told.
"""

import re

import numpy as np
import pytest

from host_tools import cli
from host_tools.detection import replay
from host_tools.formats import golden
from targets import load
from targets.emulate.soft_board import Conditions
from targets.make import make
from targets.places import ROOT
from tests.emulator.test_example_bare_metal import NAMES, State, listen, told

pytest.importorskip("unicorn")
pytestmark = pytest.mark.emulator

EXAMPLE = ROOT / "examples" / "i2c"
PERIOD = 0.02
ROWS = 60


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A product of two temperatures, 50 times a second."""
    folder = tmp_path_factory.mktemp("model")
    time, random = np.arange(4000) * PERIOD, np.random.default_rng(3)
    rows = np.column_stack([21.5 + np.sin(time / 3), 40.0 + 2 * np.cos(time / 5)])
    rows += random.normal(0, 0.2, rows.shape)
    lines = [f"{t:.2f},{a:.4f},{b:.4f}" for t, (a, b) in zip(time, rows, strict=True)]
    csv = folder / "log.csv"
    csv.write_text("\n".join(["time,case,motor", *lines]) + "\n")
    made = ["train", "--network", "none", "--baseline", "training", "--csv", str(csv)]
    made += ["--time-format", "s", "--max-quiet-alarms", "100", "--out", str(folder / "pump")]
    assert cli.main(made) == 0
    return folder / "pump"


@pytest.fixture(scope="module")
def image(model):
    return make("stm32f4", str(model), app="detector", sensor=str(EXAMPLE), out=model.parent)


def bus(folder, rows):
    """A file of devices, a row for each tick of 20 ms."""
    lines = [f"{PERIOD * tick:.3f},{a},{b}" for tick, (a, b) in enumerate(rows, 1)]
    path = folder / "bus.csv"
    path.write_text("\n".join(["seconds,0x48,0x49", "0,0,0", *lines]) + "\n")
    return path


def said(image, path, until):
    """What the image says, and the board's complaints, of which there must be none."""
    conditions = Conditions(strict=True, fast=True, i2c=path)
    heard, messages = listen(load.load("stm32f4"), image, conditions, until, kind="board")
    assert not re.search(r"board: (?!ran )", messages), messages
    return heard


def test_degrees_to_states(model, image, tmp_path):
    samples = golden.load(model / "golden.npz").samples[:ROWS].astype(np.float64)
    samples[40:, 1] += 9  # a motor that is hot at once
    samples[20:25, 0] = np.nan  # a device that does not answer for a while
    steps = np.round(samples * 16)
    expected = told(replay.run_chain(replay.load(model), (steps / 16).astype(np.float32), None))
    assert State.ALARM in {state for _, state in expected}
    cells = [["" if np.isnan(v) else v / 16 for v in row] for row in steps]
    heard = said(image, bus(tmp_path, cells), f"sample={expected[-1][0]} ")
    lines = re.findall(r"safe state=(\S+) sample=(\d+)", heard)
    assert [(int(index), State(NAMES[state])) for state, index in lines] == expected
    assert re.findall("safe sensor=(.*)\r\n", heard) == ["started"]


def test_nobody_answers_a_held_bus_and_a_dead_one(image, tmp_path):
    """The sensors are there again each time; the held bus is freed before anybody notices."""
    rows = [(21, 40)] * 10 + [("", "")] * 3 + [(21, 40)] * 5 + [("stuck", 40)] * 2
    rows += [(21, 40)] * 5 + [(21, "dead")] * 3 + [(21, 40)] * 40
    heard = said(image, bus(tmp_path, rows), r"(?s)(sensor=ok.*){2}")
    assert re.findall("safe sensor=(.*)\r\n", heard) == [
        "started",
        "failed because: no device answers on the bus",
        "ok",
        "failed because: a bounded wait ran out",
        "ok",
    ]


def test_no_device_at_the_start_is_told_and_found_later(image, tmp_path):
    path = tmp_path / "bus.csv"
    path.write_text("seconds,0x48,0x49\n0,,\n0.2,21,40\n")
    heard = said(image, path, "sensor=ok")
    assert re.findall("safe sensor=(.*)\r\n", heard) == [
        "failed because: no device answers on the bus",
        "ok",
    ]


MAIN = """
#include "i2c.h"
#include "safe/port.h"
static void say(uint32_t value, char end)
{
    static const char hex[] = "0123456789abcdef";
    const char text[3] = {hex[value >> 4 & 15u], hex[value & 15u], end};
    (void)!safe_port_write((const uint8_t *)text, sizeof text);
}
int main(void)
{
    static const uint8_t limit[] = {0x12, 0x34};
    uint8_t bytes[5];
    safe_port_init();
    say((uint32_t)safe_i2c_init(), ' ');
    say((uint32_t)safe_i2c_write(0x48, 2, limit, 2), '\\n');
    for (size_t n = 1; n <= sizeof bytes; n++) {
        say((uint32_t)safe_i2c_read(0x48, n % 2u == 0u ? 2 : 0, bytes, n), ' ');
        for (size_t i = 0; i < n; i++) { say(bytes[i], ' '); }
    }
    say((uint32_t)safe_i2c_read(0x4A, 0, bytes, 1), ' ');
    say((uint32_t)safe_i2c_read(0x48, 0, bytes, 0), '.');
    for (;;) { safe_port_idle(); }
}
"""


def test_reads_of_every_length(tmp_path):
    """-21.5 degrees are 0xEA80; the register of a limit was written before."""
    app = tmp_path / "app"
    app.mkdir()
    (app / "main.c").write_text(MAIN)
    image = make("stm32f4", "forecaster", app=str(app), out=tmp_path / "out")
    path = tmp_path / "bus.csv"
    path.write_text("seconds,0x48\n0,-21.5\n")
    heard = said(image, path, r"\.")
    assert heard.split("\n") == [
        "00 00",
        "00 ea 00 12 34 00 ea 80 ea 00 12 34 12 34 00 ea 80 ea 80 ea 15 01.",
    ]
