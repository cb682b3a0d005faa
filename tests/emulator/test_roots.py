"""The core's square root has the bits of the integers that stand for it elsewhere."""

import pytest

from targets import build
from targets.emulate import bare
from targets.load import load
from targets.stack import listing
from tests.emulator import tiles

pytestmark = pytest.mark.emulator

SOURCES = [tiles.IMAGES / "roots.c", build.ROOT / "sdk/src/root.c"]


@pytest.mark.parametrize("name", ["mps2-an386", "mps2-an505", "mps3-an547"])
def test_no_root_differs(name, tmp_path):
    """Raises for a call that counts a difference."""
    target = load(name)
    linked = tiles.link(target, SOURCES, tmp_path)
    assert "vsqrt.f32" in listing.disassemble(build.tool(target, "objdump"), linked)
    assert len(bare.run(target, linked)) == 12
