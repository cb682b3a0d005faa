"""The rate of the line: changed after the reply, and given up when nobody is understood."""

import ctypes

import pytest

from host_tools.device import protocol
from tests.unit.sdk.test_server import STATUS, Server


@pytest.fixture
def server(builds):
    return Server(builds())


def change_rate(server, baud):
    """Ask for a rate; return the reply. The application then says that the reply was sent."""
    reply = server.ask("BAUD", protocol.u32(baud))
    server.library.shim_sent()
    return reply


def rate(server):
    return ctypes.c_uint32.in_dll(server.library, "shim_baud").value


def pass_ms(server, milliseconds):
    now = ctypes.c_uint32.in_dll(server.library, "shim_now_ms")
    now.value += milliseconds
    server.library.shim_idle((ctypes.c_uint8 * 4096)(), ctypes.c_size_t(4096))


@pytest.fixture
def rated(server):
    server.set("shim_baud", 7)
    assert server.hello().features & protocol.FEATURE_BAUD
    return server


def test_rate_changes_after_the_reply_only(rated):
    assert protocol.parse_baud(rated.ask("BAUD", protocol.u32(230400))) == (230400, 1000)
    assert rate(rated) == 7
    rated.library.shim_sent()
    assert rate(rated) == 230400
    rated.library.shim_sent()  # nothing more to do
    rated.set("shim_baud", 7)
    rated.library.shim_sent()
    assert rate(rated) == 7


@pytest.mark.parametrize(("baud", "status"), [(9600, "ARGUMENT"), (2_000_000, "ARGUMENT")])
def test_rate_that_the_line_cannot_have(rated, baud, status):
    assert change_rate(rated, baud) == STATUS[status]
    assert rate(rated) == 7


def test_rate_of_wrong_length(rated):
    assert rated.ask("BAUD", b"\0" * 5) == STATUS["PAYLOAD_LENGTH"]


def test_rate_needs_no_session(server):
    assert protocol.parse_baud(change_rate(server, 230400)) == (230400, 1000)


def test_silence_after_a_change_returns_to_the_first_rate(rated):
    change_rate(rated, 230400)
    pass_ms(rated, 999)
    assert rate(rated) == 230400
    pass_ms(rated, 1)
    assert rate(rated) == 0  # the rate after boot
    rated.set("shim_baud", 7)
    pass_ms(rated, 5000)
    assert rate(rated) == 7


def test_a_frame_confirms_a_rate_and_silence_is_no_reason_then(rated):
    change_rate(rated, 230400)
    assert rated.ask("PING", b"x") == b"x"
    pass_ms(rated, 60_000)
    assert rate(rated) == 230400


def test_damage_without_a_frame_ends_a_confirmed_rate(rated):
    change_rate(rated, 230400)
    rated.ask("PING", b"x")
    rated.raw(b"\x55\xaa noise")
    pass_ms(rated, 500)
    rated.raw(b"more noise")
    pass_ms(rated, 500)
    assert rate(rated) == 0


def test_noise_between_frames_is_borne(rated):
    change_rate(rated, 230400)
    for _ in range(5):
        rated.raw(b"\x55")
        pass_ms(rated, 600)
        assert rated.ask("PING", b"x") == b"x"
    assert rate(rated) == 230400


def test_a_repeated_request_does_not_change_the_rate_again(rated):
    rated.ask("BAUD", protocol.u32(230400), seq=9)
    rated.library.shim_sent()
    rated.set("shim_baud", 7)
    rated.ask("BAUD", protocol.u32(230400), seq=9)
    rated.library.shim_sent()
    assert rate(rated) == 7


def test_a_reset_ends_the_session_that_it_names_and_no_other(server):
    """A repeat that comes after the restart finds no session: it runs once."""
    assert server.ask("RESET", protocol.u32(0)) == STATUS["NO_SESSION"]
    assert server.ask("RESET", protocol.u32(7)) == STATUS["NO_SESSION"]
    server.hello(7)
    assert server.ask("RESET", protocol.u32(8)) == STATUS["NO_SESSION"]
    assert server.ask("RESET") == STATUS["PAYLOAD_LENGTH"]
    assert not server.library.shim_reset_requested()
    assert server.ask("RESET", protocol.u32(7)) == b""
    assert server.library.shim_reset_requested()


def test_stats_tell_since_when_line_errors_are_gathered(server):
    def line():
        stats = protocol.parse_stats(server.ask("STATS"))
        return stats.line_since_ms, stats.line_error_ms

    def idle(now):
        server.set("shim_now_ms", now)
        server.library.shim_idle((ctypes.c_uint8 * 4096)(), ctypes.c_size_t(4096))

    try:
        server.set("shim_status", 1 << 1 | 1 << 5)
        idle(50)
        assert line() == (0, 0)  # a stuck cycle counter and a watchdog are no line errors
        server.set("shim_status", 1 << 3)
        server.set("shim_now_ms", 60)
        assert line() == (0, 60)
        idle(70)
        assert line() == (0, 60)  # the first one
        server.ask("BAUD", protocol.u32(230400))
        server.set("shim_status", 0)
        server.library.shim_sent()
        idle(80)
        assert line() == (70, 0)
        for bit in (2, 4):
            server.library.shim_start(3)
            server.set("shim_status", 1 << bit)
            idle(90 + bit)
            server.set("shim_now_ms", 100)
            assert line() == (0, 90 + bit)
    finally:
        server.set("shim_status", 0x12)
        server.set("shim_now_ms", 0)
