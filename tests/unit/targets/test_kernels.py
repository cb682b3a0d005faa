"""Kernel files by instruction set: the generator and the build choose the same."""

import pytest

from codegen.backends.native import cost
from targets import build, kernels
from targets.errors import SafeError
from targets.kernels import ISAS

SOURCES = sorted(p.stem for p in (kernels.KERNELS / "ref").glob("*.c"))


def test_fallback():
    assert kernels.variant("ref", "conv_2d") == "ref"
    assert kernels.variant("none", "conv_2d") == "ref"
    assert not kernels.exists("dsp", "no")
    with pytest.raises(SafeError, match=r"no\.c does not exist"):
        kernels.path("dsp", "no")


@pytest.mark.parametrize("isa", ISAS)
def test_the_build_compiles_the_same_file(isa):
    built = {p.stem: p for p in build._kernels(build.ROOT, isa)}
    for source in SOURCES:
        assert built[source].resolve() == kernels.path(isa, source).resolve()


@pytest.mark.parametrize("isa", ISAS)
def test_every_variant_has_a_reference(isa):
    """A kernel that the reference lacks would not link on another target."""
    folder = kernels.KERNELS / isa
    own = {p.stem for p in folder.glob("*.c")} if folder.is_dir() else set()
    assert own <= set(SOURCES) | {p.stem for p in folder.glob("*.c") if f"_{isa}" in p.stem}


def test_cost():
    assert cost.instructions("dsp", "fully_connected", 1000, 10) == 1250
    assert cost.instructions("dsp", "lookup", 0, 100) == 500
    assert cost.rate("dsp", "new").per_mac > 0
