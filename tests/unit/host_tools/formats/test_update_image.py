"""Keys and image files of updates: what is written is read, what is wrong is told in one line."""

import dataclasses
import stat

import pytest

from host_tools.device import update as device_update
from host_tools.device.update import UpdateInfo
from host_tools.errors import DataError, DeviceVersionError, UpdateRefusedError
from host_tools.formats import signing_key, update_image
from host_tools.formats.update_image import Image
from targets.errors import BuildError, OutputError
from targets.update import key as public_key

SEED = bytes(range(32))


def image(slot):
    plain = Image(
        0xABCD, slot, 0x08080100 + 0x20000 * slot, 5712, 496, 7, "60" * 32, "pump", "stm32f4",
        signing_key.public_of(SEED)[:8], bytes(range(160)),
    )  # fmt: skip
    return update_image.signed(plain, SEED)


def write(path, *images):
    path.write_bytes(b"".join(each.content for each in images))
    return path


def test_a_pair_of_keys(tmp_path):
    private = tmp_path / "site.pem"
    public = signing_key.make(private)
    assert public == tmp_path / "site.pub"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    seed = signing_key.load(private)
    assert public_key.load(public) == signing_key.public_of(seed)
    with pytest.raises(OutputError, match="is there already"):
        signing_key.make(private)
    private.chmod(0o644)
    with pytest.raises(DataError, match="chmod 600"):
        signing_key.load(private)


def test_keys_that_are_none(tmp_path):
    public = signing_key.make(tmp_path / "site.pem")
    public.chmod(0o600)
    with pytest.raises(DataError, match="a public key, not an Ed25519 private key"):
        signing_key.load(public)
    with pytest.raises(BuildError, match=r"a private key: give the public one"):
        public_key.load(tmp_path / "site.pem")
    for load, error in ((signing_key.load, DataError), (public_key.load, BuildError)):
        with pytest.raises(error, match="No such file"):
            load(tmp_path / "none")
        (tmp_path / "other").write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n")
        (tmp_path / "other").chmod(0o600)
        with pytest.raises(error, match="Ed25519"):
            load(tmp_path / "other")


def test_keys_are_those_of_the_standard(tmp_path):
    """RFC 8410 section 10: the form of other tools, e.g. openssl."""
    private, public = tmp_path / "made.pem", tmp_path / "made.pub"
    private.write_text(
        "-----BEGIN PRIVATE KEY-----\n"
        "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
        "-----END PRIVATE KEY-----\n"
    )
    private.chmod(0o600)
    public.write_text(
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
        "-----END PUBLIC KEY-----\n"
    )
    seed = signing_key.load(private)
    assert public_key.load(public) == signing_key.public_of(seed)


def test_a_file_is_read_as_it_was_written(tmp_path):
    images = (image(0), image(1))
    assert update_image.load(write(tmp_path / "both", *images)) == images
    assert len(images[0].header) == update_image.HEADER_BYTES
    assert update_image.padded(bytes(17)) == bytes(17) + b"\xff" * 15


def test_files_that_are_none(tmp_path):
    content = image(0).content + image(1).content
    wrong = {
        "not a model image": b"",
        "cut short": content[:-1],
        "damaged": content[:300] + b"\xaa" + content[301:],
        "for each of the 2 slots": image(0).content,
        "of format 9": content[:4] + b"\x09" + content[5:],
    }
    for message, data in wrong.items():
        (tmp_path / "file").write_bytes(data)
        with pytest.raises(DataError, match=message):
            update_image.load(tmp_path / "file")
    with pytest.raises(DataError, match="cannot be read"):
        update_image.load(tmp_path / "none")


def test_what_the_device_would_refuse_is_told_before():
    images = (image(0), image(1))
    key = images[0].key_name
    about = UpdateInfo(1, 0xABCD, 0x08080000, 0x20000, 0x8000, 2048, key, 0, 1, 0, ())
    assert device_update.choose(images, about) == images[1]
    for changes, error, message in (
        ({"abi": 0xABCE}, UpdateRefusedError, "another target or release"),
        ({"key_name": bytes(8)}, UpdateRefusedError, "the device trusts 0000"),
        ({"format": 2}, DeviceVersionError, "format 2"),
    ):
        with pytest.raises(error, match=message):
            device_update.choose(images, dataclasses.replace(about, **changes))
