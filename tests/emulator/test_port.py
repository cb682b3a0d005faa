"""Start-up code and drivers of stm32f4, in QEMU: every promise of safe/port.h."""

import re
import time

import pytest

from targets.emulate import qemu

pytestmark = pytest.mark.emulator

CLOCK_TIMEOUT, CYCLES_STUCK, RX_OVERRUN, RESET_FAULT = 1 << 0, 1 << 1, 1 << 3, 1 << 6
EXPECTED = CLOCK_TIMEOUT | CYCLES_STUCK
FAULT = re.compile(
    r"safe fault: exception=00000003 cfsr=(\w+) hfsr=(\w+) mmfar=\w+ bfar=(\w+) pc=(\w+) "
    r"lr=\w+ psr=\w+"
)


@pytest.fixture
def line(stm32f4, probe, connect):
    with qemu.start(stm32f4, probe) as emulator:
        line = connect(emulator)
        assert line.line() == f"boot={EXPECTED:08x}"
        yield line


def test_status_is_what_the_description_expects(stm32f4, line):
    assert stm32f4.emulator.expected_status == ("clock_timeout", "cycles_stuck")
    assert line.ask(b"S") == EXPECTED


def test_cycles_are_unavailable_not_zero(line):
    assert line.ask(b"c") == 0


def test_timebase_runs_with_wall_time(line):
    start, before = line.ask(b"t"), time.monotonic()
    time.sleep(0.5)
    device, host = line.ask(b"t") - start, (time.monotonic() - before) * 1000
    # Generous: the emulator shares the machine. Wrong by the clock ratio would be 10 times.
    assert host / 3 < device < host * 3


def test_stack_is_painted_and_grows(stm32f4, line):
    before = line.ask(b"s")
    assert 64 < before < 1024
    line.ask(b"d")
    assert before + 2 * 256 <= line.ask(b"s") <= stm32f4.stack.size_bytes


def test_largest_window_in_one_burst(stm32f4, line):
    data = b"x" * (stm32f4.uart.rx_ring_bytes - 96)
    for _ in range(5):
        line.send(data)
        assert line.read(len(data)) == data
    assert line.ask(b"S") == EXPECTED


def test_bytes_beyond_the_ring_are_lost_and_reported(stm32f4, line):
    # The device computes for a while and does not read; what does not fit is lost and told.
    data = b"i" * 20 + b"x" * (2 * stm32f4.uart.rx_ring_bytes)
    line.send(data)
    for _ in range(20):
        assert line.line() == "invoke=00000000"
    time.sleep(1.0)
    line.send(b"S")
    answer = line.line()
    assert int(answer.split("=")[1], 16) == EXPECTED | RX_OVERRUN
    assert 0 < answer.count("x") < 2 * stm32f4.uart.rx_ring_bytes


def test_bad_pointer_is_reported_then_reset(line):
    line.send(b"w")
    assert line.line() == ""
    cfsr, hfsr, bfar, pc = FAULT.fullmatch(line.line()).groups()
    assert cfsr in ("00008200", "00000400")  # BusFault, precise with BFAR valid, or imprecise
    assert hfsr == "40000000"  # escalated
    assert bfar == "f4000000"
    assert 0x08000000 < int(pc, 16) < 0x08100000
    assert line.line() == f"boot={EXPECTED | RESET_FAULT:08x}"


def test_stack_overflow_is_reported_not_silent(line):
    line.send(b"o")
    assert line.line() == ""
    cfsr, _, _, pc = FAULT.fullmatch(line.line()).groups()
    assert int(cfsr, 16) & 0x1000  # STKERR: there was no room for the exception frame
    assert pc == "ffffffff"
    assert line.line() == f"boot={EXPECTED | RESET_FAULT:08x}"


def test_fault_mark_is_told_once(line):
    line.send(b"w")
    line.line()
    line.line()
    assert line.line() == f"boot={EXPECTED | RESET_FAULT:08x}"
    line.send(b"r")
    assert line.line() == f"boot={EXPECTED:08x}"
