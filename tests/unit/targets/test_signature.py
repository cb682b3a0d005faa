"""The library that checks signatures on a device: the vectors of RFC 8032, and the host's own."""

import ctypes
import hashlib
import random
import re
import subprocess

import pytest

from host_tools.formats import signing_key
from targets.places import ROOT
from targets.update import library

# RFC 8032 section 7.1, tests 1 to 3 and SHA(abc): private key, public key, message, signature.
VECTORS = (
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
)
# The order of the group, RFC 8032 section 5.1.
ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    """The library as images have it, for this machine."""
    path = tmp_path_factory.mktemp("signature") / "signature.so"
    source = library.folder()
    files = [library.GLUE, *(source / name for name in library.SOURCES)]
    flags = [f for f in library.FLAGS if f != "-fstack-usage"]
    includes = [f"-I{source / name}" for name in library.INCLUDES]
    command = ["gcc", "-shared", "-fPIC", *flags, *includes, f"-I{ROOT / 'sdk/include'}"]
    subprocess.run([*command, *map(str, files), "-Wl,--gc-sections", "-o", str(path)], check=True)
    found = ctypes.CDLL(str(path))
    found.safe_port_verify_signature.restype = ctypes.c_bool
    return found


def verifies(device, signature, message, public):
    size = ctypes.c_size_t(len(message))
    return device.safe_port_verify_signature(signature, message, size, public)


@pytest.mark.parametrize("vector", VECTORS)
def test_vectors_of_the_standard(device, vector):
    seed, public, message, signature = map(bytes.fromhex, vector)
    assert signing_key.public_of(seed) == public
    assert signing_key.sign(seed, message) == signature
    assert verifies(device, signature, message, public)
    assert not verifies(device, signature, message + b"\0", public)


def test_one_bit_is_one_too_many(device):
    seed, message = bytes(range(32)), bytes(192)
    public, signature = signing_key.public_of(seed), signing_key.sign(seed, message)
    for changed in (signature, message, public):
        for bit in range(0, 8 * len(changed), 5):
            other = bytearray(changed)
            other[bit // 8] ^= 1 << bit % 8
            parts = [bytes(other) if p is changed else p for p in (signature, message, public)]
            assert not verifies(device, *parts), bit


def test_a_signature_has_one_form_only(device):
    seed, message = bytes(32), b"message"
    public, signature = signing_key.public_of(seed), signing_key.sign(seed, message)
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    again = signature[:32] + scalar.to_bytes(32, "little")
    assert verifies(device, signature, message, public)
    assert not verifies(device, again, message, public)


def test_random_messages_as_the_host_signs_them(device):
    chance = random.Random(8032)
    for length in (0, 1, 63, 64, 111, 112, 127, 128, 129, 1000):
        seed, message = chance.randbytes(32), chance.randbytes(length)
        public, signature = signing_key.public_of(seed), signing_key.sign(seed, message)
        assert verifies(device, signature, message, public)
        digest = (ctypes.c_uint8 * 64)()
        device.safe_port_sha512(message, ctypes.c_size_t(length), digest)
        assert bytes(digest) == hashlib.sha512(message).digest()


def test_the_source_is_the_one_that_is_locked():
    locked = (ROOT / "requirements/update.txt").read_text()
    assert re.search(rf"^pynacl=={re.escape(library.VERSION)} ", locked, re.MULTILINE)
    assert f"sha256:{library.SHA256}" in locked
