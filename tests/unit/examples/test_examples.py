"""The examples of the host: each is compiled as a user's program, without a warning, and run."""

import re
import shutil
import socket
import subprocess
from pathlib import Path

import numpy as np
import pytest

from codegen import reference
from codegen.frontend import tflite
from host_tools import cli
from host_tools.detection import replay
from host_tools.formats import golden
from host_tools.formats.record import State
from targets.places import ROOT
from tests.unit.sdk.tiny import MODEL, user_folder

HERE = Path(__file__).parent
EXAMPLES = ROOT / "examples"
WARNINGS = "-Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror".split()
RECORDED = [f"-Dsafe_forecaster_detector_{call}=recorded_{call}" for call in ("step", "missed")]
CHANNELS = 16


def call(*command, **options):
    done = subprocess.run(command, capture_output=True, check=False, timeout=120, **options)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="module")
def gen(tmp_path_factory):
    """The standalone folder of the shipped model, its C as objects."""
    out = user_folder(tmp_path_factory.mktemp("examples") / "gen")
    for source in out.glob("*.c"):
        call("cc", "-std=c99", "-O2", f"-I{out}", "-c", source, "-o", source.with_suffix(".o"))
    return out


@pytest.fixture(scope="module")
def samples():
    """float32 [90, 16]: quiet, then a fault; four decimals, as they travel in text."""
    found = golden.load(MODEL / "golden.npz").samples[:90].copy()
    found[70:, 3] += 30
    return np.round(found, 4).astype(np.float32)


def records(data, folder=MODEL):
    graph = tflite.load(MODEL / "model_int8.tflite", "forecaster")
    return replay.run_chain(
        replay.load(folder),
        data,
        lambda windows: reference.run(graph, [windows[:, None]])[0][:, 0],
    )


def changes(found):
    """State and sample wherever the state changes, from warm-up on."""
    moved = np.flatnonzero(np.diff(found["state"].astype(int), prepend=0))
    return [(int(found["state"][i]), int(found["index"][i])) for i in moved]


def lines(data):
    return "".join(" ".join(f"{value:.4f}" for value in row) + "\n" for row in data)


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_cpp(gen, samples, compiler, tmp_path):
    flags = ["-std=c++17", "-fno-exceptions", "-fno-rtti", "-Wold-style-cast", *WARNINGS]
    program = [EXAMPLES / "cpp/main.cpp", *gen.glob("*.o"), "-o", tmp_path / "detector"]
    call(compiler, *flags, f"-I{gen}", *program)
    text = call(tmp_path / "detector", input=lines(samples).encode()).decode()
    told = re.findall(r"^state (\d) at sample (\d+), score [^,\s]+(?:, (\w+))?", text, re.MULTILINE)
    assert [(int(state), int(sample)) for state, sample, _ in told] == changes(records(samples))
    assert ("2", "motor_temperature") in {(state, top) for state, _, top in told}


def test_two_models(samples, tmp_path):
    for name in ("pump", "fan"):
        shutil.copytree(MODEL, tmp_path / name)
        toml = tmp_path / name / "model.toml"
        toml.write_text(toml.read_text().replace('"forecaster"', f'"{name}"'))
    rules = tmp_path / "fan" / "detector.json"
    rules.write_text(rules.read_text().replace('"notice": 2.0,', '"notice": 1.0,'))
    lib = str(tmp_path / "lib")
    words = [word for name in ("pump", "fan") for word in ("--model", str(tmp_path / name))]
    assert cli.main(["package", *words, "--target", "host", "--format", "make", "--out", lib]) == 0
    src = Path(lib) / "src"
    program = [EXAMPLES / "two_models/main.c", *src.glob("*.c"), "-o", tmp_path / "both"]
    call("cc", "-std=c99", "-O2", *WARNINGS, f"-I{src}", *program)
    mixed = [f"{'pf'[i % 3 == 0]} {line}" for i, line in enumerate(lines(samples).splitlines())]
    text = call(tmp_path / "both", input="\n".join(mixed).encode()).decode()
    fan = np.arange(len(samples)) % 3 == 0
    for name, mine in (("pump", samples[~fan]), ("fan", samples[fan])):
        states = re.findall(rf"^{name}: (?:state (\d)|(alarm))", text, re.MULTILINE)
        found = [int(State.ALARM) if alarm else int(state) for state, alarm in states]
        assert found == records(mine, tmp_path / name)["state"].tolist()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def connect(port, process):
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=10)
        except ConnectionRefusedError:
            assert process.poll() is None
            subprocess.run(["sleep", "0.05"], check=True)
    raise AssertionError("the gateway does not listen")


def test_gateway(gen, samples, tmp_path):
    """Two machines at once, one of them fault-free; lines come in pieces."""
    program = [EXAMPLES / "gateway/main.c", *gen.glob("*.o"), "-o", tmp_path / "gateway"]
    call("cc", "-std=c99", "-O2", *WARNINGS, "-fsanitize=undefined", f"-I{gen}", *program)
    port = free_port()
    quiet = samples[:60]
    with subprocess.Popen([tmp_path / "gateway", str(port)]) as process:
        try:
            with connect(port, process) as one, connect(port, process) as two:
                texts = [lines(samples).replace(" ", ", "), lines(quiet)]
                for at in range(0, len(texts[0]), 700):
                    for client, text in zip((one, two), texts, strict=True):
                        client.sendall(text[at : at + 700].encode())
                told = [receive(client) for client in (one, two)]
        finally:
            process.kill()
    assert told == [changes(records(samples)), changes(records(quiet))]


def receive(client):
    """State and sample of every line until nothing comes for a second."""
    client.settimeout(1)
    text = b""
    try:
        while more := client.recv(4096):
            text += more
    except TimeoutError:
        pass
    return [tuple(map(int, row)) for row in re.findall(rb"state (\d) sample (\d+)", text)]


def recorded(text):
    """What the detector was given: the number of missed samples, or the bits of one."""
    found = []
    for line in text.decode().splitlines():
        kind, *numbers = line.split()
        if kind == "missed":
            found.append(int(numbers[0]))
        elif kind == "step":
            found.append(np.array(numbers[1:], np.uint32).view(np.float32).tobytes())
    return found


def test_freertos(gen, samples, tmp_path):
    """Seven ticks come while step 50 is told: four samples wait, three are missed."""
    folder = HERE / "freertos"
    includes = [f"-I{path}" for path in (folder, EXAMPLES / "freertos", gen)]
    flags = ["-std=c99", "-pthread", *WARNINGS, *includes]
    main = tmp_path / "main.o"
    call("cc", *flags, *RECORDED, "-c", EXAMPLES / "freertos/main.c", "-o", main)
    rest = [folder / "standin.c", HERE / "record.c", *gen.glob("*.o"), "-o", tmp_path / "tasks"]
    call("cc", *flags, main, *rest)
    given = recorded(call(tmp_path / "tasks", input=samples.tobytes()))
    rows = [row.tobytes() for row in samples]
    assert given == [*rows[:54], 3, *rows[57:]]


def test_zephyr(gen, tmp_path):
    """A tick that passed unseen, an input that cannot be read, millivolts to units."""
    folder = HERE / "zephyr"
    main = tmp_path / "main.o"
    flags = ["-std=c11", *WARNINGS, f"-I{folder}", f"-I{gen}"]
    call("cc", *flags, *RECORDED, "-c", EXAMPLES / "zephyr/src/main.c", "-o", main)
    rest = [folder / "standin.c", HERE / "record.c", *gen.glob("*.o"), "-lm"]
    call("cc", *flags, main, *rest, "-o", tmp_path / "app")
    raw = np.random.default_rng(2).integers(0, 4096, (60, CHANNELS)).astype(np.int16)
    raw[20, 5] = -1
    given = recorded(call(tmp_path / "app", input=raw.tobytes()))
    text = (EXAMPLES / "zephyr/src/main.c").read_text()
    low, high = np.array(re.findall(r"\{(-?\d+), (\d+)\}", text), np.float32).T
    millivolts = (raw.astype(np.int32) * 3300 >> 12).astype(np.float32)
    expected = (low + millivolts / np.float32(3300) * (high - low)).astype(np.float32)
    expected[20, 5] = np.nan
    rows = [row.tobytes() for row in expected]
    assert given[:39] == rows[:39]
    assert given[39] == 1
    assert given[40:] == rows[39:]


def test_the_lines_of_the_guide_compile(gen, tmp_path):
    (text,) = re.findall(r"```c\n(.*?)```", (ROOT / "docs/integration.md").read_text(), re.DOTALL)
    include, _, body = text.partition("\n\n")
    declared = "float sample[SAFE_FORECASTER_CHANNELS] = {0}; safe_detector_result_t result;"
    main = f"{include}\nint main(void) {{ {declared} safe_status_t status;\n{body} return 0; }}\n"
    (tmp_path / "main.c").write_text(main)
    call("cc", "-std=c99", f"-I{gen}", tmp_path / "main.c", *gen.glob("*.o"), "-o", tmp_path / "m")
    call(tmp_path / "m")


def test_every_example_is_short_and_described():
    for folder in EXAMPLES.iterdir():
        assert (folder / "README.md").is_file(), folder
        for path in folder.rglob("*"):
            if path.is_file():
                assert len(path.read_text().splitlines()) <= 120, path
