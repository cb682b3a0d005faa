"""A model replaced over the line, on the soft board: tried, kept, refused, rolled back, cut off."""

import dataclasses
import functools
from pathlib import Path

import numpy as np
import pytest

from host_tools import cli
from host_tools.detection import replay
from host_tools.device import update as device_update
from host_tools.device.bench import stream_samples
from host_tools.device.link import Link
from host_tools.device.serial_port import SerialPort
from host_tools.device.update import BUILT_IN, State
from host_tools.errors import UpdateRejectedError
from host_tools.formats import golden, signing_key, update_image
from host_tools.formats.update_image import HEADER_BYTES, UNIT_BYTES
from host_tools.runtimes import reference
from host_tools.workflow import update as workflow
from targets import emulate
from targets.load import Target, load
from targets.make import make
from targets.options import Options
from tests.emulator.update_board import FORECASTER, UpdateBoard, product

pytest.importorskip("unicorn")
from targets.emulate.board.peripheral.programming import PowerCut, StoreMemory

pytestmark = pytest.mark.emulator
SIGNATURE = 22
ROWS = 60
FLASHES = {"stm32f4": (0x20000, 4), "stm32g0": (0x800, 8), "stm32u5": (0x2000, 16)}
"""What is erased and what is programmed at once, in bytes."""


@dataclasses.dataclass
class Bench:
    """A resident application without a network, and what signs for it."""

    target: Target
    image: Path
    folder: Path
    seed: bytes
    options: Options

    def made(self, test=None):
        model = str(self.folder / "pump")
        return workflow.images(self.target.name, model, self.seed, options=self.options, test=test)

    @functools.cached_property
    def pump(self):
        return self.made()

    @functools.cached_property
    def bad(self):
        test = workflow.golden_of(workflow.build.find_model(str(self.folder / "pump")))
        return self.made(dataclasses.replace(test, records_crc=test.records_crc ^ 1))

    @property
    def slot_bytes(self):
        return self.target.update.slot_bytes

    @property
    def erases(self):
        return self.slot_bytes // FLASHES[self.target.name][0]

    @property
    def unit(self):
        return FLASHES[self.target.name][1]

    @property
    def payload_end(self):
        """Number of operations up to the payload's last; header and three marks follow."""
        return self.erases + len(self.pump[0].payload) // self.unit

    @property
    def total(self):
        return self.payload_end + (HEADER_BYTES + 3 * UNIT_BYTES) // self.unit


@pytest.fixture(scope="module")
def benches():
    """Benches by target, each made once: pytest would make it anew for each parameter of a test."""
    return {}


@pytest.fixture
def bench(request, benches, tmp_path_factory):
    name = request.param
    if name not in benches:
        benches[name] = made_bench(name, tmp_path_factory)
    return benches[name]


def made_bench(name, tmp_path_factory):
    folder = tmp_path_factory.mktemp("update")
    model = product(folder / "pump")
    assert cli.main(["update", "key", str(folder / "site.pem")]) == 0
    seed = signing_key.load(folder / "site.pem")
    options = Options(update=str(folder / "site.pub"))
    image = make(name, str(model), app="detector", options=options).elf
    return Bench(load(name), image, folder, seed, options)


def on(*names, also=()):
    """Run a test on targets; on those of `also` where the slow tests run."""
    slow = [pytest.param(name, marks=pytest.mark.slow) for name in also]
    return pytest.mark.parametrize("bench", [*names, *slow], indirect=True)


@on("stm32f4", also=("stm32g0", "stm32u5"))
def test_another_model_over_the_line(bench, capsys):
    """After an update the device's records equal those of the new model on the host.

    A model that fails its self-test on the device is rejected; the one before it runs again.
    """
    file = bench.folder / "forecaster.update"
    key = str(bench.folder / "site.pem")
    made = ["--target", bench.target.name, "--model", "forecaster", "--version", "3"]
    assert cli.main(["update", "build", *made, "--key", key, "--out", str(file)]) == 0
    samples = golden.load(FORECASTER / "golden.npz").samples[:ROWS]
    board = emulate.start(bench.target, bench.image, kind="board", conditions=emulate.STRICT)
    with board as running:
        assert cli.main(["update", "send", str(file), "--port", running.url]) == 0
        assert "tested and confirmed" in capsys.readouterr().out
        with SerialPort(running.url) as port:
            link = Link(port)
            device = link.connect()
            assert (device.model, device.status) == ("forecaster", 0)
            records = stream_samples(link, device, samples, lambda *_: None)
            about = device_update.info(link, device)
            assert (about.running, about.target, about.slots[0].version) == (0, 1, 3)
            device_update.send(link, bench.bad[1], device.max_payload, lambda *_: None)
            with pytest.raises(UpdateRejectedError, match='rejected model "pump"'):
                device_update.try_out(link, bench.bad[1])
            about = device_update.info(link, link.connect())
            assert (about.running, about.slots[1].state) == (0, State.REJECTED)
    expected = replay.run_chain(replay.load(FORECASTER), samples, reference_run())
    assert records.tobytes() == expected.tobytes()
    assert (records["forecast_crc"] != 0).any()


def reference_run():
    return lambda windows: reference.run(FORECASTER / "model_int8.tflite", "forecaster", windows)


def cut(bench, at):
    """Cut the power at a flash operation of an update; return whether it went."""
    target = bench.target
    slots = StoreMemory(target.update_origin, bytearray(b"\xff" * target.update.size_bytes))
    slots.cut_at = at
    with UpdateBoard(target, bench.image, slots) as board:
        try:
            assert board.boot() == "pump"
            assert board.install(bench.pump[0]) == 0
            board.restart()
            assert board.info().running == 0
            assert board.request("UPDATE_CONFIRM")[1] == 0
            return False
        except PowerCut:
            pass
    slots.cut_at = None
    with UpdateBoard(target, bench.image, slots) as board:
        assert board.boot() == "pump"
        about = board.info()
        if about.trial_ms:
            assert board.request("UPDATE_CONFIRM")[1] == 0
        # Whatever happened, the device takes an image, and runs it.
        image = bench.pump[about.target]
        assert board.install(image) == 0
        board.restart()
        assert board.info().running == about.target
        assert board.said == []
    return True


CUTS = [
    ("stm32f4", "payload"),
    ("stm32f4", "whole"),
    ("stm32f4", "tried"),
    ("stm32g0", "whole"),
    ("stm32u5", "payload"),
    ("stm32u5", "tried"),
]


@pytest.mark.parametrize(("bench", "place"), CUTS, indirect=["bench"])
def test_power_cut(bench, place):
    mark = UNIT_BYTES // bench.unit
    whole = bench.payload_end + HEADER_BYTES // bench.unit + mark // 2
    at = {"payload": bench.payload_end // 2, "whole": whole, "tried": whole + mark}[place]
    assert cut(bench, at)


@on(also=FLASHES)
def test_power_cut_at_every_operation(bench):
    first, end = bench.erases + 2, bench.payload_end
    step = 64 // bench.unit
    points = [*range(first), *range(first, end, step), *range(end - 2, bench.total)]
    for at in points:
        assert cut(bench, at), at
    assert not cut(bench, bench.total)


@on("stm32f4")
def test_a_signed_image_that_the_application_cannot_call_is_rejected_at_once(bench):
    """The image before it runs, not the application's own model."""
    with UpdateBoard(bench.target, bench.image, None) as board:
        assert board.boot() == "pump"
        assert board.install(bench.pump[0]) == 0
        board.restart()
        assert board.request("UPDATE_CONFIRM")[1] == 0
        payload = bytearray(bench.pump[1].payload)
        payload[0] += 4  # the table's length, as another release might have it
        other = dataclasses.replace(bench.pump[1], payload=bytes(payload))
        assert board.install(update_image.signed(other, bench.seed)) == 0
        board.restart()
        assert b"safe update=rejected" in board.text
        about = board.info()
        assert (about.running, about.slots[1].state) == (0, State.REJECTED)
        assert board.said == []


@on("stm32f4")
def test_what_is_not_signed_changes_nothing(bench):
    target = bench.target
    with UpdateBoard(target, bench.image, None) as board:
        assert board.boot() == "pump"
        image = bench.pump[0]
        other = bytes([image.signature[0] ^ 1]) + image.signature[1:]
        assert board.install(dataclasses.replace(image, signature=other)) == SIGNATURE
        foreign = update_image.signed(image, bytes(32))
        assert board.install(foreign) == SIGNATURE
        changed = dataclasses.replace(image, version=9)
        assert board.install(changed) == SIGNATURE
        about = board.info()
        assert about.running == BUILT_IN
        assert [slot.state for slot in about.slots] == [State.EMPTY, State.EMPTY]
        assert board.machine._slots.operations == 0
        assert board.said == []


@on(also=FLASHES)
def test_a_trial_that_nobody_confirms_ends(bench):
    target = bench.target
    with UpdateBoard(target, bench.image, None) as board:
        assert board.boot() == "pump"
        assert board.install(bench.pump[0]) == 0
        board.restart()
        assert 0 < board.info().trial_ms <= 60_000
        board.machine._is_paced = False
        board.run(lambda: b"safe update=rejected" in board.listen())
        assert b"safe update=failed slot=0 because: a bounded wait ran out" in board.text
        assert board.boot() == "pump"
        about = board.info()
        assert (about.running, about.slots[0].state) == (BUILT_IN, State.REJECTED)
        assert np.all(
            np.frombuffer(board.machine._slots.contents[bench.slot_bytes :], np.uint8) == 0xFF
        )
