r"""Frames into the receiver and the command server under sanitizers, counted, in blocks.

  python -m tests.fuzz.frames --full --log build/frames.jsonl       10,000,000 frames
  python -m tests.fuzz.frames --full --sanitizer msan --log build/frames_msan.jsonl
ASan and UBSan watch together, MSan alone; all that is linked is compiled for it, but for libFuzzer,
whose runtime knows it.
A block is a run of libFuzzer with its number as the seed and the same conversations to begin with,
so a failure is repeated by `--first N --frames 1`. A log says what is done: the same command goes
on after an interruption. Frames are those with a right checksum that the server took, repeats
included, and those that it told to be damaged.
"""

import argparse
import json
import re
import struct
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import compiling
from tests.unit.sdk.tiny import HERE, ROOT, SOURCES, WARNINGS, Tiny

FULL = 10_000_000
RUNS = 20_000
"""Inputs of a block; each is a conversation of some frames."""
MAX_BYTES = 2048
FLAGS = ("-std=c99", "-O1", "-g", *WARNINGS)
SANITIZERS = {
    "asan": ("-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"),
    "msan": ("-fsanitize=fuzzer,memory", "-fsanitize-memory-track-origins"),
}
FOLDER = ROOT / "tests" / "fuzz"


def command(kind, payload):
    return bytes([kind, len(payload)]) + payload


def seeds():
    """A conversation that reaches every handler; `kind % 14` chooses the type (see the fuzzer)."""
    token = struct.pack("<I", 7)
    kinds = {name: 56 + place for place, name in enumerate("hpsXBWIRTOSL")}
    upload = command(kinds["W"], token + struct.pack("<I", 0) + bytes(range(12)))
    infer = command(kinds["I"], token)
    result = command(kinds["R"], token + struct.pack("<IH", 0, 6))
    stream = command(kinds["O"], token + struct.pack("<II", 0xFFFFFFFF, 1))
    reset = command(kinds["X"], token)
    sample = b"".join(
        command(kinds["S"], token + struct.pack("<I3f", index, 1.5, -20, 300)) for index in range(9)
    )
    hello = command(kinds["h"], token)
    whole = upload + infer + result + command(kinds["T"], b"") + stream + sample
    # A valid frame among raw bytes, which ends with the first byte of the request behind it.
    valid = command(0, bytes.fromhex("03020102aa06bbaa9b3649")) + hello
    noise = b"\x00\x05hello" + hello + stream + sample
    return [b"\x39\x00" + whole, hello + whole + reset, noise, valid]


def build(name, folder, sanitizer="asan"):
    """Build a fuzzer in a folder; return the program."""
    program = folder / name
    sources = [FOLDER / f"{name}_fuzzer.c", HERE / "tiny_model.c", *SOURCES]
    if name == "frame":
        sources = [sources[0], *(s for s in SOURCES if s.stem in ("frame", "crc32"))]
    command = ["clang", *FLAGS, *SANITIZERS[sanitizer], *Tiny().defines, f"-I{ROOT}/sdk/include"]
    compiling.link(command, sources, program)
    return program


def block(program: Path, number: int, runs: int = RUNS) -> dict[str, int | str]:
    """Run one block; `failure` is empty when nothing was found."""
    with TemporaryDirectory() as text:
        corpus = Path(text) / "corpus"
        corpus.mkdir()
        for place, seed in enumerate(seeds()):
            (corpus / str(place)).write_bytes(seed)
        options = [f"-seed={number + 1}", f"-runs={runs}", f"-max_len={MAX_BYTES}", "-timeout=10"]
        done = subprocess.run(
            [program, *options, corpus], cwd=text, capture_output=True, text=True, check=False
        )
    found = re.search(r"frames=(\d+) damaged=(\d+)", done.stdout)
    counts = {"frames": 0, "damaged": 0}
    if found is not None:
        counts = {"frames": int(found[1]), "damaged": int(found[2])}
    return {"block": number, **counts, "failure": done.stderr[-3000:] if done.returncode else ""}


def main() -> int:
    """Run a campaign from the command line; 1 when anything failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--first", type=int, default=0, help="number of the first block")
    parser.add_argument("--frames", type=int, default=100_000, help="to end after")
    parser.add_argument("--full", action="store_true", help=f"{FULL} frames")
    parser.add_argument("--sanitizer", choices=SANITIZERS, default="asan")
    parser.add_argument("--log", type=Path, metavar="JSONL", help="go on after what it holds")
    arguments = parser.parse_args()
    wanted = FULL if arguments.full else arguments.frames
    lines = []
    if arguments.log is not None and arguments.log.is_file():
        lines = arguments.log.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    number = max([row["block"] + 1 for row in rows], default=arguments.first)
    with TemporaryDirectory() as text:
        program = build("server", Path(text), arguments.sanitizer)
        while sum(row["frames"] + row["damaged"] for row in rows) < wanted:
            rows.append(block(program, number))
            number += 1
            if arguments.log is not None:
                with arguments.log.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(rows[-1]) + "\n")
            if rows[-1]["failure"]:
                break
    for name in ("frames", "damaged"):
        sys.stdout.write(f"{sum(row[name] for row in rows):>12,} {name}\n")
    failures = [f"block {row['block']}:\n{row['failure']}\n" for row in rows if row["failure"]]
    sys.stdout.write(f"{len(rows)} blocks of {RUNS:,} inputs, {len(failures)} failed\n")
    sys.stdout.writelines(failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
