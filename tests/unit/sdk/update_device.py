"""A device with two slots in this process: the C of the updates on simulated flash."""

import ctypes
import struct
import subprocess
import zlib
from dataclasses import replace

from host_tools.formats.update_image import Image
from tests.unit.sdk.flash import Flash, Interface
from tests.unit.sdk.tiny import ROOT, WARNINGS

OK = 0
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


def compiled(folder):
    """Return the updates as C of this machine."""
    path = folder / "update.so"
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
