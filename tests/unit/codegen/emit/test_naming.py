"""Names that cannot be C, or that the runtime has already."""

import pytest

from codegen.emit.naming import check_isa, check_name
from codegen.errors import NameInvalidError
from targets.errors import TargetError


@pytest.mark.parametrize("name", ["forecaster", "a", "ad01", "kws_small", "x" * 40])
def test_good(name):
    check_name(name)


@pytest.mark.parametrize(
    "name", ["", "A", "1a", "a-b", "a__b", "_a", "a_", "a b", "ä", "x" * 41, "a\n", "../a"]
)
def test_not_a_name(name):
    with pytest.raises(NameInvalidError, match="lower-case"):
        check_name(name)


@pytest.mark.parametrize("name", ["context", "detector", "model", "app_model", "version", "status"])
def test_taken(name):
    with pytest.raises(NameInvalidError, match="choose another"):
        check_name(name)


def test_isa():
    check_isa("ref")
    for isa in ("", "..", "avx1024"):
        with pytest.raises(TargetError, match="known are"):
            check_isa(isa)
