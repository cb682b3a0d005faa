"""The power of an emulated device: what it starts with; a full disk, and no save, are told."""

import pytest

from host_tools.errors import DifferentError
from host_tools.workflow.soak import supply
from host_tools.workflow.soak.supply import Supply
from targets.errors import ExitCode, OutputError
from targets.load import load


class Fake:
    """An emulator that keeps what it was started with, and ends with a status."""

    def __init__(self, conditions, status):
        self.conditions, self.status, self.lives = conditions, status, True
        self.url = f"socket://127.0.0.1:{1000 + (conditions.cut_after or 0)}"
        self.messages = "url …\nboard: /store: cannot be written: No space left on device"

    def close(self):
        self.lives = False

    def wait_end(self, _seconds):
        return self.conditions.cut_after is not None

    def __exit__(self, *_):
        self.close()


def test_off_and_on(tmp_path):
    made = []

    def start(conditions):
        made.append(Fake(conditions, 0))
        return made[-1]

    with Supply(start, tmp_path / "store") as power:
        with pytest.raises(DifferentError, match="did not save a baseline that this host saves"):
            power.wait_cut()
        power.off()
        power.on(7)
        assert power.url == "socket://127.0.0.1:1007"
        power.wait_cut()
        power.on()
    assert [fake.conditions.cut_after for fake in made] == [None, 7, None]
    assert {fake.conditions.store for fake in made} == {tmp_path / "store"}
    assert not any(fake.lives for fake in made)


def test_a_full_disk_is_told(tmp_path):
    power = Supply(lambda asked: Fake(asked, ExitCode.OUTPUT), tmp_path / "store")
    with pytest.raises(OutputError, match=r"^/store: cannot be written: No space left"):
        power.off()
    Supply(lambda asked: Fake(asked, ExitCode.OUTPUT)).off()


def test_flash_of_another_program(tmp_path):
    supply.used_flash(tmp_path / "store", load("stm32f4"), "board", 1)
    size = load("stm32f4").store.size_bytes
    found = (tmp_path / "store").read_bytes()
    assert len(found) == 2 * size
    assert len(set(found[:size])) == 256
    assert set(found[size:]) == {0}
    supply.used_flash(tmp_path / "none", load("host"), "process", 1)
    assert not (tmp_path / "none").exists()
