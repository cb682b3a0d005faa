"""Start-up code and drivers on the soft board: every promise of safe/port.h, faults, strictness."""

import re
import time
from dataclasses import replace

import pytest

from targets import emulate
from targets.load import load
from tests.emulator.conftest import build_probe

pytest.importorskip("unicorn")
pytestmark = pytest.mark.emulator

TARGETS = ("stm32u5", "stm32f4", "stm32f446", "stm32g0", "stm32n6", "rp2040")
RX_OVERRUN, RESET_FAULT = 1 << 3, 1 << 6
FAULT = re.compile(
    r"safe fault: exception=00000003 (?:cfsr=(?P<cfsr>\w+) hfsr=40000000 mmfar=\w+ "
    r"bfar=(?P<bfar>\w+) )?pc=(?P<pc>\w+) lr=\w+ psr=\w+"
)
PRECISE_WITH_ADDRESS, UNDEFINED, NO_COPROCESSOR, UNALIGNED, STACKING, STACK_LIMIT = (
    0x8200,
    1 << 16,
    1 << 19,
    1 << 24,
    1 << 12,
    1 << 20,
)


def with_a_core_of_the_board(target):
    """Return the target with a core that the soft board has, and code that begins at a page."""
    if target.cpu.name != "cortex-m55":
        return target
    code, data = target.memory
    code = replace(code, origin=code.origin + 0xC00, size=code.size - 0xC00)
    cpu = replace(load("stm32u5").cpu, interrupts=target.cpu.interrupts)
    return replace(target, cpu=cpu, memory=(code, data))


@pytest.fixture(scope="module", params=TARGETS)
def target(request):
    return with_a_core_of_the_board(load(request.param))


@pytest.fixture(scope="module")
def image(target, tmp_path_factory):
    return build_probe(target, tmp_path_factory.mktemp(target.name))


@pytest.fixture
def board(target, image):
    with emulate.start(target, image, kind="board") as running:
        yield running


@pytest.fixture
def line(board, connect):
    line = connect(board)
    assert line.line() == "boot=00000000"  # on a board, every bit of the status is an error
    return line


def fault(target, line, command):
    """Make the image fault; return the report, after it came back and told so once."""
    line.send(command)
    assert line.line() == ""
    found = FAULT.fullmatch(line.line())
    assert found is not None
    assert line.line() == f"boot={RESET_FAULT:08x}"
    line.send(b"r")
    assert line.line() == "boot=00000000"
    code = target.region("flash")
    if found["pc"] != "ffffffff":
        assert code.origin < int(found["pc"], 16) < code.origin + code.size
    if has_fault_registers(target):
        return int(found["cfsr"], 16), found
    assert found["cfsr"] is None
    return None, found


def has_fault_registers(target):
    """Return whether a fault tells its cause; on Armv6-M every one is a HardFault without."""
    return target.cpu.name != "cortex-m0plus"


def await_message(board, text):
    """Messages come on a pipe of their own: on a busy machine later than the serial line."""
    end = time.monotonic() + 30
    while text not in board.messages:
        assert time.monotonic() < end, board.messages
        time.sleep(0.01)


def test_clocks_cycles_stack_and_nothing_to_complain_about(target, board, line):
    assert line.ask(b"S") == 0
    assert line.ask(b"c") == has_fault_registers(target)  # Armv6-M has no cycle counter either
    before = line.ask(b"s")
    assert 64 < before < 1024
    line.ask(b"d")
    assert before + 2 * 256 <= line.ask(b"s") <= target.stack.size_bytes
    assert "board:" not in board.messages


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [("stm32u5", 1, 2), ("stm32u5", 2, 1), ("stm32u5", 8, 16), ("stm32f4", 8, 2)],
)
def test_the_line_has_the_clock_of_its_own_bus(name, first, second, connect, tmp_path):
    """Dividers that differ: the board complains of a rate that is not the line's."""
    described = load(name)
    clock = replace(described.clock, apb1_divider=first, apb2_divider=second)
    described = replace(described, clock=clock)
    with emulate.start(described, build_probe(described, tmp_path), kind="board") as running:
        line = connect(running)
        assert line.line() == "boot=00000000"
        assert line.ask(b"S") == 0
        assert "board:" not in running.messages


def test_timebase_runs_with_wall_time(line):
    start, before = line.ask(b"t"), time.monotonic()
    time.sleep(0.5)
    device, host = line.ask(b"t") - start, (time.monotonic() - before) * 1000
    assert host / 3 < device < host * 3


def test_burst_and_overrun(target, line):
    size = target.uart.rx_ring_bytes
    data = b"x" * (size - 96)
    for _ in range(2):
        line.send(data)
        assert line.read(len(data)) == data
    assert line.ask(b"S") == 0
    line.send(b"i" + b"x" * (2 * size))
    assert line.line() == "invoke=00000000"
    time.sleep(1.0)
    line.send(b"S")
    assert int(line.line().split("=")[1], 16) in (0, RX_OVERRUN)


def test_bad_pointer_is_reported_then_reset(target, line):
    cfsr, found = fault(target, line, b"w")
    if has_fault_registers(target):
        assert cfsr == PRECISE_WITH_ADDRESS
        assert found["bfar"] == "f4000000"


def test_undefined_instruction_is_reported_then_reset(target, line):
    assert fault(target, line, b"u")[0] in (UNDEFINED, None)


def test_floating_point_without_the_unit_is_reported_then_reset(board, target, line):
    if has_fault_registers(target):
        assert fault(target, line, b"f")[0] == NO_COPROCESSOR
    assert "board:" not in board.messages


def test_stack_overflow_is_reported_not_silent(target, line):
    cfsr, found = fault(target, line, b"o")
    if target.cpu.name == "cortex-m33":
        assert cfsr == STACK_LIMIT
    else:
        assert cfsr is None or cfsr & STACKING
        assert found["pc"] == "ffffffff"


def test_what_the_manual_forbids_is_reported(board, target, line):
    place = f"(pc=0x{target.region('flash').origin >> 24:02x}"
    if has_fault_registers(target):
        line.ask(b"l")
        await_message(
            board, f"board: load or store of several words at an unaligned address {place}"
        )
    else:
        fault(target, line, b"l")
    line.ask(b"p")
    line.ask(b"m")
    if has_fault_registers(target):
        line.ask(b"k")
    else:
        fault(target, line, b"k")
    await_message(board, f"board: write of 0x4000fff0 (no peripheral) is not declared {place}")
    await_message(board, f"board: write of 0x00000000 to SCB_MPU_CTRL: it is not modelled {place}")
    await_message(board, f"PSPLIM or CONTROL: the process stack is not modelled {place}")
    assert line.ask(b"S") == 0


@pytest.mark.parametrize(
    ("command", "cause"),
    [
        (b"l", UNALIGNED),
        (b"p", PRECISE_WITH_ADDRESS),
        (b"m", PRECISE_WITH_ADDRESS),
        (b"k", UNDEFINED),
    ],
)
def test_and_faults_when_strict(target, image, connect, command, cause):
    with emulate.start(target, image, kind="board", conditions=emulate.STRICT) as running:
        line = connect(running)
        assert line.line() == "boot=00000000"
        cfsr, found = fault(target, line, command)
        assert cfsr == (cause if has_fault_registers(target) else None)
        assert command != b"p" or found["bfar"] in ("4000fff0", None)
