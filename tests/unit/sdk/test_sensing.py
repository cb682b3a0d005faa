"""The product's own sensors by the clock: on a clock of the test, and in the application."""

import subprocess
import time

import numpy as np
import pytest

from host_tools.device.bench import run_bench
from host_tools.device.link import Link
from host_tools.device.serial_port import SerialPort
from host_tools.errors import DeviceError
from targets.emulate import process
from targets.load import load
from tests.unit.sdk.test_generated_detector import small_folder
from tests.unit.sdk.tiny import ROOT, WARNINGS, Tiny, build_app, samples

SENSOR = """
#include "safe/sensor.h"
safe_status_t safe_sensor_start(void) { return SAFE_STATUS_OK; }
safe_status_t safe_sensor_read(float *sample)
{
    static float value;
    value = value == 1.0f ? -1.0f : 1.0f;
    for (int i = 0; i < 3; i++) { sample[i] = value; }
    return SAFE_STATUS_OK;
}
"""


def test_detector_is_given_what_it_would_be_given_by_hand(tmp_path):
    folder = small_folder(tmp_path / "gen")
    sources = [*sorted(folder.glob("*.c")), ROOT / "sdk/src/app/sensing.c"]
    sources += [ROOT / "sdk/src/ticker.c", ROOT / "tests/unit/sdk/sensing_main.c"]
    includes = [f"-I{path}" for path in (folder, ROOT / "sdk/include", ROOT / "sdk/src/app")]
    flags = ["-std=c99", "-g", *WARNINGS, "-fsanitize=address,undefined", *includes]
    subprocess.run(["gcc", *flags, *sources, "-o", tmp_path / "sensing"], check=True, timeout=120)
    done = subprocess.run(
        [tmp_path / "sensing"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_application_reads_its_sensors_and_takes_no_samples_from_the_line(tmp_path):
    """The tiny detector's samples come every 250 ms."""
    (tmp_path / "sensor.c").write_text(SENSOR)
    parts = ("common", "sensing", "watching")
    elf = build_app(
        Tiny(), "detector", tmp_path / "app", parts=parts, more=(tmp_path / "sensor.c",)
    )
    with process.start(load("host"), elf) as emulator, SerialPort(emulator.url) as port:
        heard, end = "", time.monotonic() + 20
        while "safe state=learning" not in heard and time.monotonic() < end:
            heard += port.receive().decode("ascii")
        with pytest.raises(DeviceError, match="or sensors of its own"):
            run_bench(Link(port), np.zeros((0, 4, 3), np.int8), samples(Tiny(), 5))
    assert "safe state=learning" in heard
