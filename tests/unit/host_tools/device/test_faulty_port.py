"""A port that fails on demand, with an echo behind it."""

import socket
import threading

import pytest

from host_tools.device.faulty_port import BYTES, FaultyPort
from host_tools.device.serial_port import PortLostError

SENT = bytes(range(256)) * 40
WHOLE = len(SENT)


@pytest.fixture
def echo():
    """The URL of a server that sends back what comes, client after client."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    while data := client.recv(4096):
                        client.sendall(data)

        threading.Thread(target=serve, daemon=True).start()
        yield f"socket://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def through(port, count=WHOLE):
    """Return what comes back of SENT, as far as that is `count` bytes."""
    for at in range(0, len(SENT), 512):
        port.send(SENT[at : at + 512])
    found = b""
    for _ in range(40):
        found += port.receive()
        if len(found) >= count:
            break
    return found


@pytest.mark.parametrize("kind", BYTES)
def test_bytes_that_fail(echo, kind):
    change = {"flip": 0, "drop": -3, "duplicate": 3, "insert": 3}[kind]
    with FaultyPort(echo, 7) as port:
        assert through(port) == SENT
        port.arm(kind, 3)
        found = through(port, len(SENT) + change)
        assert len(found) == len(SENT) + change
        assert found != SENT
        assert port.hits == 3
        assert through(port) == SENT


def test_a_block_that_is_cut(echo):
    with FaultyPort(echo, 7) as port:
        port.arm("cut", 1)
        assert 0 < len(through(port)) < len(SENT)
        assert port.hits == 1


def test_a_delay_changes_nothing(echo):
    with FaultyPort(echo, 7) as port:
        port.arm("delay", 2)
        assert through(port) == SENT
        assert port.hits == 2


def test_a_plug_that_is_pulled_comes_back(echo):
    with FaultyPort(echo, 7) as port:
        port.arm("unplug", 1)
        with pytest.raises(PortLostError, match="its plug was pulled"):
            through(port)
        port.reopen(port.baud)
        assert through(port) == SENT
        port.arm("unplug", 1)
        port.disarm()
        assert through(port) == SENT
