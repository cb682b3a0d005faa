"""`host_tools flash`: the command line of every runner, and each failure's own exit code.

No board is at hand: the runners are stand-ins that hold to the tools' grammar, and the real ones,
as far as they are installed, without a probe.
"""

import json
import shlex
import shutil
import subprocess
import sys

import pytest

from host_tools import cli
from host_tools.device import flash
from host_tools.device.runners import FlashJob
from targets import build
from targets import pack as pack_facts
from targets.chip_flash import RUNNERS
from targets.errors import ExitCode
from targets.load import find, load
from tests.unit.host_tools.device import standin

PROGRAMS = {
    "cubeprog": "STM32_Programmer_CLI",
    "pyocd": "pyocd",
    "openocd": "openocd",
    "probe-rs": "probe-rs",
    "st-flash": "st-flash",
}
CODES = {"no_probe": 47, "failure": 49, "mismatch": 51}


@pytest.fixture
def image(tmp_path):
    """An image in a folder with a space in its name."""
    folder = tmp_path / "my images"
    folder.mkdir()
    for suffix in (".elf", ".bin", ".hex"):
        (folder / f"bench{suffix}").write_bytes(b"abc")
    return folder / "bench.elf"


@pytest.fixture
def pack(tmp_path):
    path = tmp_path / "Keil.STM32F4xx_DFP.pack"
    path.touch()
    return path


@pytest.fixture
def unpacked(tmp_path, shared_data):
    """Return unpacked(name) → folder with the real .pdsc of a family, as pyOCD wants it."""

    def make(name):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(shared_data / f"packs/Keil.STM32{name}xx_DFP.pdsc", folder)
        return folder

    return make


@pytest.fixture
def run(tmp_path, image, pack, monkeypatch, capsys):
    """Return run(*options, installed, says) → (code, output, errors, command lines)."""
    monkeypatch.setattr("host_tools.device.runners._CUBE_FOLDERS", ())
    monkeypatch.setattr("host_tools.device.runners.find_spec", lambda _: None)
    log = tmp_path / "log"

    def call(*options, installed=(), says="ok", target="stm32f4"):
        bin_folder = tmp_path / "bin"
        shutil.rmtree(bin_folder, ignore_errors=True)
        standin.install(bin_folder, *(PROGRAMS[name] for name in installed))
        monkeypatch.setenv("PATH", str(bin_folder))
        monkeypatch.setenv("STANDIN_LOG", str(log))
        monkeypatch.setenv("STANDIN_SAYS", says)
        log.unlink(missing_ok=True)
        words = ["flash", "--target", target, "--image", str(image), *map(str, options)]
        code = cli.main(words)
        captured = capsys.readouterr()
        lines = log.read_text().splitlines() if log.exists() else []
        return code, captured.out, captured.err, [json.loads(line) for line in lines]

    return call


def options(name, pack, *more):
    return ("--runner", name, *(("--pack", pack) if name == "pyocd" else ()), *more)


@pytest.mark.parametrize("name", RUNNERS)
def test_command_line_of_each_runner(run, pack, name):
    code, text, errors, lines = run(*options(name, pack), installed=[name])
    assert (code, errors) == (0, "")
    assert text == f"bench.elf written and verified on stm32f4 by {name}\n"
    assert len(lines) == (2 if name in ("pyocd", "probe-rs") else 1)
    # A dry run prints the same words, and runs nothing.
    code, text, _, ran = run(*options(name, pack, "--dry-run"), installed=[name])
    assert (code, ran) == (0, [])
    printed = [shlex.split(line) for line in text.splitlines()]
    assert [[PROGRAMS[name], *words[1:]] for words in printed] == lines


@pytest.mark.parametrize("name", RUNNERS)
def test_the_probe_is_passed_on(run, pack, name):
    lines = run(*options(name, pack, "--probe", "066BFF"), installed=[name])[3]
    assert all("066BFF" in " ".join(words) for words in lines)
    assert lines


@pytest.mark.parametrize("name", RUNNERS)
@pytest.mark.parametrize("says", CODES)
def test_each_failure_has_its_exit_code(run, pack, name, says):
    code, text, errors, _ = run(*options(name, pack), installed=[name], says=says)
    assert (code, text) == (CODES[says], "")
    assert errors.count("\n") == 1
    assert name in errors


@pytest.mark.parametrize("name", ["cubeprog", "pyocd", "openocd", "st-flash"])
def test_verified_is_what_the_runner_says_not_its_status(run, pack, name):
    code, _, errors, _ = run(*options(name, pack), installed=[name], says="silent")
    assert code == 51
    assert "did not say that the image is verified" in errors


@pytest.mark.parametrize("name", ["cubeprog", "pyocd", "openocd", "probe-rs"])
def test_without_verifying(run, pack, name):
    code, text, _, lines = run(*options(name, pack, "--no-verify"), installed=[name])
    assert code == 0
    assert "written, not verified" in text
    assert not any({"-v", "--verify", "compare"} & set(words) for words in lines)
    assert not any(words[-1].endswith("verify reset exit") for words in lines)


def test_the_first_runner_that_can_serve(run, pack):
    lines = run(installed=["openocd", "st-flash", "pyocd"])[3]
    assert lines[0][0] == "openocd"  # pyOCD has no pack
    lines = run("--pack", pack, installed=["openocd", "st-flash", "pyocd"])[3]
    assert lines[0][0] == "pyocd"
    lines = run("--pack", pack, installed=["openocd", "pyocd", "cubeprog"])[3]
    assert lines[0][0] == "STM32_Programmer_CLI"


def test_pack_by_environment(run, pack, monkeypatch):
    monkeypatch.setenv("SAFE_PACK", str(pack))
    assert run(installed=["pyocd"])[3][0][:5] == [
        "pyocd", "load", "--no-wait", "--target", "stm32f405rgtx",
    ]  # fmt: skip


def test_nothing_installed_names_every_reason(run):
    code, _, errors, _ = run()
    assert code == ExitCode.RUNNER_MISSING == 48
    assert all(f"{name}: not installed (" in errors for name in RUNNERS)
    code, _, errors, _ = run("--runner", "openocd")
    assert code == 48
    assert "apt-get install openocd" in errors
    # What would be run can be seen without it.
    assert run("--runner", "openocd", "--dry-run")[0] == 0


def test_mistakes(run, tmp_path, image):
    assert run("--runner", "pyocd", installed=["pyocd"])[0] == 30
    assert "no [flash]" in run(target="host")[2]
    code, _, errors, _ = run("--pack", tmp_path / "no.pack", installed=["openocd"])
    assert code == 30
    assert "no pack at" in errors
    image.with_suffix(".bin").unlink()
    code, _, errors, _ = run(installed=["openocd"])
    assert code == 31
    assert "bench.bin" in errors


def test_a_board_script_instead_of_a_chip(tmp_path, run, image):
    """A RISC-V board with its own probe: OpenOCD only."""
    text = find("stm32f4").read_text(encoding="utf-8").replace('name = "stm32f4"', 'name = "riscy"')
    board = 'openocd_board = "board/sifive-hifive1-revb.cfg"\nrunners = ["openocd"]\n'
    text = text.replace("[flash]\n", f"[flash]\n{board}", 1)
    path = tmp_path / "riscy.toml"
    path.write_text(text)
    lines = run(installed=["openocd", "st-flash"], target=str(path))[3]
    assert lines[0][1:3] == ["-f", "board/sifive-hifive1-revb.cfg"]
    assert "interface/stlink.cfg" not in lines[0]
    code, _, errors, _ = run("--runner", "st-flash", installed=["st-flash"], target=str(path))
    assert code == 30
    assert "not flashed by st-flash; known are openocd" in errors


def test_a_runner_that_hangs(run, monkeypatch):
    monkeypatch.setattr(flash, "SECONDS", 0.5)
    monkeypatch.setattr(
        "host_tools.device.runners.OpenOcd.find",
        lambda _: (sys.executable, "-c", "import time; time.sleep(9)"),
    )
    code, _, errors, _ = run("--runner", "openocd")
    assert code == 49
    assert "did not end within" in errors


@pytest.mark.parametrize("name", ["pyocd", "openocd", "st-flash"])
def test_the_real_runner_without_a_probe(name, image, unpacked, capsys):
    """The real argument parsers and the real words; what is not installed is left to stand-ins."""
    pack = unpacked("F4")
    words = ["--target", "stm32f4", "--image", str(image), "--runner", name, "--pack", str(pack)]
    code = cli.main(["flash", *words])
    errors = capsys.readouterr().err
    installed = name == "pyocd" or shutil.which(name)
    assert code == (47 if installed else 48)
    assert ("no debug probe" if installed else "not installed") in errors


def test_pyocd_parses_our_compare(image, unpacked):
    """`pyocd load` ends before the second session: here it is tried by itself."""
    job = FlashJob(flash.settings(load("stm32f4")), image, packs=(unpacked("F4"),))
    step = flash.plan("pyocd", job).steps[1]
    done = subprocess.run(step.argv, capture_output=True, text=True, check=False)
    assert "No connected debug probes" in done.stdout + done.stderr
    assert "usage" not in done.stderr


@pytest.mark.parametrize(
    ("name", "part", "flash_bytes"),
    [("F4", "STM32F405RGTx", 1 << 20), ("U5", "STM32U575ZITx", 2 << 20)],
)
def test_pyocd_reads_the_real_packs(unpacked, caplog, name, part, flash_bytes):
    """What pyOCD makes of a pack is what `targets` makes of it."""
    from pyocd.target.pack.cmsis_pack import CmsisPack

    folder = unpacked(name)
    described = pack_facts.read(next(folder.glob("*.pdsc")), part)
    device = {d.part_number: d for d in CmsisPack(folder).devices}[part]
    regions = {r.start: r for r in device.memory_map}
    assert regions[described.flash.origin].length == described.flash.size == flash_bytes
    assert regions[described.ram[0].origin].type.name == "RAM"
    # The shared packs come without the algorithms: pyOCD names those that it misses.
    assert all(f"algorithm '{name}'" in caplog.text for name in described.algorithms)


def test_a_pdsc_stands_for_its_folder_unless_others_lie_there(run, unpacked, tmp_path):
    folder = unpacked("F4")
    lines = run("--pack", folder / "Keil.STM32F4xx_DFP.pdsc", installed=["pyocd"])[3]
    assert lines[0][lines[0].index("--pack") + 1] == str(folder)
    (folder / "Other.pdsc").touch()
    code, _, errors, _ = run("--pack", folder, installed=["pyocd"])
    assert code == 30
    assert "holds 2 .pdsc files" in errors


def test_scons_flashes_what_it_built():
    done = subprocess.run(
        [sys.executable, "-m", "SCons", "-n", "-Q", "target=stm32f4", "flash",
         "flash_options=--runner openocd --probe 066BFF"],
        cwd=build.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    assert "-m host_tools flash --target stm32f4 --image" in last
    assert last.endswith("--runner openocd --probe 066BFF")
