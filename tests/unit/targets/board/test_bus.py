"""The register model: what is refused, and that the rest arrives."""

import pytest

from targets.emulate.board.peripheral.bus import Bus, Peripheral, Register


class Port(Peripheral):
    name = "PORT"
    registers = (
        Register(0x00, "CR", 0x0000_00F3, reset=0x8000_0001, read_only=0x10),
        Register(0x08, "DR", 0xFF),
    )


class Desk:
    """A bus with one peripheral, and what it said."""

    def __init__(self):
        self.on = True
        self.said = []
        self.faults = []
        self.port = Port(0x4000_0400, lambda: self.on)
        self.bus = Bus([self.port], self.said.append, self.faults.append)


@pytest.fixture
def desk():
    return Desk()


def test_a_good_access_says_nothing(desk):
    desk.bus.write(0x4000_0400, 4, 0x8000_00E3)
    assert desk.bus.read(0x4000_0400, 4) == 0x8000_00E3
    desk.bus.write(0x4000_0408, 4, 0x5A)
    assert desk.port.value["DR"] == 0x5A
    assert (desk.said, desk.faults) == ([], [])


def test_read_only_bits_keep_their_value(desk):
    desk.bus.write(0x4000_0400, 4, 0x8000_0013)
    assert desk.port.value["CR"] == 0x8000_0003
    assert desk.said == []


@pytest.mark.parametrize(
    ("address", "width", "value", "message"),
    [
        (0x4000_0404, 4, 0, r"write of 0x40000404 (PORT+0x4) is not declared"),
        (0x4000_1000, 4, 0, r"write of 0x40001000 (no peripheral) is not declared"),
        (0x4000_0400, 1, 0, r"write of 0x40000400 (PORT+0x0) has 1 bytes, not a word"),
        (0x4000_0400, 4, 0x0000_0001, r"write of 0x00000001 to PORT_CR: 0x80000000 is reserved"),
        (0x4000_0408, 4, 0x100, r"write of 0x00000100 to PORT_DR: 0x00000100 is reserved"),
    ],
)
def test_a_bad_write_is_told_and_changes_nothing(desk, address, width, value, message):
    before = dict(desk.port.value)
    desk.bus.write(address, width, value)
    assert desk.said == [message]
    assert desk.faults == [address]
    assert desk.port.value == before


def test_without_a_clock_nothing_arrives(desk):
    desk.on = False
    desk.bus.write(0x4000_0408, 4, 1)
    assert desk.bus.read(0x4000_0408, 4) == 0
    assert desk.said == ["write of PORT_DR: its clock is off", "read of PORT_DR: its clock is off"]
    assert desk.port.value["DR"] == 0


def test_two_peripherals_at_one_address_are_a_mistake():
    with pytest.raises(ValueError, match="PORT_CR at 0x40000400: taken"):
        Bus([Port(0x4000_0400), Port(0x4000_0400)], print, print)
