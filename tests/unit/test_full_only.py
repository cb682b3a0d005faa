"""The list of tests that only --full runs: every name is one of a test that is there."""

import re
import tomllib

from tests.conftest import FULL_ONLY, ROOT, is_full_only


def test_every_name_is_a_test_of_its_file():
    for path, names in tomllib.loads(FULL_ONLY.read_text(encoding="utf-8")).items():
        there = set(re.findall(r"^def (test_\w+)", (ROOT / path).read_text("utf-8"), re.MULTILINE))
        assert {re.match(r"\w+", name)[0] for name in names} <= there, path


def test_patterns():
    names = ["test_a", "test_b[2-*]", "test_c[[15]-x]", "test_d*"]
    left_out = ["test_a", "test_b[2-dsp]", "test_c[5-x]", "test_d", "test_d[1]"]
    kept = ["test_ab", "test_b", "test_b[12-dsp]", "test_c[2-x]", "test_a[1]"]
    assert all(is_full_only(name, names) for name in left_out)
    assert not any(is_full_only(name, names) for name in kept)
