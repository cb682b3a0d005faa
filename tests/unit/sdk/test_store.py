"""The store of one record in two flash slots: every cut of the power, at every flash operation."""

import ctypes
import random
import subprocess

import pytest

from tests.unit.sdk.flash import TEARS, Flash
from tests.unit.sdk.tiny import ROOT, WARNINGS

OK, ARGUMENT, CORRUPT, EMPTY, STORAGE = 0, 1, 15, 18, 19
OVERHEAD = 32


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "store.so"
    sources = [str(ROOT / "sdk" / "src" / f"{name}.c") for name in ("store", "crc32")]
    command = ["gcc", "-std=c99", "-O1", "-shared", "-fPIC", *WARNINGS, "-o", str(path)]
    subprocess.run([*command, f"-I{ROOT / 'sdk' / 'include'}", *sources], check=True)
    return ctypes.CDLL(str(path))


def save(store, flash, content):
    data = (ctypes.c_uint8 * max(1, len(content)))(*content)
    size = ctypes.c_size_t(len(content))
    status = store.safe_store_save(ctypes.byref(flash.interface), data, size)
    assert flash.misuse == []
    return status


def load(store, flash, capacity=4096):
    out, length = (ctypes.c_uint8 * capacity)(), ctypes.c_size_t()
    status = store.safe_store_load(
        ctypes.byref(flash.interface), out, ctypes.c_size_t(capacity), ctypes.byref(length)
    )
    assert flash.misuse == []
    return status, bytes(out[: length.value]) if status == OK else b""


def record(number, length=52):
    return bytes(random.Random(number).randrange(256) for _ in range(length))


def test_empty_then_newest(store):
    flash = Flash(512)
    assert load(store, flash) == (EMPTY, b"")
    for number in range(40):
        assert save(store, flash, record(number)) == OK
        assert load(store, flash) == (OK, record(number))
    # 96 bytes a record, five a slot: an erase for every five saves after the first ten.
    assert flash.erases == 6


@pytest.mark.parametrize("length", [1, 15, 16, 17, 479, 480])
def test_lengths(store, length):
    flash = Flash(512)
    for number in range(3):
        assert save(store, flash, record(number, length)) == OK
        assert load(store, flash) == (OK, record(number, length))


def test_arguments(store):
    flash = Flash(512)
    assert save(store, flash, b"") == ARGUMENT
    assert save(store, flash, bytes(481)) == ARGUMENT
    assert flash.operations == 0
    assert save(store, flash, bytes(52)) == OK
    assert load(store, flash, capacity=51) == (ARGUMENT, b"")
    assert load(store, flash, capacity=52) == (OK, bytes(52))


@pytest.mark.parametrize("ecc", [False, True], ids=["plain", "ecc"])
@pytest.mark.parametrize("tear", TEARS)
def test_a_cut_loses_at_most_the_newest(store, tear, ecc):
    """After a cut at any operation: the record before, or the one being saved; then all goes on."""
    slot_bytes, saves = 256, 9
    whole = Flash(slot_bytes, ecc)
    assert all(save(store, whole, record(number)) == OK for number in range(saves))
    assert whole.erases >= 2
    for cut in range(whole.operations):
        flash = Flash(slot_bytes, ecc, cut, tear, seed=cut)
        number = next(n for n in range(saves) if save(store, flash, record(n)) != OK)
        flash.reboot()
        status, content = load(store, flash)
        before = (OK, record(number - 1)) if number else (EMPTY, b"")
        assert (status, content) in (before, (OK, record(number))), cut
        if tear == "before":
            assert (status, content) == before
        for later in range(100, 106):
            assert save(store, flash, record(later)) == OK, cut
            assert load(store, flash) == (OK, record(later)), cut


def test_two_cuts_in_a_row(store):
    """A cut while the store recovers from a cut."""
    for first in range(0, 60, 3):
        for second in range(12):
            flash = Flash(256, ecc=True, cut_at=first, tear="noise", seed=first)
            number = next((n for n in range(9) if save(store, flash, record(n)) != OK), None)
            if number is None:
                continue
            flash.reboot()
            kept = load(store, flash)
            flash.cut_at = flash.operations + second
            late = next((n for n in range(50, 56) if save(store, flash, record(n)) != OK), 56)
            flash.reboot()
            newest = kept if late == 50 else (OK, record(late - 1))
            assert load(store, flash) in (newest, (OK, record(late)))


def test_a_refused_unit_goes_to_the_other_slot(store):
    for refused in range(1, 24):
        flash = Flash(256, refuse={refused})
        for number in range(6):
            status = save(store, flash, record(number))
            assert status in (OK, STORAGE)
            kept = load(store, flash)
            assert kept == (OK, record(number)) or status == STORAGE
            assert status == OK or number == 0 or kept == (OK, record(number - 1))


def test_no_flipped_bit_is_accepted(store):
    flash = Flash(128)
    assert save(store, flash, record(1)) == OK
    stored = bytes(flash.slots[0])
    for bit in range(8 * 96):
        # The last 12 bytes of the payload's last unit are filling: no part of the record.
        if 8 * 68 <= bit < 8 * 80:
            continue
        flash.slots[0][:] = stored
        flash.slots[0][bit // 8] ^= 1 << bit % 8
        assert load(store, flash) == (EMPTY, b""), bit


def test_a_longer_record_after_an_update(store):
    """Records of another length, as after an update of the firmware, lie in the same log."""
    flash = Flash(512)
    for number, length in enumerate((52, 52, 100, 100, 20, 300, 52)):
        assert save(store, flash, record(number, length)) == OK
        assert load(store, flash) == (OK, record(number, length))
