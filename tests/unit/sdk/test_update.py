"""Updates on simulated flash: what is tried, kept and rejected, and what is refused."""

import ctypes

import pytest

from tests.unit.sdk.flash import UNIT
from tests.unit.sdk.update_device import (
    ABI_NUMBER,
    BUILT_IN,
    OK,
    RAM,
    SLOT_BYTES,
    STACK,
    Config,
    Device,
    Update,
    compiled,
)

ARGUMENT, TOO_SMALL, ABI, NOT_READY = 1, 2, 3, 5
CHUNK_ORDER, UNSUPPORTED, CORRUPT, STORAGE, SIGNATURE = 11, 14, 15, 19, 22
EMPTY, NEW, TRIED, CONFIRMED, REJECTED = range(5)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("update"))


def test_an_image_is_tried_and_confirmed(library):
    device = Device(library)
    assert device.update.running == BUILT_IN
    assert device.call("confirm") == NOT_READY
    assert device.install(7) == OK
    assert device.state(0) == NEW
    assert device.start() == 0
    assert device.update.is_trial
    before = device.flash.operations
    assert device.install(9) == NOT_READY
    assert device.take(0, bytes(16)) == device.call("end") == NOT_READY
    assert device.flash.operations == before
    assert device.call("confirm") == OK
    assert device.start() == 0
    assert not device.update.is_trial
    assert device.state(0) == CONFIRMED
    assert device.install(8) == OK
    assert (device.start(), device.state(0), device.state(1)) == (1, CONFIRMED, TRIED)
    assert device.call("confirm") == OK
    assert device.install(9) == OK
    assert (device.start(), device.running_number()) == (0, 9)
    assert ctypes.c_uint.in_dll(library, "fed").value > 0


def test_what_nobody_confirms_is_rejected(library):
    device = Device(library)
    assert device.install(7) == OK
    assert device.start() == 0
    assert device.start() == BUILT_IN
    assert device.update.was_rejected
    assert device.state(0) == REJECTED
    assert device.start() == BUILT_IN
    assert not device.update.was_rejected
    assert device.install(8) == OK
    assert device.start() == 0
    assert device.call("confirm") == OK
    assert device.install(9) == OK
    assert (device.start(), device.start()) == (1, 0)
    assert device.running_number() == 8


def test_two_updates_without_a_restart_between(library):
    device = Device(library)
    assert device.install(7) == OK
    assert device.install(8) == OK
    assert (device.start(), device.running_number()) == (0, 8)
    assert device.call("confirm") == OK
    # The version is told, not compared: SECURITY.md says what a product adds.
    assert device.install(9) == OK
    assert device.install(5) == OK
    assert (device.start(), device.running_number()) == (1, 5)
    assert (device.start(), device.running_number()) == (0, 8)


def test_an_image_that_was_cut_short_is_none(library):
    device = Device(library)
    header, payload = device.header(7)
    assert device.begin(header) == OK
    assert device.take(0, payload[:64]) == OK
    assert device.call("end") == NOT_READY
    assert device.start() == BUILT_IN
    assert device.state(0) == EMPTY
    assert device.call("end") == device.take(64, payload[64:]) == NOT_READY


def test_marks_that_the_flash_refuses(library):
    device = Device(library)
    assert device.install(7) == OK
    assert device.start() == 0
    assert device.call("confirm") == OK
    assert device.install(8) == OK
    device.flash.refuse = {device.flash.operations}
    assert (device.start(), device.update.is_trial, device.state(1)) == (0, False, NEW)
    assert (device.start(), device.update.is_trial) == (1, True)
    device.flash.refuse = {device.flash.operations}
    assert (device.start(), device.state(1)) == (0, TRIED)
    assert (device.start(), device.state(1)) == (0, REJECTED)
    assert device.install(9) == OK
    assert device.start() == 1
    device.flash.refuse = {device.flash.operations}
    assert device.call("confirm") == STORAGE
    assert device.update.is_trial
    assert device.call("confirm") == OK


REFUSED = [
    ({"abi": ABI_NUMBER + 1}, ABI),
    ({"slot": 1}, ARGUMENT),
    ({"address": 16}, ARGUMENT),
    ({"payload": bytes(SLOT_BYTES - 256 - 64 + UNIT)}, ARGUMENT),
    ({"payload": bytes(161)}, ARGUMENT),
    ({"payload": bytes(16)}, ARGUMENT),
    ({"ram_bytes": RAM + 1}, TOO_SMALL),
    ({"stack_bytes": STACK + 1}, TOO_SMALL),
]


@pytest.mark.parametrize(("changes", "status"), REFUSED)
def test_what_cannot_run_is_refused_before_an_erase(library, changes, status):
    device = Device(library)
    header, _ = device.header(7, **changes)
    assert device.begin(header) == status
    assert device.flash.operations == 0


def test_the_longest_image_fits(library):
    device = Device(library)
    header, _ = device.header(7, payload=bytes(SLOT_BYTES - 256 - 64))
    assert device.begin(header) == OK


def test_one_bit_of_the_header_or_signature_is_refused(library):
    device = Device(library)
    header, _ = device.header(7)
    for bit in range(0, 8 * len(header), 7):
        changed = bytearray(header)
        changed[bit // 8] ^= 1 << bit % 8
        assert device.begin(bytes(changed)) in (ABI, ARGUMENT, TOO_SMALL, SIGNATURE), bit
    assert device.flash.operations == 0


def test_an_image_goes_on_where_it_was(library):
    device = Device(library)
    header, payload = device.header(7)
    assert device.take(0, payload[:16]) == NOT_READY
    assert device.call("end") == NOT_READY
    assert device.begin(header) == OK
    assert device.take(16, payload[:16]) == CHUNK_ORDER
    assert device.take(0, payload[:15]) == ARGUMENT
    assert device.take(0, b"") == ARGUMENT
    assert device.take(0, payload[:32]) == OK
    assert device.begin(header) == OK
    assert device.update.received == 32
    assert device.take(32, payload[32:] + bytes(16)) == CHUNK_ORDER
    assert device.call("end") == NOT_READY
    assert device.take(32, payload[32:]) == OK
    assert device.call("end") == OK
    assert device.call("end") == NOT_READY


def test_bytes_that_were_not_signed_never_run(library):
    device = Device(library)
    header, payload = device.header(7)
    assert device.begin(header) == OK
    assert device.take(0, payload[:-1] + b"\0") == OK
    assert device.call("end") == CORRUPT
    assert device.start() == BUILT_IN
    assert device.state(0) == EMPTY


def test_without_slots(library):
    update, config = Update(), Config()
    library.safe_update_start(ctypes.byref(update), ctypes.byref(config), None)
    assert update.running == BUILT_IN
    assert library.safe_update_begin(ctypes.byref(update), bytes(256)) == UNSUPPORTED


@pytest.mark.parametrize("number", range(2))
def test_a_flash_that_refuses(library, number):
    device = Device(library, refuse={number})
    assert device.install(7) == STORAGE
    assert device.start() == BUILT_IN
    assert device.install(8) == OK
