"""A CubeMX project with a generated folder, over a stand-in of the HAL, on the soft board."""

import json

import numpy as np
import pytest

from host_tools.cli import main
from host_tools.detection import replay
from host_tools.device.bench import run_bench
from host_tools.device.link import Link
from host_tools.device.protocol import port_status_names
from host_tools.device.serial_port import SerialPort
from host_tools.formats import description
from host_tools.formats.record import State
from host_tools.runtimes import host_c
from targets import build, emulate
from targets.load import load
from tests.emulator.conftest import Line
from tests.standin.hal.image import link
from tests.standin.xcubeai.host import write_network
from tests.standin.xcubeai.install import HERE, Kind

pytest.importorskip("unicorn")
pytestmark = pytest.mark.emulator
FORECASTER = build.ROOT / "models" / "forecaster"
STYLE = ["--style", "cubemx", "--uart", "huart2", "--timer", "htim6"]
SENSORS = """    static uint32_t count;
    for (uint32_t c = 0; c < SAFE_FORECASTER_CHANNELS; c++) {
        sample[c] = (float)(count % 7u);
    }
    count++;
    return count % 50u != 0u;
"""


def generate(folder, target, *more):
    arguments = ["generate", "--target", target, *STYLE, "--out", str(folder), *more]
    assert main(arguments) == 0
    return folder


def bench(target, image, windows=3, samples=34):
    """Take windows and samples through an image; return result and kept outputs."""
    with np.load(FORECASTER / "golden.npz") as golden:
        inputs, outputs = golden["windows"][:windows], golden["outputs"][:windows]
        raw = golden["samples"][:samples]
    with (
        emulate.start(load(target), image, kind="board") as running,
        SerialPort(running.url) as port,
    ):
        result = run_bench(Link(port), inputs, raw, sha256=None)
        assert "board:" not in running.messages
    assert result.outputs.tobytes() == outputs.tobytes()
    assert result.records["index"].tolist() == list(range(samples))
    assert result.records["status"].tolist() == [0] * samples
    return result


@pytest.mark.parametrize(
    ("target", "receive"), [("stm32f4", "interrupt"), ("stm32u5", "dma")], ids=["f405", "u5-dma"]
)
def test_bench_is_exact_and_a_lost_byte_is_recovered(tmp_path, target, receive):
    folder = generate(tmp_path / "mx", target, "--receive", receive)
    image = link(load(target), folder, tmp_path / "work", lose=900)
    result = bench(target, image)
    assert result.counters.retries >= 1
    assert list(port_status_names(result.stats.status)) == ["uart_error"]
    assert 1_000_000 < result.timing.min_cycles < 2_000_000


def test_a_network_of_cubemx_runs_from_where_it_is(tmp_path):
    app = write_network(tmp_path / "X-CUBE-AI" / "App", FORECASTER / "model_int8.tflite", Kind())
    more = ["--backend", "xcubeai", "--from", str(tmp_path)]
    folder = generate(tmp_path / "mx", "stm32f4", *more)
    assert not list(folder.rglob("network*"))
    # ST's middleware is in such a project, too.
    sources = (*sorted(app.glob("*.c")), HERE / "runtime.c")
    places = (app, HERE / "inc", build.ROOT / "sdk" / "include")
    image = link(load("stm32f4"), folder, tmp_path / "work", includes=places, more=sources)
    assert (bench("stm32f4", image).info.features >> 8 & 15) == 2


@pytest.mark.parametrize("kind", ["network", "detector"])
def test_a_product_of_one_part_only_compiles_and_links(tmp_path, kind):
    model = tmp_path / "pump"
    model.mkdir()
    if kind == "network":
        (model / "model_int8.tflite").write_bytes((FORECASTER / "model_int8.tflite").read_bytes())
    else:
        detector = json.loads((FORECASTER / "detector.json").read_text())
        detector |= {f"residual_{part}": [] for part in ("channels", "factor", "prior")}
        (model / "detector.json").write_text(json.dumps(detector))
        (model / "scaler.json").write_bytes((FORECASTER / "scaler.json").read_bytes())
        (model / "model.toml").write_text('name = "pump"\nnetwork = "none"\n')
    folder = generate(tmp_path / "mx", "stm32f4", "--model", str(model))
    link(load("stm32f4"), folder, tmp_path / "work")


def test_sensors_pace_the_detector_and_what_a_user_wrote_is_kept(tmp_path):
    folder = generate(tmp_path / "mx", "stm32f4")
    file = folder / "Src" / "app_x-cube-ai.c"
    text = file.read_text()
    default = "    (void)sample;\n    return false;\n"
    assert default in text
    file.write_text(text.replace(default, SENSORS))
    generate(folder, "stm32f4")
    assert SENSORS in file.read_text()
    image = link(load("stm32f4"), folder, tmp_path / "work", period_ms=20)
    with emulate.start(load("stm32f4"), image, kind="board") as running:
        line = Line(running.url)
        told = line.line()
        line.close()
    samples = np.repeat(np.arange(40)[:, None] % 7, 16, axis=1).astype(np.float32)
    host = host_c.compile_model(FORECASTER, tmp_path / "host")
    records = replay.run_chain(replay.load(FORECASTER), samples, host.run)
    first = records[np.flatnonzero(records["state"])[0]]
    assert first["state"] == State.ALARM
    score = int(first["score"] * np.float32(1000))
    name = description.load(FORECASTER).channels[first["top"][0]]
    assert told == f"safe alarm: sample {first['index']}, score {score}/1000, {name}"
    bench("stm32f4", image)  # the sensors wait while a host has model and detector
