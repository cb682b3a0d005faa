"""Launching emulators and reading the instruction counter, without an emulator."""

import re
import sys
import time

import pytest

from targets import emulate
from targets.elf import Image, Symbol
from targets.emulate import count, emulator, process, qemu
from targets.errors import BuildError, EmulatorError, SafeError
from targets.load import load

READY = re.compile(r"port (\d+)")


def launch(code, seconds=10.0):
    return emulator.launch([sys.executable, "-u", "-c", code], READY, seconds)


def test_launch_and_close():
    with launch("import time; print('port 1234'); time.sleep(60)") as running:
        assert running.url == "socket://127.0.0.1:1234"
        assert running.is_running()
        running.wait(0.05)
    assert not running.is_running()


def test_one_that_ignores_the_polite_signal_is_killed(monkeypatch):
    monkeypatch.setattr(emulator, "STOP_SECONDS", 0.2)
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('port 1'); time.sleep(60)"
    with launch(code) as running:
        pass
    assert not running.is_running()


def test_one_that_dies_says_why():
    with pytest.raises(EmulatorError, match=r"python\S* ended with status 3: no such machine"):
        launch("import sys; print('no such machine', file=sys.stderr); sys.exit(3)")


def test_one_that_dies_later():
    with launch("print('port 1')") as running, pytest.raises(EmulatorError, match="status 0"):
        running.wait(10.0)


def test_an_error_that_follows_its_death_is_its_death():
    class LostError(SafeError):
        """What a lost line raises."""

    with (
        pytest.raises(EmulatorError, match="ended with status 4") as caught,
        launch("import sys; print('port 1'); sys.exit(4)"),
    ):
        raise LostError("the line was lost")
    assert isinstance(caught.value.__cause__, LostError)
    with (
        pytest.raises(LostError),
        launch("import time; print('port 1'); time.sleep(60)"),
    ):
        raise LostError("the line was lost")


def test_silent_one_is_given_up():
    begin = time.monotonic()
    with pytest.raises(EmulatorError, match=r"opened no port within 0.2 s"):
        launch("import time; time.sleep(60)", 0.2)
    assert time.monotonic() - begin < 30


def test_missing_program():
    with pytest.raises(EmulatorError, match="cannot start /no/such/program"):
        emulator.launch(["/no/such/program"], READY, 1.0)


def test_missing_qemu_and_missing_image(monkeypatch, tmp_path):
    target = load("stm32f4")
    with pytest.raises(EmulatorError, match=r"no image at .*: host_tools build --target stm32f4"):
        emulate.start(target, tmp_path / "x.elf")
    with pytest.raises(EmulatorError, match=r"no image at .*: host_tools build --target host"):
        process.start(load("host"), tmp_path / "x.elf")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EmulatorError, match="qemu-system-arm is not installed: apt-get install"):
        qemu.start(target, tmp_path / "x.elf")
    with pytest.raises(EmulatorError, match=r"target host has no \[emulator\] of kind 'qemu'"):
        qemu.start(load("host"), tmp_path / "x.elf")


def test_the_uart_of_the_description_is_wired(tmp_path, monkeypatch):
    (tmp_path / "x.elf").write_bytes(b"")
    monkeypatch.setattr(qemu, "missing_memory", lambda *_: "")  # the file holds nothing
    words = qemu.command(load("stm32f4"), tmp_path / "x.elf", plugin="p.so")
    serial = [words[i + 1].split(":")[0] for i, word in enumerate(words) if word == "-serial"]
    assert serial == ["null", "tcp"]  # USART1, USART2
    assert words[-2:] == ["-plugin", "p.so"]


def image(*symbols):
    return Image((), tuple(Symbol(n, a, 16, ".text", True, "") for n, a in symbols))


GOOD = (
    ("safe_pump_op1_conv_2d", 0x100),
    ("safe_pump_op10_reshape", 0x120),
    ("safe_pump_op2_fully_connected", 0x110),
    ("invoke_arena", 0x130),
    ("safe_context_invoke", 0x140),
    ("safe_isr_uart", 0x150),
)


def test_configure():
    configuration = count.configure(image(*GOOD))
    assert configuration.text.splitlines() == [
        "marker 0 130",
        "marker 1 100",
        "marker 2 110",
        "marker 3 120",
        "back -1 140 150",
        "exclude 150 160",
    ]
    assert [i for i, _ in configuration.operators] == [1, 2, 10]


@pytest.mark.parametrize(
    ("symbols", "message"),
    [
        ((), "one model with operator functions, has: none"),
        ((*GOOD, ("safe_other_op0_x", 0x900)), "has: other, pump"),
        (GOOD[:3], "no function invoke_arena"),
        (GOOD[:4], "no function safe_context_invoke"),
    ],
)
def test_images_that_cannot_be_counted(symbols, message):
    with pytest.raises(EmulatorError, match=message):
        count.configure(image(*symbols))


def test_parse():
    configuration = count.configure(image(*GOOD))
    one = "0 10\n1 12\n2 20\n3 50\n-1 51\n"
    two = "0 100\n1 102\n2 111\n3 141\n-1 142\n"
    counts = count.parse(one + two + "0 500\n1 50", configuration)  # a cut call is no call
    assert (counts.calls, counts.minimum, counts.maximum) == (2, 41, 42)
    figures = [(o.index, o.minimum, o.maximum) for o in counts.operators]
    assert figures == [(-1, 2, 2), (1, 8, 9), (2, 30, 30), (10, 1, 1)]


def test_operators_may_run_in_any_order_with_glue_between():
    configuration = count.configure(image(*GOOD))
    text = "0 10\n-2 12\n3 13\n-2 23\n1 25\n-2 30\n2 31\n= 100 1 0\n-1 41\n"
    counts = count.parse(text, configuration)
    figures = [(o.index, o.maximum) for o in counts.operators]
    assert figures == [(-1, 2 + 1 + 2 + 1), (1, 5), (2, 10), (10, 10)]
    assert counts.maximum == 31


STREAMING = (*GOOD[:4], ("push_arena", 0x160), ("safe_stream_feed", 0x170))
STREAMING += (("safe_stream_invoke", 0x180),)


def test_a_streaming_inference_is_the_newest_push_and_the_outputs():
    configuration = count.configure(image(*STREAMING))
    assert configuration.text.splitlines()[-3:] == [
        "marker -3 160",
        "back -1 170 180",
        "back -1 180 190",
    ]
    pushes = "-3 10\n1 12\n-1 20\n-3 1000\n1 1002\n-1 1011\n"
    outputs = "0 5000\n2 5003\n3 5023\n-1 5024\n"
    counts = count.parse(pushes + outputs, configuration)
    figures = [(o.index, o.maximum) for o in counts.operators]
    assert figures == [(-1, 2 + 3), (1, 9), (2, 20), (10, 1)]
    assert (counts.calls, counts.maximum) == (1, 35)  # what lies between is not the model's
    with pytest.raises(EmulatorError, match="op1_conv_2d ran 0 times"):
        count.parse(outputs, configuration)
    with pytest.raises(EmulatorError, match="ran no whole inference"):
        count.parse(pushes, configuration)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ran no whole inference"),
        ("0 1\n1 2\n-1 3\n", r"op2_fully_connected ran 0 times in an inference"),
        ("0 1\n1 2\n2 2\n2 2\n3 3\n-1 3\n", r"op2_fully_connected ran 2 times"),
        ("0 1\nnonsense\n-1 3\n", "line 2: not understood: 'nonsense'"),
    ],
)
def test_parse_refuses(text, message):
    with pytest.raises(EmulatorError, match=message):
        count.parse(text, count.configure(image(*GOOD)))


def test_plugin_is_compiled_once(tmp_path, monkeypatch):
    plugin = count.build_plugin(tmp_path)
    stamp = plugin.stat().st_mtime_ns
    assert count.build_plugin(tmp_path) == plugin
    assert plugin.stat().st_mtime_ns == stamp
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BuildError, match="no host C compiler 'cc'"):
        count.build_plugin(tmp_path / "other")


def test_commas_in_paths_are_doubled(tmp_path):
    argument = count.plugin_argument(tmp_path / "a,b.so", tmp_path / "c", tmp_path / "o")
    assert "a,,b.so,config=" in argument
