"""libFuzzer with ASan and UBSan on the frame receiver and the command server.

SAFE_FUZZ_SECONDS sets the time per fuzzer; the default is short, with a fixed seed.
"""

import os
import struct
import subprocess

import pytest

from tests.unit.sdk.tiny import HERE, ROOT, SOURCES, WARNINGS, Tiny

SECONDS = int(os.environ.get("SAFE_FUZZ_SECONDS", "5"))
FLAGS = ("-std=c99", "-O1", "-g", *WARNINGS, "-fsanitize=fuzzer,address,undefined")
FOLDER = ROOT / "tests" / "fuzz"


def command(kind, payload):
    return bytes([kind, len(payload)]) + payload


def seeds():
    """A conversation that reaches every handler; `kind % 10` chooses the type (see the fuzzer)."""
    token = struct.pack("<I", 7)
    kinds = {name: 0x32 + place for place, name in enumerate("hpsWIRTOS")}  # 0x32 = 50
    upload = command(kinds["W"], token + struct.pack("<I", 0) + bytes(range(12)))
    infer = command(kinds["I"], token)
    result = command(kinds["R"], token + struct.pack("<IH", 0, 6))
    stream = command(kinds["O"], token)
    sample = b"".join(
        command(kinds["S"], token + struct.pack("<I3f", index, 1.5, -20, 300)) for index in range(9)
    )
    hello = command(kinds["h"], token)
    whole = upload + infer + result + command(kinds["T"], b"") + stream + sample
    return [b"\x33\x00" + whole, hello + whole, b"\x00\x05hello" + hello + stream + sample]


@pytest.mark.parametrize("name", ["frame", "server"])
def test_fuzz(tmp_path, name):
    program = tmp_path / name
    sources = [FOLDER / f"{name}_fuzzer.c", HERE / "tiny_model.c", *SOURCES]
    if name == "frame":
        sources = [sources[0], *(s for s in SOURCES if s.stem in ("frame", "crc32"))]
    build = ["clang", *FLAGS, *Tiny().defines, f"-I{ROOT}/sdk/include", *map(str, sources)]
    done = subprocess.run(
        [*build, "-fno-sanitize-recover=all", "-o", program],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(seeds()):
        (corpus / f"{number}").write_bytes(seed)
    options = ["-seed=1", f"-max_total_time={SECONDS}", "-max_len=2048", "-timeout=10"]
    run = subprocess.run(
        [program, *options, corpus], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert "DONE" in run.stderr or "Done" in run.stderr
    print(run.stderr.strip().splitlines()[-1])
