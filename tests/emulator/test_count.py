"""The instruction counter against code of known length, and on the product image."""

import pytest

from host_tools.device.bench import run_window
from host_tools.device.link import Link
from host_tools.device.serial_port import SerialPort
from host_tools.workflow import count as counting
from targets import elf
from targets.emulate import count, qemu
from targets.load import load

pytestmark = pytest.mark.emulator

LOOP = 1 + 2 * 20_000_000 + 1
CALLS = 5


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    return count.build_plugin(tmp_path_factory.mktemp("plugin"))


@pytest.fixture
def run(stm32f4, plugin, tmp_path):
    """Return run(image, configuration text, drive) → the plugin's output."""

    def counted(image, text, drive):
        config, out = tmp_path / "config.txt", tmp_path / "out.txt"
        config.write_text(text)
        argument = count.plugin_argument(plugin, config, out)
        with qemu.start(stm32f4, image, plugin=argument) as emulator:
            drive(emulator)
        return out.read_text()

    return counted


@pytest.fixture
def invoke_probe(connect):
    def drive(emulator):
        line = connect(emulator)
        line.line()
        for _ in range(CALLS):
            line.ask(b"i")

    return drive


def test_known_length(probe, run, invoke_probe):
    configuration = count.configure(elf.read(probe))
    counts = count.parse(run(probe, configuration.text, invoke_probe), configuration)
    assert counts.calls == CALLS
    figures = [(o.index, o.symbol, o.minimum, o.maximum) for o in counts.operators]
    # entry: push, bl; loop: itself and the bl to the next; short: itself and pop
    assert figures == [
        (-1, "entry", 2, 2),
        (0, "safe_probe_op0_loop", LOOP + 1, LOOP + 1),
        (3, "safe_probe_op3_short", 3, 3),
    ]
    assert counts.minimum == counts.maximum == LOOP + 2 + 4


def test_interrupts_count_unless_excluded(probe, run, invoke_probe):
    configuration = count.configure(elf.read(probe))
    kept = [t for t in configuration.text.splitlines(True) if not t.startswith("exclude")]
    out = run(probe, "".join(kept), invoke_probe)
    assert count.parse(out, configuration).maximum > LOOP + 2 + 4


def test_product_counts_repeat_exactly(forecaster, run):
    configuration = count.configure(elf.read(forecaster.elf))

    def drive(emulator):
        with SerialPort(emulator.url) as port:
            link = Link(port)
            info = link.connect()
            for token in range(1, 5):
                window = (bytes(range(256)) * 8)[: info.input_bytes]
                run_window(link, info, token, window)

    out = run(forecaster.elf, configuration.text, drive)
    counts = count.parse(out, configuration)
    assert counts.calls == 4
    assert counts.minimum == counts.maximum > 1_000_000
    assert sum(o.maximum for o in counts.operators) == counts.maximum
    operators = forecaster.manifest()["operators"]
    by_index = {o["index"]: o for o in operators}
    assert all(by_index[o.index]["symbol"] == o.symbol for o in counts.operators if o.index >= 0)


def test_verb_measures_several_inputs(forecaster):
    counts = counting.count_inferences(load("stm32f4"), forecaster.elf, 4)
    assert counts.calls == 4
    # A kernel may branch on data (saturation), a little.
    assert counts.minimum > 0.99 * counts.maximum
