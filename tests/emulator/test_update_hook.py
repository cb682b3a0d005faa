"""A product's own check of signatures in the place of libsodium's, on the soft board."""

import dataclasses
import zlib

import pytest
from elftools.elf.elffile import ELFFile

from host_tools import cli
from host_tools.device.update import State
from host_tools.formats import signing_key, update_image
from host_tools.formats.update_image import HEADER_BYTES, SIGNED_BYTES, Image
from targets.load import load
from targets.make import make
from targets.options import Options
from tests.emulator.update_board import UpdateBoard, product

pytest.importorskip("unicorn")

pytestmark = pytest.mark.emulator
CORRUPT, SIGNATURE = 15, 22
VERSION_AT, DIGEST_AT, LEAST_VERSION = 36, 128, 5
OWN = f"""
#include <string.h>

#include "safe/crc32.h"
#include "safe/sensor.h"
#include "safe/update.h"

safe_status_t safe_sensor_start(void)
{{
    return SAFE_STATUS_OK;
}}

safe_status_t safe_sensor_read(float *sample)
{{
    (void)sample;
    return SAFE_STATUS_NOT_READY;
}}

void safe_port_sha512(const uint8_t *bytes, size_t length, uint8_t digest[SAFE_UPDATE_DIGEST_BYTES])
{{
    uint32_t crc = safe_crc32(0, bytes, length);

    memset(digest, 0, SAFE_UPDATE_DIGEST_BYTES);
    memcpy(digest, &crc, sizeof crc);
}}

/* As a secure element would: its own signature, and no model older than what it has seen. */
bool safe_port_verify_signature(const uint8_t signature[SAFE_UPDATE_SIGNATURE_BYTES],
                                const uint8_t *message, size_t length,
                                const uint8_t public_key[SAFE_UPDATE_KEY_BYTES])
{{
    uint8_t wanted[SAFE_UPDATE_DIGEST_BYTES];

    safe_port_sha512(message, length, wanted);
    wanted[63] = public_key[0];
    return message[{VERSION_AT}] >= {LEAST_VERSION}u &&
           memcmp(signature, wanted, sizeof wanted) == 0;
}}
"""


def digest(content):
    return zlib.crc32(content).to_bytes(4, "little").ljust(64, b"\0")


@dataclasses.dataclass
class Own:
    """An image as the product signs it."""

    header: bytes
    payload: bytes


def own(image, key):
    content = image.signed[:DIGEST_AT] + digest(image.payload)
    signature = bytearray(digest(content))
    signature[63] = key[0]
    return Own(content + bytes(signature), image.payload)


def test_the_products_own_check_decides_and_nothing_of_the_library_is_linked(tmp_path):
    model = product(tmp_path / "pump")
    assert cli.main(["update", "key", str(tmp_path / "site.pem")]) == 0
    seed = signing_key.load(tmp_path / "site.pem")
    key = signing_key.public_of(seed)
    folder = tmp_path / "sensor"
    folder.mkdir()
    (folder / "own.c").write_text(OWN)
    target, options = load("stm32f4"), Options(update=str(tmp_path / "site.pub"))
    built = make(
        "stm32f4", str(model), app="detector", sensor=str(folder), options=options, out=tmp_path
    )
    with built.elf.open("rb") as stream:
        names = {s.name for s in ELFFile(stream).get_section_by_name(".symtab").iter_symbols()}
    assert "safe_port_verify_signature" in names
    assert not {name for name in names if "crypto_" in name or "25519" in name}
    with UpdateBoard(target, built.elf, None) as board:
        assert board.boot() == "pump"
        about = board.info()
        plain = Image(
            about.abi, 0, about.origin + HEADER_BYTES, 16, 16, LEAST_VERSION, "00" * 32, "pump",
            "stm32f4", key[:8], bytes(range(48)),
        )  # fmt: skip
        # What the library would take, an older version, one bit more: refused before an erase.
        assert board.install(update_image.signed(plain, seed)) == SIGNATURE
        older = dataclasses.replace(plain, version=LEAST_VERSION - 1)
        assert board.install(own(older, key)) == SIGNATURE
        good = own(plain, key)
        for at in (SIGNED_BYTES, HEADER_BYTES - 1):
            changed = bytearray(good.header)
            changed[at] ^= 1
            assert board.install(dataclasses.replace(good, header=bytes(changed))) == SIGNATURE
        assert board.machine._slots.operations == 0
        # The product's digest is asked, too: a payload with the right CRC-32 is not enough.
        header = bytearray(good.header)
        header[DIGEST_AT + 4] ^= 1
        signature = bytearray(digest(bytes(header[:SIGNED_BYTES])))
        signature[63] = key[0]
        other = bytes(header[:SIGNED_BYTES]) + bytes(signature)
        assert board.install(dataclasses.replace(good, header=other)) == CORRUPT
        assert board.install(good) == 0
        assert [slot.state for slot in board.info().slots] == [State.NEW, State.EMPTY]
        assert board.said == []
