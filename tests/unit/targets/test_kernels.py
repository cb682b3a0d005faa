"""Kernel files by instruction set: the generator and the build choose the same."""

from pathlib import Path

import pytest

from codegen.backends.native.shared import cost
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
    built = {p.stem: p for p in kernels.sources(isa)}
    for source in SOURCES:
        assert built[source].resolve() == kernels.path(isa, source).resolve()
    names = tuple(f"{p.parent.name}/{p.name}" for p in kernels.sources(isa))
    assert build.kernel_names(isa) == names


def test_the_first_folder_of_the_chain_wins(tmp_path: Path):
    for folder, names in {"dsp": "a", "shared": "ab", "ref": "abc"}.items():
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / f"{name}.c").write_text("")
    found = [p.relative_to(tmp_path).as_posix() for p in kernels.sources("dsp", tmp_path)]
    assert found == ["dsp/a.c", "shared/b.c", "ref/c.c"]
    found = [p.relative_to(tmp_path).as_posix() for p in kernels.sources("ref", tmp_path)]
    assert found == ["ref/a.c", "ref/b.c", "ref/c.c"]


def test_every_instruction_set_has_a_chain():
    assert tuple(kernels.CHAIN) == ISAS
    assert kernels.folders("ref") == ("ref",)
    assert kernels.folders("dsp") == ("dsp", "shared", "ref")


@pytest.mark.parametrize("isa", ISAS)
def test_every_variant_has_a_reference(isa):
    """A kernel that the reference lacks would not link on another target."""
    folder = kernels.KERNELS / isa
    own = {p.stem for p in folder.glob("*.c")} if folder.is_dir() else set()
    assert own <= set(SOURCES) | {p.stem for p in folder.glob("*.c") if f"_{isa}" in p.stem}


def test_a_shared_kernel_replaces_a_reference_or_has_a_call_of_its_own():
    """Every plain call finds its file in `ref`, whatever the instruction set."""
    shared = {p.stem for p in (kernels.KERNELS / "shared").glob("*.c")}
    own = {"add_affine", "column_s16", "conv_2d_s16_tiled", "depthwise_plane"}
    own |= {"depthwise_conv_2d_s16_narrow"}
    assert shared - set(SOURCES) == own
    native = Path(cost.__file__).parents[1]
    assert '"add_affine"' in (native / "shared" / "add.py").read_text()


def test_cost():
    tiles = [cost.product("dsp", "fully_connected_dsp", 1, units, 64) for units in (1, 8, 9)]
    assert tiles[0] < tiles[1] < tiles[2]
    assert tiles[1] - tiles[0] < tiles[2] - tiles[1]
    assert cost.rate("dsp", "dsp", "new").per_product > 0
