"""Which port is taken when none is named: faked lists of ports."""

from types import SimpleNamespace

import pytest

from host_tools.device import serial_port
from host_tools.device.serial_port import find_port
from host_tools.errors import PortNotFoundError
from host_tools.workflow import run

ST_LINK = ("0483:374b", "0483:374e")


def port(device, vid, pid, serial=None, description="board", *, location=None):
    return SimpleNamespace(
        device=device, vid=vid, pid=pid, serial_number=serial, description=description,
        location=location,
    )  # fmt: skip


@pytest.fixture
def ports(monkeypatch):
    monkeypatch.delenv("SAFE_PORT", raising=False)

    def have(*found):
        monkeypatch.setattr("host_tools.device.serial_port.list_ports.comports", lambda: found)

    return have


NUCLEO = port("/dev/ttyACM0", 0x0483, 0x374B, "066BFF", "STM32 STLink")
OTHER_NUCLEO = port("/dev/ttyACM1", 0x0483, 0x374E, "0031", "STLINK-V3")
FTDI = port("/dev/ttyUSB0", 0x0403, 0x6001, "A1", "FT232R")
BUILT_IN = port("/dev/ttyS0", None, None)


def test_exactly_one_match(ports):
    ports(BUILT_IN, FTDI, NUCLEO)
    assert find_port(ST_LINK) == "/dev/ttyACM0"


def test_a_makers_products(ports):
    ports(FTDI, NUCLEO)
    assert find_port(["0403:*"]) == "/dev/ttyUSB0"


def test_several_are_listed_and_refused(ports):
    ports(FTDI, OTHER_NUCLEO, NUCLEO)
    with pytest.raises(PortNotFoundError) as caught:
        find_port(ST_LINK)
    assert str(caught.value) == (
        "several ports, choose one with --port: /dev/ttyACM0 (0483:374b 066BFF, STM32 STLink);"
        " /dev/ttyACM1 (0483:374e 0031, STLINK-V3)"
    )
    # Of a target whose boards carry one kind only there is one.
    assert find_port(["0483:374e"]) == "/dev/ttyACM1"


def test_a_stranger_is_listed_and_refused(ports):
    ports(FTDI, BUILT_IN)
    with pytest.raises(PortNotFoundError, match=r"no port of a known board .*0403:6001 A1, FT232R"):
        find_port(ST_LINK)


def test_no_port_at_all(ports):
    ports(BUILT_IN)
    with pytest.raises(PortNotFoundError, match=r"connect a board, give --port, or .* --emulate"):
        find_port(ST_LINK)


def test_the_environment_comes_first(ports, monkeypatch):
    ports(NUCLEO)
    monkeypatch.setenv("SAFE_PORT", "socket://127.0.0.1:1")
    assert find_port(ST_LINK) == "socket://127.0.0.1:1"


def test_the_boards_of_targets():
    assert run.adapters("stm32f4") == {"0483:374b", "0483:3752"}
    assert run.adapters("stm32f4") < run.adapters(None)
    assert "0483:374e" in run.adapters("stm32u5")
    assert run.adapters("host") == frozenset()


def test_a_device_is_told_by_its_number_not_its_name(ports, monkeypatch):
    """Another board has taken the name; of two interfaces of one adapter it is the same again."""
    opened = []
    monkeypatch.setattr(serial_port, "_open", lambda url, baud: opened.append((url, baud)))
    mine = port("/dev/ttyACM0", 1, 2, "A1", location="1-1:1.1")
    ports(mine, port("/dev/ttyACM1", 1, 2, "B2", location="1-2:1.1"))
    line = serial_port.SerialPort("/dev/ttyACM0", 230400)
    monkeypatch.setattr(line, "close", lambda: None)
    ports(
        port("/dev/ttyACM0", 1, 2, "B2", location="1-1:1.1"),
        port("/dev/ttyACM2", 1, 2, "A1", location="1-4:1.0"),
        port("/dev/ttyACM3", 1, 2, "A1", location="1-4:1.1"),
    )
    line.reopen(115200)
    assert opened == [("/dev/ttyACM0", 230400), ("/dev/ttyACM3", 115200)]
