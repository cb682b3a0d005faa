"""Sending a model image: over damage, over a restart, to a device that refuses or rejects it."""

import dataclasses
import struct

import pytest

from host_tools import cli
from host_tools.device import update
from host_tools.device.chunk import ChunkSize
from host_tools.device.link import ChunkDamagedError, DeviceRestartedError, StatusError
from host_tools.device.protocol import FEATURE_UPDATE, ReplyError, Status
from host_tools.device.update import BUILT_IN, State
from host_tools.errors import DeviceSilentError, UpdateRefusedError, UpdateRejectedError
from host_tools.formats import signing_key
from host_tools.formats.update_image import Image

IMAGE = Image(
    5, 0, 0x08080100, 100, 100, 3, "ab" * 32, "pump", "stm32f4", bytes(8), bytes(range(256)) * 3
)


def payload(running=BUILT_IN, trial_ms=0, state=State.EMPTY):
    head = struct.pack("<HH5I8s3I", 1, 2, 5, 0x08080000, 0x20000, 100, 100, bytes(8), running, 0,
                       trial_ms)  # fmt: skip
    slots = struct.pack("<III32s", state, 1, 3, b"\xab" * 32), struct.pack("<III32s", 0, 0, 0, b"")
    return head + b"".join(slots)


@dataclasses.dataclass
class Info:
    """What the tests need of HELLO's reply."""

    features: int = FEATURE_UPDATE
    model: str = "pump"
    model_sha256: str = "ab" * 32


class Port:
    """A port by its name."""

    url = "port"


class Device:
    """A link to a device that takes an image, with troubles at chosen requests."""

    def __init__(self, **troubles):
        self.port, self.chunk = Port(), ChunkSize()
        self.troubles = {int(key[1:]): value for key, value in troubles.items()}
        self.requests, self.flash, self.header = [], b"", None
        self.answers = [payload(0, 500, State.TRIED)]
        self.silent = 0

    def connect(self):
        self.requests.append("HELLO")
        self.header = None
        if self.silent:
            self.silent -= 1
            raise DeviceSilentError("silent")
        return Info()

    def reset(self):
        self.requests.append("RESET")

    def request(self, name, payload=b"", **_):
        trouble = self.troubles.get(len(self.requests))
        self.requests.append(name)
        if trouble in ("lost", "restart"):
            self.header = None if trouble == "restart" else self.header
            raise (
                DeviceRestartedError("no session")
                if trouble == "restart"
                else (ChunkDamagedError("damaged"))
            )
        reply = getattr(self, name.lower())(payload)
        if trouble == "late":
            raise ChunkDamagedError("the reply was damaged")
        return reply

    def update_begin(self, header):
        if self.header != header:
            self.header, self.flash = header, b""
        return struct.pack("<I", len(self.flash))

    def update_data(self, data):
        (start,) = struct.unpack("<I", data[:4])
        assert start == len(self.flash)
        assert len(data) % 16 == 4
        self.flash += data[4:]
        return struct.pack("<I", len(self.flash))

    def update_end(self, _):
        assert self.flash == IMAGE.payload
        return b""

    def update_info(self, _):
        return self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)

    def update_confirm(self, _):
        return b""


@pytest.mark.parametrize(
    "troubles",
    [{}, {"n1": "lost"}, {"n2": "late"}, {"n1": "late", "n4": "lost"}, {"n3": "restart"}],
)
def test_an_image_arrives_whole(troubles):
    device, told = Device(**troubles), []
    update.send(device, IMAGE, 512, lambda done, total: told.append((done, total)))
    assert device.requests[-1] == "UPDATE_END"
    assert told[-1] == (768, 768)
    begins = 1 + len(troubles)
    assert device.requests.count("UPDATE_BEGIN") == begins


def test_a_device_that_restarts_again_and_again():
    device = Device(n1="restart", n4="restart", n7="restart")
    with pytest.raises(DeviceRestartedError):
        update.send(device, IMAGE, 512, lambda *_: None)
    assert device.requests.count("UPDATE_BEGIN") == 3


def test_a_trial_is_confirmed_once_the_device_answers():
    device = Device()
    device.silent = 1
    assert update.try_out(device, IMAGE).model == "pump"
    assert device.requests == ["RESET", "HELLO", "HELLO", "UPDATE_INFO", "UPDATE_CONFIRM"]


def test_a_rejected_image_is_told():
    device = Device()
    device.answers = [payload(BUILT_IN, 0, State.REJECTED)]
    with pytest.raises(UpdateRejectedError, match=r'rejected model "pump" \(rejected\)'):
        update.try_out(device, IMAGE)
    assert "UPDATE_CONFIRM" not in device.requests


def test_what_takes_no_models_is_told():
    with pytest.raises(UpdateRefusedError, match="must be built with update=KEY"):
        update.info(Device(), Info(features=0))


def test_replies_that_are_none():
    for wrong in (b"", payload()[:-1], payload(state=9)):
        with pytest.raises(ReplyError, match="UPDATE_INFO"):
            update.parse_info(wrong)


@pytest.mark.parametrize("name", ["SIGNATURE", "ABI", "CORRUPT", "STORAGE", "OVERRUN"])
def test_an_error_reply_says_what_it_means(name):
    error = update.refused(StatusError("UPDATE_BEGIN", Status[name]), IMAGE)
    assert str(error).startswith('the device refuses model "pump": ')


WITHOUT_SLOTS = {
    "gd32vf103": "128 KiB of flash have no room for an application with updates",
    "hifive1": "its flash, a chip of its own, has no driver that erases and programs",
    "mps2-an386": "no [update] in its description",
    "rp2040": "its flash, a chip of its own, has no driver that erases and programs",
}


@pytest.mark.parametrize("name", WITHOUT_SLOTS)
def test_a_target_without_slots_says_so(name, tmp_path, capsys):
    signing_key.make(tmp_path / "site.pem")
    verb = ["update", "build", "--target", name, "--model", "forecaster"]
    verb += ["--key", str(tmp_path / "site.pem"), "--out", str(tmp_path / "out")]
    assert cli.main(verb) == 30
    said = capsys.readouterr().err
    assert f"target {name} has no two slots for models: {WITHOUT_SLOTS[name]}" in said
    assert said.count("\n") == 1


def test_so_does_the_build_of_an_image_that_would_take_updates(tmp_path, capfd):
    signing_key.make(tmp_path / "site.pem")
    verb = ["build", "--target", "gd32vf103", "--model", "forecaster", "--app", "detector"]
    assert cli.main([*verb, "--update", str(tmp_path / "site.pub")]) == 30
    said = capfd.readouterr().err
    assert f"no two slots for models: {WITHOUT_SLOTS['gd32vf103']}" in said
    assert said.count("\n") == 1
