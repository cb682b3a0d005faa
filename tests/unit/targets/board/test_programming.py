"""Flash of the store: what a file keeps of it, and a power cut in a chosen byte."""

import pytest

pytest.importorskip("unicorn")
from targets.emulate.board.peripheral.programming import PowerCut, StoreMemory

ORIGIN = 0x1000


def memory(**more):
    return StoreMemory(ORIGIN, bytearray(b"\xff" * 64), **more)


def test_a_file_keeps_contents_and_what_is_torn(tmp_path):
    before = memory(cut_at=1)
    before.program(ORIGIN, bytes(range(16)), tears=True)
    with pytest.raises(PowerCut):
        before.program(ORIGIN + 16, bytes(16), tears=True)
    before.keep(tmp_path / "store")
    after = memory()
    after.load(tmp_path / "store")
    assert (after.contents, after.torn) == (before.contents, set(range(16, 32)))
    fresh = memory()
    fresh.load(tmp_path / "none")
    assert fresh.contents == memory().contents


@pytest.mark.parametrize(("cut_after", "whole"), [(0, 0), (4, 0), (5, 1), (8, 1), (9, 2), (12, 2)])
def test_the_power_goes_in_a_byte(cut_after, whole):
    """An erasure counts as a byte, then two words of four."""
    store = memory(cut_after=cut_after)
    operations = [
        lambda: store.erase(ORIGIN, 64),
        lambda: store.program(ORIGIN, b"\x11" * 4, tears=False),
        lambda: store.program(ORIGIN + 4, b"\x22" * 4, tears=False),
        lambda: store.program(ORIGIN + 8, b"\x33" * 4, tears=False),
    ]

    def run():
        for operation in operations:
            operation()

    with pytest.raises(PowerCut):
        run()
    assert store.operations == (1 if cut_after == 0 else whole + 2)
