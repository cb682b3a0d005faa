"""Every shell block of the documentation, run as it stands there.

Each runs in a copy of the tree of its own, where `./safe` is the environment of the tests: the
launcher prepares a machine, which is done. What cannot run here is in one table.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture import tree
from tests.unit.docs import commands

SECONDS = 1800
LEFT_OUT = {
    "README.md: ./safe flash": "needs a board and its vendor's pack",
    "README.md: ./safe bench --port": "needs a board",
    "README.md: ./safe record --port": "needs a board",
    "README.md: ./safe monitor --port": "needs a board",
    "README.md: ./safe update send": "needs a board",
    "README.md: pipx": "asks the network; tests/package installs the wheel",
    "README.md: cc -std=c99 -I gen main.c": "tests/unit/test_readme.py compiles and runs it",
    "README.md: ./safe targets new": "needs a vendor's pack; tests/unit/targets/test_pack.py",
    "README.md: ./safe scons target=boards/": "needs the target that a vendor's pack makes",
    "README.md: ./safe evaluate": "wants many labelled runs; "
    "tests/unit/host_tools/evaluation/test_detection_study.py makes some",
    "README.md: ./safe test": "is what runs this",
    "CONTRIBUTING.md: ": "tests/unit/test_contributing.py follows the recipes",
    "docs/install.md: pip": "asks the network; tests/package builds and installs the wheel",
    "docs/install.md: apt-get": "changes the machine",
    "docs/install.md: brew": "is for macOS",
    "docs/install.md: xcode-select": "is for macOS",
    "docs/install.md: pacman": "is for Windows",
    "docs/install.md: winget": "is for Windows",
    "docs/install.md: usbipd": "is for Windows, and needs a board",
    "docs/live.md: ./safe record": "needs a board; tests/unit/host_tools/recording has sockets",
    "docs/live.md: ./safe monitor --port": "needs a board; tests/unit/host_tools/monitor",
    "docs/live.md: ./safe evaluate": "needs what a board said",
    "docs/live.md: ./safe read": "needs what a board said",
    "docs/pipeline.md: host_tools convert --from model.onnx": "needs a network of another tool; "
    "tests/unit/host_tools/conversion/test_onnx.py makes some",
    "docs/update.md: ./safe flash": "needs a board",
    "docs/update.md: ./safe update send": "needs a board; tests/emulator/test_update.py has one",
    "docs/update.md: ./safe update show": "needs a board; tests/emulator/test_update.py has one",
    "docs/tflm.md: ": "needs a user's build of TensorFlow Lite Micro; tests/emulator/test_tflm.py",
    "docs/x-cube-ai.md: ": "needs ST's tool; tests/emulator/test_xcubeai.py runs a stand-in",
    "examples/gateway/README.md: ./gateway": "serves until it ends; tests/unit/examples runs it",
    "examples/zephyr/README.md: west": "needs Zephyr; tests/unit/examples has a stand-in",
}
"""Page and beginning of a command → why it is not run here."""
SHORTER = {
    "demo --csv measurements.csv": " --epochs 2",
    "train --csv measurements.csv --out mymodel": " --epochs 2",
    "soak --target stm32f4 --hours 24": " --hours 1",
    "emulate --target stm32f4": " --seconds 2",
    "--app logger --sensor mysensors": " --seconds 2",
    "--emulate --csv log.csv --speed 60": " --duration 5s",
}
"""End of a command → what is added to it, because it would take long, or for ever."""
PLANT = "host_tools plant --rows 3000 --out"
SENSOR = r"""mkdir mysensors && cat >mysensors/sensor.c <<'END'
#include "safe/sensor.h"

safe_status_t safe_sensor_start(void)
{
    return SAFE_STATUS_OK;
}

safe_status_t safe_sensor_read(float *sample)
{
    sample[0] = 20.0f;
    return SAFE_STATUS_OK;
}
END"""
LOG = """cat >>mysensors/sensor.c <<'END'
static const char *const names[] = {"level"};
const safe_sensor_log_t safe_sensor_log = {.names = names, .period_us = 10000, .channels = 1};
END"""
WITHOUT_NETWORK = "host_tools train --network none --csv"
BEFORE = {
    "README.md": f"{PLANT} measurements.csv\n"
    "cp models/forecaster/model_int8.tflite MODEL.tflite\n"
    "host_tools new mine && cp -r mine/firmware firmware",
    "docs/data.md": f"{PLANT} pump.csv",
    "docs/detection.md": f"{PLANT} quiet.csv",
    "docs/install.md": f"{PLANT} measurements.csv",
    "docs/live.md": f"{PLANT} quiet.csv\ncp -r models/forecaster mymodel\n{SENSOR}\n{LOG}",
    "docs/integration.md": f"cp -r models/forecaster mymodel\n{SENSOR}",
    "docs/update.md": "cp -r models/forecaster mymodel",
    "examples/i2c/README.md": f"{PLANT} whole.csv\ncut -d, -f1,5,6 whole.csv >measurements.csv",
    "examples/two_models/README.md": f"{PLANT} log.csv\n"
    + "\n".join(
        f"{WITHOUT_NETWORK} log.csv --name {name} --out {name}" for name in ("pump", "fan")
    ),
}
"""What a page's reader has already: a log, a model, sensors."""
LAUNCHER = """#!/bin/sh
case "$1" in
scons) shift; exec scons "$@" ;;
help) exec {root}/safe "$@" ;;
docs) shift; exec python {root}/docs/site/build.py "$@" ;;
esac
exec host_tools "$@"
"""


def reason(command):
    """Return why a command is not run, or nothing."""
    told = f"{command.page}: {command.text}"
    return next((why for begin, why in LEFT_OUT.items() if told.startswith(begin)), "")


def script(block):
    """Return what is run of a block."""
    lines = {}
    for command in block.commands:
        lines.setdefault((command.line, command.typed), []).append(reason(command))
    kept = [typed for (_, typed), why in lines.items() if not any(why)]
    return "\n".join(_shorter(line.partition("  #")[0].rstrip()) for line in kept)


def _shorter(line):
    return line + "".join(more for end, more in SHORTER.items() if line.endswith(end))


def cases():
    """Return the blocks of which something is run."""
    return [block for block in commands.blocks() if script(block)]


def test_the_table_of_what_is_left_out_is_not_stale():
    told = [f"{command.page}: {command.text}" for command in commands.told()]
    for begin, why in LEFT_OUT.items():
        assert any(text.startswith(begin) for text in told), f"{begin!r} is on no page any more"
        for word in why.replace(";", " ").split():
            if word.startswith("tests/"):
                assert (tree.ROOT / word).exists(), f"{begin!r}: no {word}"
    lines = [command.typed.partition("  #")[0].rstrip() for command in commands.told()]
    for end in SHORTER:
        assert any(line.endswith(end) for line in lines), f"{end!r} is on no page any more"
    assert set(BEFORE) <= {block.page for block in cases()}


@pytest.mark.slow
@pytest.mark.emulator
@pytest.mark.train
@pytest.mark.parametrize("block", cases(), ids=lambda block: f"{block.page}:{block.line}")
def test_a_block_runs(block, tmp_path):
    clone = tmp_path / "safe"
    for path in tree.files():
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(tree.ROOT / path, clone / path)
    (clone / "safe").write_text(LAUNCHER.format(root=tree.ROOT))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(clone), "PYTHONSAFEPATH": "1"}
    for text in (BEFORE.get(block.page, ""), script(block)):
        done = subprocess.run(
            ["bash", "-e", "-x", "-c", text],
            cwd=clone,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
