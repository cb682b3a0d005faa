"""`hot` of model.toml: where the file is that names what lies in RAM, and what is told without."""

import pytest

from targets import hot
from targets.errors import BuildError
from targets.load import load
from targets.options import Options


def described(folder, text):
    path = folder / "model.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("text", ["", 'hot = "flash"\n'])
def test_all_stays_in_flash_unless_it_is_said(tmp_path, text):
    (tmp_path / "hot-stm32f4.toml").write_text('code = ["a"]\n')
    assert hot.of_model(described(tmp_path, text), load("stm32f4")) is None
    assert hot.of_model(tmp_path / "missing.toml", load("stm32f4")) is None


def test_the_file_of_the_target(tmp_path):
    description = described(tmp_path, 'hot = "ram"\n')
    for name in ("stm32f4", "riscv-virt"):
        file = tmp_path / f"hot-{name}.toml"
        file.write_text('data = ["b"]\n')
        assert hot.of_model(description, load(name)) == file
    assert hot.of_model(description, load("host")) is None
    with pytest.raises(
        BuildError, match=r"hot-stm32u5\.toml is missing: .* --target stm32u5 --hot"
    ):
        hot.of_model(description, load("stm32u5"))


@pytest.mark.parametrize("value", ['"ccm"', "true", "4096"])
def test_another_place_is_told(tmp_path, value):
    with pytest.raises(BuildError, match=r"model\.toml: hot is .*, expected one of flash, ram"):
        hot.of_model(described(tmp_path, f"hot = {value}\n"), load("stm32f4"))


def test_a_file_that_is_named_goes_first(tmp_path):
    own, named = tmp_path / "own.toml", tmp_path / "named.toml"
    own.write_text('code = ["own"]\n')
    named.write_text('code = ["named"]\n')
    options = Options(model_hot=own)
    assert (options.symbols.code, options.suffix) == (("own",), "")
    assert "hot" not in options.variables
    both = Options(hot=named, model_hot=own)
    assert (both.symbols.code, both.suffix) == (("named",), "-hot")
    with pytest.raises(BuildError, match="leave one out"):
        Options(lto=True, model_hot=own)
