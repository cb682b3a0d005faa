"""Make: the fragment in a Makefile of the user's own, with his flags; 0 records differ."""

import re

import pytest

from tests.unit.host_tools.package.conftest import NAME, STRICT, agrees, call

MACRO = NAME.upper()


@pytest.mark.parametrize(
    ("compiler", "flags"),
    [
        ("gcc", "-Os"),
        ("gcc", "-O3 -flto"),
        ("gcc", f"-std=c99 -O2 {STRICT}"),
        ("clang", f"-O3 -mfma {STRICT}"),
    ],
    ids=["size", "lto", "strict", "clang"],
)
def test_the_example_agrees(folder, compiler, flags):
    variables = [f"CC={compiler}", f"CFLAGS={flags}"]
    assert agrees(call("make", "-C", folder / "examples/make", "run", *variables))


def test_a_changed_bit_is_found(folder):
    weights = folder / "src" / "safe_forecaster_weights.c"
    text = weights.read_text()
    first = re.search(r"(?<=\n    )\d+(?=u)", text)
    weights.write_text(f"{text[: first.start()]}{int(first[0]) ^ 1}{text[first.end() :]}")
    with pytest.raises(AssertionError, match=r"records compared, [1-9]"):
        call("make", "-C", folder / "examples/make", "run")


def test_a_makefile_in_another_folder(folder, tmp_path):
    (tmp_path / "Makefile").write_text(
        f"include {folder.name}/{NAME}.mk\n"
        f"app.a: $({MACRO}_SRCS:.c=.o)\n\t$(AR) rc $@ $^\n"
        f"%.o: %.c\n\t$(CC) -I$({MACRO}_INC) -c $< -o $@\n"
    )
    call("make", "app.a", cwd=tmp_path)
    members = call("ar", "t", tmp_path / "app.a").split()
    assert sorted(members) == sorted(p.stem + ".o" for p in (folder / "src").glob("*.c"))
