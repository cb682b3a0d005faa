"""Thousands of damaged files: each ends in one SafeError, quickly, or in C that is right.

SAFE_FUZZ_INPUTS sets their number, three eighths of them without --full;
`python -m tests.fuzz.campaign --full` is the long run.
"""

import os
from pathlib import Path

import pytest

from codegen.backends.native.backend import compile_model
from codegen.frontend import tflite
from targets.errors import SafeError
from tests.fuzz import campaign
from tests.operators import stream_models, streaming

SMALL = Path(__file__).parents[1] / "unit" / "codegen" / "models" / "small.tflite"
INPUTS = int(os.environ.get("SAFE_FUZZ_INPUTS", "2000"))
BLOCKS = 8


@pytest.mark.parametrize(
    "block", [pytest.param(b, marks=[pytest.mark.slow] * (b > 2)) for b in range(BLOCKS)]
)
def test_mutated_files(block):
    size = -(-INPUTS // BLOCKS)
    outcome = campaign.run(block * size, size)
    assert outcome.failures == {}
    errors = sum(n for kind, n in outcome.counts.items() if kind.endswith("Error"))
    assert 0 < errors < size
    assert outcome.counts["survivor, equal"] > 0


def test_a_wrong_result_is_a_failure(monkeypatch):
    """The campaign is worth something: a reference that is off by one is seen."""
    right = campaign.reference.run

    def wrong(graph, values):
        return [v ^ 1 if v.dtype == "int8" else v for v in right(graph, values)]

    monkeypatch.setattr(campaign.reference, "run", wrong)
    assert campaign.run(0, 60).failures


def test_a_survivor_is_streamed(monkeypatch):
    """A network along time is pushed sample by sample; one wrong bit of an output is seen."""
    data = stream_models.drawn(0)
    program = compile_model(tflite.load(data, "m"), target="host", isa="ref")
    assert campaign._streamed(data, program, 1)
    right = streaming.run

    def wrong(built, script):
        return [(s, v if v is None else v ^ (v == v.max())) for s, v in right(built, script)]

    monkeypatch.setattr(streaming, "run", wrong)
    with pytest.raises(AssertionError, match="streamed C"):
        campaign._streamed(data, program, 1)


def test_a_log_is_gone_on_with(tmp_path, monkeypatch):
    """What a log holds is not done again; the outcome is the same."""
    monkeypatch.setattr(campaign, "BLOCK", 20)
    log = tmp_path / "log.jsonl"
    once = campaign.logged(0, 50, log)
    assert once.counts == campaign.run(0, 50).counts
    assert len(log.read_text().splitlines()) == 3
    lines = log.read_text().splitlines()
    log.write_text(lines[0] + "\n" + lines[2] + "\n")
    tried = []
    monkeypatch.setattr(
        campaign, "run", lambda first, count, _: tried.append((first, count)) or campaign.Outcome()
    )
    campaign.logged(0, 50, log)
    assert tried == [(20, 20)]


def test_every_truncation_of_the_header():
    base = SMALL.read_bytes()
    for size in [*range(200), *range(200, len(base), 37)]:
        with pytest.raises(SafeError):
            tflite.load(base[:size], "m")
