"""RISC-V targets and CPU checks: start-up, drivers, faults, exact counts."""

import re
import time

import pytest

from targets import elf
from targets.emulate import count, qemu
from targets.load import load
from tests.emulator.conftest import build_probe

pytestmark = pytest.mark.emulator

TARGETS = ("hifive1", "mps2-an386", "mps2-an505", "mps2-m0plus", "mps3-an547", "riscv-virt")
CYCLES_STUCK, RX_OVERRUN, RESET_FAULT = 1 << 1, 1 << 3, 1 << 6
LOOPS = {"cortex_m": 20_000_000, "riscv32": 4883 << 12}
CALLS = 2
FAULT = {
    "cortex_m": re.compile(
        r"safe fault: exception=00000003 (?:cfsr=(?P<cause>\w+) hfsr=40000000 mmfar=\w+ "
        r"bfar=(?P<value>\w+) )?pc=(?P<pc>\w+) lr=\w+ psr=\w+"
    ),
    "riscv32": re.compile(
        r"safe fault: cause=(?P<cause>\w+) value=(?P<value>\w+) pc=(?P<pc>\w+) lr=\w+ sp=\w+"
    ),
}


@pytest.fixture(scope="module", params=TARGETS)
def target(request):
    return load(request.param)


@pytest.fixture(scope="module")
def image(target, tmp_path_factory):
    return build_probe(target, tmp_path_factory.mktemp(target.name))


@pytest.fixture
def line(target, image, connect):
    with qemu.start(target, image) as emulator:
        line = connect(emulator)
        assert line.line() == f"boot={usual(target):08x}"
        yield line


def usual(target):
    """Return the status of a target that is well: QEMU's counter stands; Armv6-M has none."""
    return CYCLES_STUCK if target.emulator.expected_status else 0


def test_status_cycles_and_stack(target, line):
    expected = () if target.cpu.name == "cortex-m0plus" else ("cycles_stuck",)
    assert target.emulator.expected_status == expected
    assert line.ask(b"S") == usual(target)
    assert line.ask(b"c") == 0
    before = line.ask(b"s")
    assert 64 < before < 1024
    line.ask(b"d")
    assert before + 2 * 256 <= line.ask(b"s") <= target.stack.size_bytes


def test_timebase_runs_with_wall_time(line):
    start, before = line.ask(b"t"), time.monotonic()
    time.sleep(0.5)
    device, host = line.ask(b"t") - start, (time.monotonic() - before) * 1000
    assert host / 3 < device < host * 3


def test_burst_and_overrun(target, line):
    size = target.uart.rx_ring_bytes
    data = b"x" * (size - 96)
    for _ in range(3):
        line.send(data)
        assert line.read(len(data)) == data
    assert line.ask(b"S") == usual(target)
    line.send(b"i" * 20 + b"x" * (2 * size))
    for _ in range(20):
        assert line.line() == "invoke=00000000"
    time.sleep(1.0)
    line.send(b"S")
    assert int(line.line().split("=")[1], 16) in (usual(target), usual(target) | RX_OVERRUN)


def fault(target, line, command):
    line.send(command)
    assert line.line() == ""
    found = FAULT[target.target.arch].fullmatch(line.line())
    assert found is not None
    assert line.line() == f"boot={usual(target) | RESET_FAULT:08x}"
    line.send(b"r")
    assert line.line() == f"boot={usual(target):08x}"  # the mark is told once
    return found


def has_fault_registers(target, found):
    """Return whether the core has them; one that has none tells no cause."""
    has = target.cpu.name != "cortex-m0plus"
    assert (found["cause"] is not None) == has
    return has


def test_bad_pointer_is_reported_then_reset(target, line):
    found = fault(target, line, b"w")
    code = target.region("flash")
    assert code.origin < int(found["pc"], 16) < code.origin + code.size
    if target.target.arch == "riscv32":
        assert (found["cause"], found["value"]) == ("00000007", "0a000000")  # store access
    elif has_fault_registers(target, found):
        assert (found["cause"], found["value"]) == ("00008200", "f4000000")  # precise BusFault


def test_undefined_instruction_is_reported_then_reset(target, image, line):
    found = fault(target, line, b"u")
    main = next(s for s in elf.read(image).functions() if s.name == "main")
    assert main.address <= int(found["pc"], 16) < main.address + main.size  # obey is inlined
    if target.target.arch == "riscv32":
        assert found["cause"] == "00000002"
    elif has_fault_registers(target, found):
        assert found["cause"] == "00010000"  # UNDEFINSTR


def test_stack_overflow_is_reported_not_silent(target, line):
    found = fault(target, line, b"o")
    if target.target.arch == "riscv32":
        assert found["cause"] == "00000007"
        assert int(found["value"], 16) < target.region("ram").origin
    elif has_fault_registers(target, found):
        # STKOF: the stack limit of Armv8-M. Below an AN386's RAM, QEMU reads zeros, and the
        # return to address 0 without the Thumb bit is what faults: INVSTATE.
        expected = 0x20000 if target.name == "mps2-an386" else 0x100000
        assert int(found["cause"], 16) & expected


def test_known_length_is_counted_exactly(target, image, connect, tmp_path):
    plugin = count.build_plugin(tmp_path)
    config, out = tmp_path / "config.txt", tmp_path / "out.txt"
    configuration = count.configure(elf.read(image))
    config.write_text(configuration.text)
    argument = count.plugin_argument(plugin, config, out)
    with qemu.start(target, image, plugin=argument) as emulator:
        line = connect(emulator)
        line.line()
        for _ in range(CALLS):
            line.ask(b"i")
    counts = count.parse(out.read_text(), configuration)
    assert counts.calls == CALLS
    assert counts.minimum == counts.maximum == 1 + 2 * LOOPS[target.target.arch] + 1 + 2 + 4
