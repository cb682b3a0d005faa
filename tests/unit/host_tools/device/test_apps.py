"""The applications as processes: banner, state lines, pty, refusal, ports."""

import re
import subprocess
import time

import numpy as np
import pytest

from host_tools.detection import replay
from host_tools.device.bench import run_bench, stream_samples
from host_tools.device.link import Link
from host_tools.device.protocol import PACE_PLANT
from host_tools.device.serial_port import SerialPort
from host_tools.errors import DeviceError, PortNotFoundError
from host_tools.formats.record import NO_CHANNEL, Event
from tests.unit.sdk.tiny import Tiny, samples

NO_WINDOWS = np.zeros((0, 4, 3), np.int8)


def test_bench_over_a_pty(apps):
    process = subprocess.Popen([apps(), "--pty"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[1]
        assert url.startswith("/dev/pts/")
        windows = np.random.default_rng(1).integers(-128, 128, (9, 4, 3), dtype=np.int8)
        data = samples(Tiny(), 90)
        with SerialPort(url) as port:
            result = run_bench(Link(port), windows, data)
            with pytest.raises(PortNotFoundError):
                SerialPort(url)  # exclusive: a second host would take the first one's bytes
        assert result.outputs.tobytes() == Tiny().run(windows).tobytes()
        expected = replay.run_chain(Tiny().config(), data, Tiny().run)
        assert result.records.tobytes() == expected.tobytes()
    finally:
        process.kill()
        process.wait()


def test_detector_tells_changes_in_text(device):
    data = samples(Tiny(), 200)
    expected = replay.run_chain(Tiny().config(), data, Tiny().run)
    with device("detector") as emulator, SerialPort(emulator.url) as port:
        link = Link(port)
        info = link.connect()
        records = stream_samples(link, info, data, lambda *_: None)
        heard = link._receiver.remains.decode("ascii")
        with pytest.raises(DeviceError, match="takes no windows"):
            run_bench(link, np.zeros((1, 4, 3), np.int8), data)
    assert records.tobytes() == expected.tobytes()
    assert not set(heard) - set(map(chr, range(32, 127))) - {"\r", "\n"}
    names = {"warm-up": 0, "ok": 1, "alarm": 2, "learning": 3, "degraded": 4, "notice": 5}
    told = re.findall(r"safe state=(\S+) sample=(\d+) score_bits=0x([0-9a-f]{8})", heard)
    start = {"state": 0, "masked_count": 0, "drift": NO_CHANNEL}
    moved = [np.diff(expected[k].astype(int), prepend=v) != 0 for k, v in start.items()]
    changed = np.flatnonzero(np.any([*moved, expected["event"] != 0], axis=0))
    assert len(changed) >= 4
    assert [(names[state], int(index), int(bits, 16)) for state, index, bits in told] == [
        (int(row["state"]), int(row["index"]), int(row["score"].view(np.uint32)))
        for row in expected[changed]
    ]
    assert "event=learned" in heard
    assert re.search(r"masked=\d", heard)


@pytest.mark.parametrize("app", ["detector", "bench"])
def test_silence_is_said_at_once_and_in_the_next_record(device, app):
    """The tiny detector is stale after a second: its samples come every 250 ms."""
    data = samples(Tiny(), 30)
    with device(app) as emulator, SerialPort(emulator.url) as port:
        link = Link(port)
        info = link.connect()
        assert info.stale_ms == 1000
        stream_samples(link, info, data[:20], lambda *_: None, pace=PACE_PLANT)
        time.sleep(1.5)
        after = stream_samples(link, info, data[20:], lambda *_: None, resume=True)
        heard = link._receiver.remains.decode("ascii")
    assert ("safe state=stale sample=0 score_bits=0x00000000\r\n" in heard) == (app == "detector")
    assert after["event"].tolist() == [int(Event.SILENCE)] + [0] * 9


def test_inputs_that_do_not_fit_are_refused(device):
    with device() as emulator, SerialPort(emulator.url) as port:
        link = Link(port)
        with pytest.raises(DeviceError, match="windows of 15 bytes"):
            run_bench(link, np.zeros((1, 5, 3), np.int8), np.zeros((0, 3), np.float32))
        with pytest.raises(DeviceError, match="3 channels"):
            run_bench(link, NO_WINDOWS, np.zeros((1, 4), np.float32))
        empty = run_bench(link, NO_WINDOWS, np.zeros((0, 3), np.float32))
        assert empty.timing is None
        assert len(empty.records) == 0


def test_unknown_option_of_the_host_port(apps):
    done = subprocess.run([apps(), "--usb"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "usage:" in done.stderr
