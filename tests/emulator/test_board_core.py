"""The soft board's core computes what QEMU's computes: every instruction that the kernels use."""

import pytest

from targets import emulate
from targets.load import load
from tests.emulator.conftest import build_probe

pytest.importorskip("unicorn")
pytestmark = pytest.mark.emulator


def results(connect, target, folder, commands):
    """Run the image on the target as described; return the lines of each command."""
    image = build_probe(target, folder, "core.c")
    found = []
    with emulate.start(target, image) as running:
        line = connect(running)
        assert line.line() == "boot=00000000"
        for command in commands:
            line.send(command)
            rows = {}
            while (text := line.line()) != "end=00000000":
                name, value = text.split("=")
                rows[name] = value
            found.append(rows)
    return found


@pytest.mark.parametrize(
    ("board", "reference"), [("stm32u5", "mps2-an505"), ("stm32f446", "mps2-an386")]
)
def test_every_instruction_equals_qemu(connect, tmp_path, board, reference):
    (expected,) = results(connect, load(reference), tmp_path, [b"a"])
    assert len(expected) > 50
    found, changed = results(connect, load(board), tmp_path, [b"a", b"b"])
    assert found == expected
    # One bit of one of 400 operands is seen, wherever that operand has an effect.
    assert sum(changed[name] != value for name, value in found.items()) > 40
