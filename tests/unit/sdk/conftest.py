"""Builds of the SDK as shared libraries, one per compiler and optimization level."""

import pytest

from tests.unit.sdk.tiny import Tiny, build_library

VARIANTS = [
    ("gcc", "-O0"),
    ("clang", "-O3"),
    pytest.param(("gcc", "-O3"), marks=pytest.mark.slow),
    pytest.param(("clang", "-O0"), marks=pytest.mark.slow),
]
"""Each compiler and each level once; all pairs with `--full`."""


@pytest.fixture(scope="session")
def builds(tmp_path_factory):
    """Return build(tiny, compiler, level) → CDLL, each made once."""
    folder = tmp_path_factory.mktemp("sdk")
    made = {}

    def build(tiny=None, compiler="gcc", level="-O0"):
        key = (tiny or Tiny(), compiler, level)
        if key not in made:
            made[key] = build_library(*key, folder / f"sdk{len(made)}.so")
        return made[key]

    return build


@pytest.fixture(params=VARIANTS, ids="".join)
def variant(request):
    return request.param
