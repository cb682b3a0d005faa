"""The logger on the soft board: every row arrives, in order, with names and gaps."""

import csv
import json

import pytest

from host_tools import cli
from targets import emulate
from targets.errors import ExitCode
from targets.load import load
from targets.make import make

pytestmark = pytest.mark.emulator
ROWS = 1500
SENSOR = """
#include <math.h>

#include "safe/port.h"
#include "safe/sensor.h"

static const char *const names[] = {"a [V]", "b", "c", "d", "e", "f", "g", "count"};
const safe_sensor_log_t safe_sensor_log = {.names = names, .period_us = 1000, .channels = 8};
static unsigned reads;

safe_status_t safe_sensor_start(void)
{
    return SAFE_STATUS_OK;
}

safe_status_t safe_sensor_read(float *sample)
{
    uint32_t start_ms = safe_port_time_ms();

    reads++;
    for (unsigned c = 0; c < 8u; c++) {
        sample[c] = c == 7u ? (float)reads : 0.125f * (float)c;
    }
    sample[2] = NAN;
    while (reads == 500u && safe_port_time_ms() - start_ms < 20u) {
    }
    return reads == 700u ? SAFE_STATUS_TIMEOUT : SAFE_STATUS_OK;
}
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    folder = tmp_path_factory.mktemp("logger")
    (folder / "sensors").mkdir()
    (folder / "sensors" / "sensor.c").write_text(SENSOR)
    return make(
        "stm32f4",
        "forecaster",
        app="logger",
        sensor=str(folder / "sensors"),
        out=folder / "build",
    )


def test_every_row_arrives(image, tmp_path, capsys):
    """1,000 rows a second; a read of 20 ms is a gap of 19 rows, one that fails a row of nothing."""
    path = tmp_path / "log.csv"
    with emulate.start(load("stm32f4"), image.elf, kind="board") as board:
        words = ["record", "--format", "frames", "--port", board.url, "--out", str(path)]
        assert cli.main([*words, "--rows", str(ROWS), "--json"]) == ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    with path.open(encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == ["time", "a [V]", "b", "c", "d", "e", "f", "g", "count"]
    assert len(rows) == ROWS
    counts = [row[8] for row in rows]
    assert counts == ["" if i == 699 else str(i + 1) for i in range(ROWS)]
    assert {tuple(row[1:8]) for row in rows} == {
        ("0", "0.125", "", "0.375", "0.5", "0.625", "0.75"),
        ("",) * 7,
    }
    assert [gap["seconds"] for gap in told["gaps"]] == [pytest.approx(0.02, abs=0.003)]
    assert told["left_out"] == 0


def test_an_image_without_a_model_tells_no_weights(image):
    size = image.size()
    assert (size["weight_bytes"], size["arena_bytes"], size["model_bytes"]) == (0, 0, 0)


def test_another_application_is_no_logger(forecaster, tmp_path, capsys):
    with emulate.start(load("stm32f4"), forecaster.elf, kind="board") as board:
        words = ["record", "--format", "frames", "--port", board.url]
        assert cli.main([*words, "--out", str(tmp_path / "x.csv")]) == ExitCode.DEVICE_UNKNOWN
    assert "app=logger" in capsys.readouterr().err
    assert not (tmp_path / "x.csv").exists()


def test_a_logger_needs_sensors(capsys):
    assert cli.main(["build", "--target", "stm32f4", "--app", "logger"]) == ExitCode.USAGE
    assert "safe_sensor_log" in capsys.readouterr().err
