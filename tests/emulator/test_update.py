"""A model replaced over the line, on the soft board: tried, kept, refused, rolled back, cut off."""

import dataclasses
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
from host_tools.runtimes import reference
from host_tools.workflow import update as workflow
from targets import emulate
from targets.load import load
from targets.make import make
from targets.options import Options
from tests.emulator.update_board import FORECASTER, UpdateBoard, product

pytest.importorskip("unicorn")
from targets.emulate.board.peripheral.programming import PowerCut, StoreMemory

pytestmark = pytest.mark.emulator
SIGNATURE, SLOT_BYTES = 22, 0x20000
ROWS = 60


@dataclasses.dataclass
class Bench:
    """A resident application without a network, and what signs for it."""

    image: Path
    folder: Path
    seed: bytes
    options: Options
    pump: tuple[update_image.Image, ...]
    bad: tuple[update_image.Image, ...]

    def made(self, test=None):
        model = str(self.folder / "pump")
        return workflow.images("stm32f4", model, self.seed, options=self.options, test=test)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("update")
    model = product(folder / "pump")
    assert cli.main(["update", "key", str(folder / "site.pem")]) == 0
    seed = signing_key.load(folder / "site.pem")
    options = Options(update=str(folder / "site.pub"))
    image = make("stm32f4", str(model), app="detector", options=options).elf
    made = Bench(image, folder, seed, options, (), ())
    made.pump = made.made()
    test = workflow.golden_of(workflow.build.find_model(str(model)))
    made.bad = made.made(dataclasses.replace(test, records_crc=test.records_crc ^ 1))
    return made


def test_another_model_over_the_line(bench, capsys):
    """After an update the device's records equal those of the new model on the host.

    A model that fails its self-test on the device is rejected; the one before it runs again.
    """
    file = bench.folder / "forecaster.update"
    key = str(bench.folder / "site.pem")
    verb = ["update", "build", "--model", "forecaster", "--key", key, "--out", str(file)]
    assert cli.main([*verb, "--version", "3"]) == 0
    samples = golden.load(FORECASTER / "golden.npz").samples[:ROWS]
    board = emulate.start(load("stm32f4"), bench.image, kind="board", conditions=emulate.STRICT)
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
    target = load("stm32f4")
    slots = StoreMemory(target.update_origin, bytearray(b"\xff" * 2 * SLOT_BYTES))
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


def operations(bench):
    """Return the erase and the words of the payload; 64 of the header and 3 marks follow."""
    return 1 + len(bench.pump[0].payload) // 4


@pytest.mark.parametrize("place", ["payload", "whole", "tried"])
def test_power_cut(bench, place):
    payload_end = operations(bench)
    at = {"payload": payload_end // 2, "whole": payload_end + 66, "tried": payload_end + 70}[place]
    assert cut(bench, at)


@pytest.mark.slow
def test_power_cut_at_every_operation(bench):
    payload_end = operations(bench)
    last = payload_end + 64 + 3 * 4
    points = [0, 1, 2, *range(3, payload_end, 16), *range(payload_end - 2, last)]
    for at in points:
        assert cut(bench, at), at
    assert not cut(bench, last)


def test_what_is_not_signed_changes_nothing(bench):
    target = load("stm32f4")
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


@pytest.mark.slow
def test_a_trial_that_nobody_confirms_ends(bench):
    target = load("stm32f4")
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
        assert np.all(np.frombuffer(board.machine._slots.contents[SLOT_BYTES:], np.uint8) == 0xFF)
