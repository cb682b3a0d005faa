"""Thousands of damaged files: each is imported or ends in one SafeError, quickly."""

import random
import struct
from pathlib import Path

import pytest

from codegen import pipeline
from codegen.errors import VerifierError
from codegen.frontend import tflite
from targets.errors import SafeError

SMALL = Path(__file__).parents[1] / "unit" / "codegen" / "models" / "small.tflite"
SEEDS = range(8)
FILES_PER_SEED = 300
WORDS = (0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000)


def mutate(base, rng):
    data = bytearray(base)
    if rng.random() < 0.1:
        return bytes(data[: rng.randrange(len(data))])
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        place = rng.randrange(len(data) - 4)
        match rng.randrange(4):
            case 0:
                data[place] = rng.randrange(256)
            case 1:
                data[place] ^= 1 << rng.randrange(8)
            case 2:
                word = rng.choice([*WORDS, len(data), rng.randrange(len(data))])
                data[place & ~3 : (place & ~3) + 4] = struct.pack("<I", word)
            case _:
                source, length = rng.randrange(len(data)), rng.randrange(64)
                piece = data[source : source + length]
                data[place : place + len(piece)] = piece
    return bytes(data)


@pytest.mark.parametrize("seed", SEEDS)
def test_mutated_files(seed):
    rng = random.Random(seed)
    base = SMALL.read_bytes()
    outcomes = {"graph": 0, "error": 0}
    lines = []
    for _ in range(FILES_PER_SEED):
        data = mutate(base, rng)
        try:
            pipeline.compile_model(tflite.load(data, "m"), target="host", isa="ref")
            outcomes["graph"] += 1
        except VerifierError:
            raise
        except SafeError as error:
            lines.append(str(error))
            outcomes["error"] += 1
    assert not any("\n" in line for line in lines)
    assert min(outcomes.values()) > 0


def test_every_truncation_of_the_header():
    base = SMALL.read_bytes()
    for size in [*range(200), *range(200, len(base), 37)]:
        with pytest.raises(SafeError):
            tflite.load(base[:size], "m")
