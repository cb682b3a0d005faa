"""GD32VF103 on the soft board: start-up, drivers, faults, and the unmodified bench image."""

import json
import re
import time

import pytest

from host_tools.cli import main
from targets import elf, emulate
from targets.load import load
from targets.make import make
from tests.emulator.conftest import build_probe, echo

pytest.importorskip("unicorn")
from targets.emulate.board import watch

pytestmark = pytest.mark.emulator

RX_OVERRUN, RESET_FAULT = 1 << 3, 1 << 6
# mcause of the core in its interrupt controller's mode: machine mode, interrupts were on.
ON = 3 << 28 | 1 << 27
ILLEGAL, LOAD_UNALIGNED, LOAD, STORE = (ON | cause for cause in (2, 4, 5, 7))
FAULT = re.compile(
    r"safe fault: cause=(?P<cause>\w+) value=(?P<value>\w+) pc=(?P<pc>\w+) lr=\w+ sp=\w+"
)


@pytest.fixture(scope="module")
def target():
    return load("gd32vf103")


@pytest.fixture(scope="module")
def image(target, tmp_path_factory):
    return build_probe(target, tmp_path_factory.mktemp(target.name))


@pytest.fixture
def board(target, image):
    with emulate.start(target, image) as running:
        yield running


@pytest.fixture
def line(board, connect):
    line = connect(board)
    assert line.line() == "boot=00000000"  # on a board, every bit of the status is an error
    return line


def fault(line, command):
    """Make the image fault; return what it told, after it came back and told so once."""
    line.send(command)
    assert line.line() == ""
    found = FAULT.fullmatch(line.line())
    assert found is not None
    assert line.line() == f"boot={RESET_FAULT:08x}"
    line.send(b"r")
    assert line.line() == "boot=00000000"
    return {name: int(value, 16) for name, value in found.groupdict().items()}


def test_clocks_cycles_stack_and_nothing_to_complain_about(target, board, line):
    assert line.ask(b"S") == 0
    assert line.ask(b"c") == 1
    before = line.ask(b"s")
    assert 64 < before < 1024
    line.ask(b"d")
    assert before + 2 * 256 <= line.ask(b"s") <= target.stack.size_bytes
    start, clock = line.ask(b"t"), time.monotonic()
    time.sleep(0.5)
    device, host = line.ask(b"t") - start, (time.monotonic() - clock) * 1000
    assert host / 3 < device < host * 3
    assert "board:" not in board.messages


def test_echo_and_overrun(target, line):
    size = target.uart.rx_ring_bytes
    echo(line, 20_000, size - 96)
    assert line.ask(b"S") == 0
    line.send(b"i" + b"x" * (2 * size))
    assert line.line() == "invoke=00000000"
    time.sleep(1.0)
    line.send(b"S")
    assert int(line.line().split("=")[1], 16) in (0, RX_OVERRUN)


def test_faults_are_reported_then_reset(target, image, line):
    found = fault(line, b"w")
    assert (found["cause"], found["value"]) == (STORE, 0x0A000000)
    code = target.region("flash")
    assert code.origin < found["pc"] < code.end
    found = fault(line, b"u")
    body = next(s for s in elf.read(image).functions() if s.name == "main")
    assert found["cause"] == ILLEGAL
    assert body.address <= found["pc"] < body.address + body.size  # obey is inlined
    found = fault(line, b"o")
    assert found["cause"] == STORE
    assert found["value"] < target.region("ram").origin


def test_what_the_core_or_the_manual_forbids(target, image, board, line, connect):
    assert fault(line, b"l")["cause"] == LOAD_UNALIGNED
    line.ask(b"p")
    assert line.ask(b"S") == 0
    told = (
        "board: load or store at an unaligned address (pc=0x08",
        "board: write of 0x4000fff0 (no peripheral) is not declared (pc=0x08",
    )
    end = time.monotonic() + 30
    while not all(text in board.messages for text in told):
        assert time.monotonic() < end, board.messages
        time.sleep(0.01)
    with emulate.start(target, image, conditions=emulate.STRICT) as running:
        line = connect(running)
        line.line()
        found = fault(line, b"p")
        assert (found["cause"], found["value"]) == (LOAD, 0x4000FFF0)


def test_marks_are_those_of_the_instruction_formats():
    def mark(*halves):
        code = b"".join(half.to_bytes(2, "little") for half in halves)
        return watch.marks_riscv(code)[0]

    assert mark(0x2503, 0x0005) == watch.MARK_ACCESS  # lw a0, 0(a0)
    assert mark(0x1503, 0x0005) == watch.MARK_ACCESS  # lh
    assert mark(0x0503, 0x0005) == 0  # lb
    assert mark(0xA023, 0x00B5) == watch.MARK_ACCESS  # sw
    assert mark(0x8023, 0x00B5) == 0  # sb
    assert mark(0x4108) == mark(0xC10C) == watch.MARK_ACCESS  # c.lw, c.sw
    assert mark(0x4502) == mark(0x0505) == 0  # c.lwsp, c.addi
    assert mark(0x0073, 0x3020) == mark(0x9002) == watch.MARK_SYSTEM  # mret, c.ebreak


def test_bench_is_exact(target, capsys):
    arguments = ["--target", target.name, "--windows", "8", "--samples", "24", "--json"]
    assert main(["bench", "--emulate", *arguments]) == 0
    output = capsys.readouterr()
    facts = json.loads(output.out)
    assert (facts["mismatched_bytes"], facts["chain_mismatches"]) == (0, 0)
    assert facts["link"]["device_status"] == []
    assert facts["link"]["cycles"] == "approximate"
    assert "warning" not in output.err
    bound = make(target.name, "forecaster").size()["stack"]["bound_bytes"]
    assert 0 < facts["stack_bytes"] <= bound
