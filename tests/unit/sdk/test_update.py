"""Updates on simulated flash: what runs after every cut of the power, and what is refused."""

import ctypes
import struct
import subprocess
import zlib
from dataclasses import replace

import pytest

from host_tools.formats.update_image import Image
from tests.unit.sdk.flash import TEARS, UNIT, Flash, Interface
from tests.unit.sdk.tiny import ROOT, WARNINGS

OK, ARGUMENT, TOO_SMALL, ABI, NOT_READY = 0, 1, 2, 3, 5
CHUNK_ORDER, UNSUPPORTED, CORRUPT, STORAGE, SIGNATURE = 11, 14, 15, 19, 22
EMPTY, NEW, TRIED, CONFIRMED, REJECTED = range(5)
BUILT_IN = 0xFFFFFFFF
SLOT_BYTES, ABI_NUMBER, RAM, STACK, KEY = 1024, 0x1234, 5000, 700, 0xA5


class Config(ctypes.Structure):
    """`safe_update_config_t`."""

    _fields_ = (
        ("abi", ctypes.c_uint32),
        ("origin", ctypes.c_size_t),
        ("ram", ctypes.c_void_p),
        ("ram_bytes", ctypes.c_uint32),
        ("stack_bytes", ctypes.c_uint32),
        ("public_key", ctypes.c_uint8 * 32),
    )


class Update(ctypes.Structure):
    """`safe_update_t`."""

    _fields_ = (
        ("config", ctypes.POINTER(Config)),
        ("flash", ctypes.POINTER(Interface)),
        ("running", ctypes.c_uint32),
        ("is_trial", ctypes.c_bool),
        ("was_rejected", ctypes.c_bool),
        ("is_loading", ctypes.c_bool),
        ("length", ctypes.c_uint32),
        ("received", ctypes.c_uint32),
        ("header", ctypes.c_uint8 * 256),
    )


class Slot(ctypes.Structure):
    """`safe_update_slot_t`."""

    _fields_ = (
        ("state", ctypes.c_int),
        ("sequence", ctypes.c_uint32),
        ("version", ctypes.c_uint32),
        ("model_sha256", ctypes.c_uint8 * 32),
    )


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("update") / "update.so"
    sdk = ROOT / "sdk" / "src"
    sources = [sdk / "update" / f"{name}.c" for name in ("slots", "receive")]
    sources += [sdk / "crc32.c", ROOT / "tests/unit/sdk/update_hooks.c"]
    command = ["gcc", "-std=c99", "-O1", "-shared", "-fPIC", "-DSAFE_APP_UPDATES", *WARNINGS]
    command += ["-fsanitize=undefined", "-fno-sanitize-recover", "-o", str(path)]
    subprocess.run([*command, f"-I{ROOT / 'sdk/include'}", *map(str, sources)], check=True)
    found = ctypes.CDLL(str(path))
    found.safe_update_look.restype = Slot
    found.safe_update_target.restype = ctypes.c_uint32
    return found


def digest(data):
    return struct.pack("<I", zlib.crc32(data, 0x5AFE)) * 16


class Device:
    """A device between two losses of power; its flash outlives it."""

    def __init__(self, library, **flash):
        self.library = library
        self.memory = ctypes.create_string_buffer(2 * SLOT_BYTES)
        self.flash = Flash(SLOT_BYTES, **flash)
        whole = memoryview(self.memory).cast("B")
        whole[:] = b"\xff" * len(whole)
        self.flash.slots = [whole[:SLOT_BYTES], whole[SLOT_BYTES:]]
        self.config = Config(ABI_NUMBER, ctypes.addressof(self.memory), None, RAM, STACK)
        self.config.public_key[0] = KEY
        self.update = Update()
        self.start()

    def start(self):
        """Switch on; return the slot that runs."""
        config, interface = ctypes.byref(self.config), ctypes.byref(self.flash.interface)
        self.library.safe_update_start(ctypes.byref(self.update), config, interface)
        assert self.flash.misuse == []
        return self.update.running

    def call(self, name, *arguments):
        status = getattr(self.library, f"safe_update_{name}")(ctypes.byref(self.update), *arguments)
        assert self.flash.misuse == []
        return status

    def state(self, slot):
        return self.call("look", ctypes.c_uint32(slot)).state

    @property
    def target(self):
        return self.call("target")

    def header(self, number, **changes):
        """Return header and payload of an image for the slot that takes one."""
        payload = bytes(number + i & 0xFF for i in range(160))
        address = self.config.origin + self.target * SLOT_BYTES + 256
        plain = Image(
            ABI_NUMBER, self.target, address & 0xFFFFFFFF, RAM, STACK, number,
            f"{number:02x}" * 32, "tiny", "host", bytes(8), payload,
        )  # fmt: skip
        image = replace(plain, **changes)
        signed = image.signed[:128] + digest(payload)
        signature = bytearray(digest(signed))
        signature[0] ^= KEY
        return signed + bytes(signature), payload

    def begin(self, header):
        return self.call("begin", header)

    def take(self, start, data):
        return self.call("take", ctypes.c_uint32(start), data, ctypes.c_size_t(len(data)))

    def install(self, number):
        """Send a whole image; return the first status that is not OK."""
        header, payload = self.header(number)
        status = self.begin(header)
        for at in range(0, len(payload), 64):
            status = status or self.take(at, payload[at : at + 64])
        return status or self.call("end")

    def running_number(self):
        """Return the number of the model that runs; 0: the application's own."""
        if self.update.running == BUILT_IN:
            return 0
        slot = self.flash.slots[self.update.running]
        assert bytes(slot[256 : 256 + 160]) == bytes(slot[256] + i & 0xFF for i in range(160))
        return slot[256]


def test_an_image_is_tried_and_confirmed(library):
    device = Device(library)
    assert device.update.running == BUILT_IN
    assert device.call("confirm") == NOT_READY
    assert device.install(7) == OK
    assert device.state(0) == NEW
    assert device.start() == 0
    assert device.update.is_trial
    assert device.install(9) == NOT_READY
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


def life(device):
    """Two updates that are confirmed, a third one that fails its trial: the numbers of the model
    that may run before each, and of the one that comes."""
    confirmed = 0
    for number, good in ((7, True), (8, True), (9, False)):
        yield confirmed, number
        if device.install(number) != OK:
            return
        device.start()
        if device.flash.dead or (good and device.call("confirm") != OK):
            return
        confirmed = number if good else confirmed
    device.start()


@pytest.mark.parametrize("ecc", [False, True])
@pytest.mark.parametrize("tear", TEARS)
def test_power_cut_at_every_operation(library, tear, ecc):
    whole = Device(library, ecc=ecc)
    for _ in life(whole):
        pass
    assert whole.running_number() == 8
    total = whole.flash.operations
    assert total == 3 * (1 + 10 + 16 + 1) + 3 + 2 + 1
    for at in range(total):
        device = Device(library, ecc=ecc, cut_at=at, tear=tear, seed=at)
        for pair in life(device):
            allowed = pair
        assert device.flash.dead
        device.flash.reboot()
        device.start()
        # The model of before, or the one that came: never none, never a mixture.
        assert device.running_number() in allowed, at
        if device.update.is_trial:
            assert device.call("confirm") == OK
        before = device.running_number()
        assert device.start() == device.update.running
        assert device.running_number() == before, at
        assert device.install(11) == OK, at
        device.start()
        assert device.running_number() == 11, at
        device.start()
        assert device.running_number() == before, at
