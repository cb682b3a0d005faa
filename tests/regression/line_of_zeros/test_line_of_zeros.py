"""A line that is held low reads as zeros: they were reported as text from another firmware."""

import pytest

from host_tools.device.link import Link
from host_tools.device.serial_port import SerialPort
from host_tools.errors import DeviceSilentError
from tests.unit.host_tools.device.test_faults import Peer


def test_zeros_are_no_text() -> None:
    with (
        Peer(lambda data: bytes(len(data))) as peer,
        SerialPort(peer.url) as port,
        pytest.raises(DeviceSilentError, match="no valid frame: wrong baud rate"),
    ):
        Link(port, 0.05).connect()
