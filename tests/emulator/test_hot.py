"""Functions and constants in RAM: where they lie, that they run there, that bytes are the same."""

import json
import shutil
from collections import Counter

import pytest

from host_tools.cli import main
from host_tools.device.bench import run_window
from host_tools.device.link import Link
from host_tools.device.serial_port import SerialPort
from host_tools.workflow import hot as choice
from targets import elf, hot
from targets.build import find_model
from targets.emulate import count, qemu
from targets.errors import BuildError, EmulatorError, ExitCode
from targets.hot import Hot
from targets.load import load
from targets.make import make
from targets.options import Options

pytestmark = pytest.mark.emulator

ARM = Hot(
    ("safe_dsp_lstm_recurrent", "safe_dsp_dot8"),
    ("safe_forecaster_op3_lines", "safe_forecaster_op3_recurrent"),
)
RISCV = Hot(("safe_rv32_dot8",), ("safe_forecaster_op3_weights",))


def written(folder, names):
    path = folder / "hot.toml"
    path.write_text(hot.text(names, "by a test"))
    return path


def places(image, names):
    return [s for s in elf.read(image).symbols if s.name.split(".")[0] in names]


def inside(memory, symbols):
    return all(memory.origin <= s.address < memory.end for s in symbols)


def test_on_a_chip_with_data_memory(tmp_path, capsys):
    pytest.importorskip("unicorn")
    target, path = load("stm32f4"), written(tmp_path, ARM)
    arguments = ["--target", "stm32f4", "--hot", str(path), "--windows", "6", "--samples", "12"]
    assert main(["bench", "--emulate", "--emulator", "board", *arguments, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["mismatched_bytes"], facts["chain_mismatches"]) == (0, 0)
    assert facts["link"]["device_status"] == []
    built = make("stm32f4", "forecaster", options=Options(hot=path))
    _, sram, ccm = target.memory
    code, data = places(built.elf, ARM.code), places(built.elf, ARM.data)
    assert (len(code), len(data)) == (len(ARM.code), len(ARM.data))
    assert inside(sram, code)
    assert inside(ccm, data)  # no instruction may come from there
    size = built.size()
    rows = {row["name"]: row for row in size["by_section"]}
    for name in (hot.CODE, hot.DATA):
        assert rows[name]["flash_bytes"] == rows[name]["ram_bytes"] > 0
    assert sum(part["ram_bytes"] for part in size["parts"]) == sum(
        row["ram_bytes"] for row in size["by_section"]
    )
    # Veneers of the linker are part of the proof, and the device did not go deeper.
    assert facts["stack_bytes"] <= size["stack"]["bound_bytes"]
    with pytest.raises(EmulatorError, match="constants in CCM, QEMU none: --emulator board"):
        qemu.start(target, built.elf)


def test_code_runs_from_ram(tmp_path):
    """The model says so, and its own file of the target names what."""
    target, model = load("riscv-virt"), tmp_path / "forecaster"
    shutil.copytree(find_model("forecaster").folder, model)
    description = model / "model.toml"
    description.write_text(f'hot = "ram"\n{description.read_text()}')
    (model / "hot-riscv-virt.toml").write_text(hot.text(RISCV, "by a test"))
    built = make("riscv-virt", str(model), out=tmp_path / "build")
    assert built.folder.name == "native"
    configuration = count.configure(elf.read(built.elf))
    config, out = tmp_path / "config.txt", tmp_path / "out.txt"
    config.write_text("profile\n" + configuration.text)
    argument = count.plugin_argument(count.build_plugin(tmp_path), config, out)
    with (
        qemu.start(target, built.elf, plugin=argument) as running,
        SerialPort(running.url) as port,
    ):
        link = Link(port)
        info = link.connect()
        run_window(link, info, 1, bytes(info.input_bytes))
    ran: Counter[int] = Counter()
    for row in count.executed(out.read_text()):  # by operator
        ran[row.address] += row.executed
    (kernel,) = places(built.elf, RISCV.code)
    (weights,) = places(built.elf, RISCV.data)
    assert inside(target.region("ram"), [kernel, weights])
    # The tile is most of the LSTM's 4.3 million instructions; nothing else of RAM runs.
    in_kernel = sum(n for at, n in ran.items() if 0 <= at - kernel.address < kernel.size)
    ram = target.region("ram")
    assert sum(n for at, n in ran.items() if ram.origin <= at < ram.end) == in_kernel
    assert in_kernel > 3_000_000


def test_a_chip_without_a_counter_is_measured_on_its_core(tmp_path):
    """The flash of an STM32U5, which no emulator counts, stands before another Cortex-M33."""
    path = choice.choose(find_model("forecaster").network, "stm32u5", 4096, "")
    assert "safe_forecaster_op3_lines" in hot.read(path).data
    assert path.read_text().startswith("# forecaster on stm32u5: most waits saved in 4096 bytes")
    with pytest.raises(EmulatorError, match="riscv-virt does not say what stands before its flash"):
        choice.choose(find_model("forecaster").network, "riscv-virt", 4096, "")


def test_contradictions_of_a_build(tmp_path, capsys):
    path = str(written(tmp_path, ARM))
    assert main(["build", "--hot-ram", "9", "--hot", path]) == ExitCode.BUILD
    assert main(["build", "--hot-ram", "9", "--streaming"]) == ExitCode.BUILD
    assert capsys.readouterr().err.count("\n") == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("code = []", "names neither code nor data"),
        ('tables = ["a"]', "unknown key 'tables'; known are code, data"),
        ('data = ["a b"]', "'a b' is no name"),
        ("code = 3", "must be an array"),
    ],
)
def test_a_wrong_file_is_told(tmp_path, text, message):
    path = tmp_path / "hot.toml"
    path.write_text(text)
    with pytest.raises(BuildError, match=message):
        hot.read(path)
    with pytest.raises(BuildError, match=message):
        Options(hot=path)


def test_a_program_of_one_object_has_no_sections_to_name(tmp_path):
    with pytest.raises(BuildError, match="leave one out"):
        Options(lto=True, hot=written(tmp_path, ARM))
