"""The launcher prepares a machine once, recovers, and says what is wrong.

It runs in a folder of its own with a stand-in for Python that logs its calls, so that no test
needs the network or changes this machine.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from targets.build import runtime_version

ROOT = Path(__file__).resolve().parents[3]
USED = (
    "bash cat chmod cp cut dirname env flock grep mkdir mv printf rm sed sha256sum sleep tail "
    "touch wc"
).split()
TOOLS = (
    "gcc arm-none-eabi-gcc qemu-system-arm clang clang-format cppcheck riscv64-unknown-elf-gcc "
    "arm-none-eabi-g++ qemu-system-riscv32 valgrind verilator g++ make cmake chromium "
    "chromedriver ccache"
).split()
PYTHON = """#!/usr/bin/env bash
[ "$1" = -c ] && exit "${STUB_TOO_OLD:-0}"
[ "$1" = -V ] || [ "$1" = --version ] && { echo "Python 3.11.2"; exit 0; }
echo "python $*" >>"$STUB_LOG"
case "$1 $2" in
"-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
"-m pip") sleep "${STUB_PIP_SECONDS:-0}"; exit "${STUB_PIP_CODE:-0}" ;;
esac
exit 0
"""


class Machine:
    """A pretended machine: a copy of the launcher, and a PATH with stand-ins only."""

    def __init__(self, folder):
        self.root = folder / "repository"
        self.bin = folder / "bin"
        self.log = folder / "calls.log"
        (self.root / "host_tools/commands").mkdir(parents=True)
        for verb in ("bench", "run_long", "convert", "train", "monitor", "update"):
            (self.root / f"host_tools/commands/{verb}.py").touch()
        shutil.copy(ROOT / "safe", self.root / "safe")
        shutil.copy(ROOT / "pyproject.toml", self.root / "pyproject.toml")
        shutil.copytree(ROOT / "requirements", self.root / "requirements")
        self.bin.mkdir()
        for name in USED:
            found = shutil.which(name)
            if found:
                (self.bin / name).symlink_to(found)
        for name in TOOLS:
            self.stub(name, "#!/usr/bin/env bash\necho /dev/null\nexit 0\n")
        self.stub("python3", PYTHON)
        self.stub("id", "#!/usr/bin/env bash\necho ${STUB_UID:-0}\n")
        # newlib's probe asks for a file that exists
        for name in ("arm-none-eabi-gcc", "riscv64-unknown-elf-gcc"):  # so does picolibc's
            self.stub(name, f"#!/usr/bin/env bash\necho {self.root}/pyproject.toml\n")

    def stub(self, name, text):
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def environment(self, **variables):
        return {"PATH": str(self.bin), "STUB_LOG": str(self.log), **variables}

    def start(self, *arguments, **variables):
        return subprocess.Popen(
            [self.root / "safe", *arguments],
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.root.parent,
            start_new_session=True,
        )

    def run(self, *arguments, **variables):
        process = self.start(*arguments, **variables)
        output, errors = process.communicate(timeout=60)
        return process.returncode, output, errors

    def calls(self, word=""):
        if not self.log.exists():
            return []
        return [line for line in self.log.read_text().splitlines() if word in line]


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_scripts_are_executable_and_parse():
    for name in ("safe", ".ci/run"):
        assert os.access(ROOT / name, os.X_OK)
        assert subprocess.run(["bash", "-n", ROOT / name], check=False).returncode == 0
    text = (ROOT / "safe").read_text()
    assert "set -euo pipefail" in text
    for word in ("http://", "https://", "index-url", "curl", "wget"):
        assert word not in text


def test_help_needs_no_set_up(machine):
    code, output, _ = machine.run("help")
    assert code == 0
    for word in ("demo", "test", "scons", "bench", "run-long"):
        assert word in output
    assert machine.run()[0] == 0
    assert machine.calls() == []
    assert not (machine.root / ".venv").exists()


def test_version_needs_no_set_up(machine):
    header = machine.root / "sdk/include/safe/version.h"
    header.parent.mkdir(parents=True)
    shutil.copy(ROOT / "sdk/include/safe/version.h", header)
    assert machine.run("--version") == (0, f"safe {runtime_version()}\n", "")
    assert machine.calls() == []


@pytest.mark.parametrize("verb", ["nosuch", "../bench", "-x", "BENCH"])
def test_unknown_verb_is_told_before_any_set_up(machine, verb):
    code, _, errors = machine.run(verb)
    assert code == 2
    assert "no such command" in errors
    assert machine.calls() == []


def test_a_near_command_is_named(machine):
    """With the machine's own Python, before anything is installed."""
    (machine.bin / "python3").unlink()
    (machine.bin / "python3").symlink_to(sys.executable)
    (machine.root / "targets").mkdir()
    shutil.copy(ROOT / "targets/suggest.py", machine.root / "targets/suggest.py")
    for wrong, right in (("bnech", "bench"), ("sconz", "scons"), ("run-lon", "run-long")):
        code, _, errors = machine.run(wrong)
        assert code == 2
        assert f"no such command: {wrong}; did you mean {right!r}?" in errors
    assert machine.run("zzzzz")[2].endswith("no such command: zzzzz (./safe help lists them)\n")


def test_help_of_one_verb(machine):
    assert machine.run("help", "bench")[0] == 0
    assert machine.calls()[-1] == "python -m host_tools bench --help"
    assert machine.run("help", "nosuch")[0] == 2
    assert "setup [PROFILE]" in machine.run("help", "setup")[1]


def test_first_run_prepares_and_forwards_second_only_forwards(machine):
    code, _, errors = machine.run("bench", "--port", "a b")
    assert code == 0, errors
    assert "creating the virtual environment" in errors
    assert "installing locked Python packages" in errors
    assert machine.calls("pip install")
    assert machine.calls()[-1] == "python -m host_tools bench --port a b"
    machine.log.unlink()
    code, _, errors = machine.run("bench")
    assert (code, errors) == (0, "")
    assert machine.calls() == ["python -m host_tools bench"]


@pytest.mark.parametrize(
    ("arguments", "layers"),
    [
        (("bench",), "run"),
        (("setup", "train"), "run train"),
        (("train", "--csv", "x.csv"), "run train"),
        (("convert", "--from", "m.keras"), "run train"),
        (("convert", "--from", "m.onnx"), "run train onnx"),
        (("train", "--csv", "x.csv", "--network", "none"), "run"),
        (("test", "-k", "x"), "run train onnx monitor ibex update docs test"),
        (("bench", "--target", "ibex"), "run ibex"),
        (("scons", "target=ibex"), "run ibex"),
        (("update", "key"), "run update"),
        (("scons", "target=stm32f4", "update=site.pub"), "run update"),
        (("monitor", "--port", "x"), "run monitor"),
        (("monitor", "--port", "x", "--headless"), "run"),
        (("monitor", "--headless", "--mqtt", "mqtt://h"), "run monitor"),
        (("docs",), "run docs"),
        (("release", "--check"), "run train onnx monitor ibex update docs test"),
        (("lock",), "run lock"),
    ],
)
def test_layers_are_those_that_the_verb_needs(machine, arguments, layers):
    """Each by its hashes, without looking for further packages; the project itself comes last."""
    machine.run(*arguments)
    first, *others = layers.split()
    files = [[first], others] if others else [[first]]
    for call, names in zip(machine.calls("-m pip"), files, strict=False):
        assert "--no-deps --no-build-isolation --require-hashes" in call
        paths = [f"-r {machine.root}/requirements/{name}.txt" for name in names]
        assert call.endswith(" ".join(paths))
    assert machine.calls("-m pip")[len(files)].endswith(f"-e {machine.root}")
    assert len(machine.calls("-m pip")) == len(files) + 1


def test_a_package_that_is_not_the_locked_one_is_told(machine):
    pip = PYTHON.replace(
        '"-m pip") ', '"-m pip") echo "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES"; '
    )
    machine.stub("python3", pip)
    code, _, errors = machine.run("setup", STUB_PIP_CODE="1")
    assert code == 70
    assert "not the one that was locked" in errors


def test_a_renewed_lock_is_installed(machine):
    machine.run("setup")
    count = len(machine.calls("pip"))
    with (machine.root / "requirements/run.txt").open("a") as file:
        file.write("# another\n")
    machine.run("setup")
    assert len(machine.calls("pip")) > count
    machine.run("lock", "--upgrade")
    assert machine.calls()[-1].endswith("requirements/lock.py --upgrade")


def test_a_larger_profile_serves_a_smaller_one(machine):
    assert machine.run("setup", "test")[0] == 0
    count = len(machine.calls("pip"))
    assert machine.run("bench")[0] == 0
    assert len(machine.calls("pip")) == count
    assert machine.run("setup", "nosuch")[0] == 2


def test_changed_pins_are_installed_and_changed_linter_settings_are_not(machine):
    machine.run("setup")
    count = len(machine.calls("pip"))
    project = machine.root / "pyproject.toml"
    project.write_text(project.read_text() + "# a linter's setting\n")
    machine.run("setup")
    assert len(machine.calls("pip")) == count
    project.write_text("# another pin\n" + project.read_text())
    machine.run("setup")
    assert len(machine.calls("pip")) > count


def test_interrupted_set_up_starts_anew(machine):
    machine.run("setup")
    left = machine.root / ".venv" / "left-over"
    left.touch()
    (machine.root / ".venv/.incomplete").touch()
    code, _, errors = machine.run("setup")
    assert code == 0
    assert "interrupted" in errors
    assert not left.exists()
    assert not (machine.root / ".venv/.incomplete").exists()


def test_killed_in_the_middle_recovers(machine):
    process = machine.start("setup", STUB_PIP_SECONDS="30")
    deadline = time.monotonic() + 20
    while not machine.calls("pip") and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    code, _, errors = machine.run("setup")
    assert code == 0, errors
    assert "interrupted" in errors


def test_no_network_is_told_and_leaves_nothing_half_done(machine):
    code, _, errors = machine.run("bench", STUB_PIP_CODE="1")
    assert code == 70
    assert "no network" in errors
    assert not (machine.root / ".venv").exists()
    assert machine.run("bench")[0] == 0


def test_no_network_later_keeps_what_was_there(machine):
    machine.run("setup")
    code, _, _ = machine.run("setup", "train", STUB_PIP_CODE="1")
    assert code == 70
    assert machine.run("bench", STUB_PIP_CODE="1")[0] == 0


def test_too_old_python(machine):
    code, _, errors = machine.run("bench", STUB_TOO_OLD="1")
    assert code == 70
    assert "Python 3.11 or newer" in errors


def test_missing_package_without_root_and_sudo(machine):
    (machine.bin / "qemu-system-arm").unlink()
    machine.stub("apt-get", "#!/usr/bin/env bash\nexit 1\n")
    code, _, errors = machine.run("bench", STUB_UID="1000")
    assert code == 70
    assert "neither root nor sudo" in errors
    assert "qemu-system-arm" in errors
    assert machine.calls() == []


def test_missing_package_is_installed_as_root(machine):
    (machine.bin / "qemu-system-arm").unlink()
    machine.stub(
        "apt-get",
        f'#!/usr/bin/env bash\necho "apt-get $*" >>"$STUB_LOG"\n'
        f'[ "$3" = update ] || cp {machine.bin}/gcc {machine.bin}/qemu-system-arm\n',
    )
    assert machine.run("bench")[0] == 0
    assert machine.calls("apt-get") == [
        "apt-get -o DPkg::Lock::Timeout=1 update",
        "apt-get -o DPkg::Lock::Timeout=1 install -y --no-install-recommends qemu-system-arm",
    ]


HELD = """#!/usr/bin/env bash
echo "apt-get $*" >>"$STUB_LOG"
if ! flock -n "$STUB_LOCK" true; then
    echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt-get)" >&2
    exit 100
fi
[ "$3" = update ] || cp "$STUB_BIN/gcc" "$STUB_BIN/qemu-system-arm"
"""


def test_a_held_apt_lock_is_waited_for(machine):
    (machine.bin / "qemu-system-arm").unlink()
    (machine.bin / "true").symlink_to(shutil.which("true"))
    machine.stub("apt-get", HELD)
    path = machine.root / "apt.lock"
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = machine.start("bench", STUB_LOCK=str(path), STUB_BIN=str(machine.bin))
        deadline = time.monotonic() + 20
        while len(machine.calls("update")) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert process.poll() is None
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert errors.count("another program is installing packages") == 1
    assert len(machine.calls("update")) > 1
    assert len(machine.calls("apt-get")) == len(machine.calls("update")) + 1


def test_a_lock_that_is_held_for_ever_is_told(machine):
    (machine.bin / "qemu-system-arm").unlink()
    machine.stub("apt-get", HELD.replace('flock -n "$STUB_LOCK" true', "false"))
    (machine.bin / "false").symlink_to(shutil.which("false"))
    code, _, errors = machine.run("bench", SAFE_APT_WAIT_SECONDS="1", STUB_LOCK="", STUB_BIN="")
    assert code == 70
    assert "another program has held apt's lock for 1 s: giving up" in errors
    assert "Could not get lock" in errors


def test_a_machine_without_python_gets_it_with_the_rest(machine):
    (machine.bin / "python3").rename(machine.root.parent / "python3")
    machine.stub(
        "apt-get",
        f'#!/usr/bin/env bash\necho "apt-get $*" >>"$STUB_LOG"\n'
        f'[ "$3" = update ] || cp {machine.root.parent}/python3 {machine.bin}/python3\n',
    )
    code, _, errors = machine.run("bench")
    assert code == 0, errors
    assert any("python3 python3-venv" in line for line in machine.calls(" install -y"))
    assert machine.calls()[-1] == "python -m host_tools bench"


def test_failing_apt_is_told(machine):
    (machine.bin / "cppcheck").unlink()
    machine.stub("apt-get", "#!/usr/bin/env bash\necho E: no route\nexit 100\n")
    code, _, errors = machine.run("test")
    assert code == 70
    assert "no route" in errors
    assert machine.run("bench")[0] == 0, "a test tool is not needed for a bench"


def test_two_at_once_set_up_once(machine):
    processes = [machine.start("setup", STUB_PIP_SECONDS="0.5") for _ in range(3)]
    codes = [(process.communicate(timeout=60), process.returncode) for process in processes]
    assert [code for _, code in codes] == [0, 0, 0]
    assert len(machine.calls("-m venv")) == 1
    assert any("waiting for it" in errors for (_, errors), _ in codes)


def test_moved_folder_is_prepared_again(machine):
    machine.run("setup")
    moved = machine.root.with_name("elsewhere")
    machine.root.rename(moved)
    machine.root = moved
    machine.stub("arm-none-eabi-gcc", f"#!/usr/bin/env bash\necho {moved}/pyproject.toml\n")
    code, _, errors = machine.run("setup")
    assert code == 0
    assert "moved" in errors
