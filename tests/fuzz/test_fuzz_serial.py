"""libFuzzer with ASan and UBSan, and with MSan, on the frame receiver and the command server.

SAFE_FUZZ_SECONDS sets the time per fuzzer; the default is short, with a fixed seed.
"""

import os
import subprocess

import pytest

from tests.fuzz.frames import block, build, seeds

SECONDS = int(os.environ.get("SAFE_FUZZ_SECONDS", "3"))


@pytest.mark.parametrize("name", ["frame", "server"])
def test_fuzz(tmp_path, name):
    program = build(name, tmp_path)
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


def test_a_block_of_the_campaign_under_msan_counts_its_frames(tmp_path):
    found = block(build("server", tmp_path, "msan"), 0, runs=50)
    assert found["failure"] == ""
    assert found["frames"] > 50
