"""The arena of a foreign runtime: given, described in model.toml, or measured."""

import pytest

from targets import arena
from targets.errors import BuildError
from targets.load import load


def test_a_given_one_is_a_number_or_a_file(tmp_path):
    assert arena.given("2048") == 2048
    path = tmp_path / "arena.json"
    path.write_text(arena.text(4096, {"target": "x"}))
    assert arena.given(str(path)) == 4096
    path.write_text('{"arena_bytes": -1}')
    for text in (str(path), "0", "-5", str(tmp_path / "none"), "1e3"):
        with pytest.raises(BuildError, match="neither a count of bytes nor a file"):
            arena.given(text)


def test_the_larger_of_both_is_taken(tmp_path):
    described = tmp_path / "model.toml"
    assert arena.settle(2000, described, "t") == 2000
    assert arena.settle(2001, described, "t") == 2016
    described.write_text("arena_bytes = 3000\n")
    assert arena.settle(2000, described, "t") == 3008
    assert arena.settle(None, described, "t") == 3008
    assert arena.settle(3000, described, "t") == 3008
    with pytest.raises(BuildError, match="arena_bytes is 3000, 1 less than the runtime takes on t"):
        arena.settle(3001, described, "t")


def test_without_either_the_key_is_named(tmp_path):
    with pytest.raises(BuildError, match=r"no emulator that measures .* set arena_bytes in"):
        arena.settle(None, tmp_path / "model.toml", "t")


@pytest.mark.parametrize("value", ["0", "true", '"many"'])
def test_a_described_one_is_a_count(tmp_path, value):
    (tmp_path / "model.toml").write_text(f"arena_bytes = {value}\n")
    with pytest.raises(BuildError, match="expected a count of bytes"):
        arena.settle(1, tmp_path / "model.toml", "t")


def test_the_probe_gets_the_ram_that_is_left():
    target = load("stm32f4")
    room = arena.room(target)
    assert room % 16 == 0
    assert room + target.stack.size_bytes + 4096 < 0x20000
    assert arena.room(load("host")) == 64 << 20
