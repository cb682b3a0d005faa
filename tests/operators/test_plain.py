"""The plain reference kernels against the tuned ones of the same name, element by element.

A kernel of `sdk/src/kernel/shared` takes the place of the reference on a core, under its name. Both
are called with the same random arguments, on this machine in every way that the tuned code can be
compiled here, and in one image on emulated cores (`tests/emulator/test_plain.py`).
"""

import ctypes
import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture import tree
from tests.operators.kernels import BUILDS, SDK, WARNINGS

KERNELS = SDK / "src" / "kernel"
DRIVER = Path(__file__).with_name("pairs.c")
PAIRS = ("mul", "rerolled_product", "rerolled_step", "rerolled_unpack", "slide")
FUNCTIONS = (
    "safe_kernel_mul_s8",
    "safe_kernel_slide",
    "safe_rerolled_activate",
    "safe_rerolled_add",
    "safe_rerolled_exact",
    "safe_rerolled_gates",
    "safe_rerolled_multiply",
    "safe_rerolled_signed",
    "safe_rerolled_unpack",
    "safe_rerolled_update",
    "safe_slide_move",
)
RENAMED = [f"-D{name}=plain_{name.removeprefix('safe_')}" for name in FUNCTIONS]
SEEDS = 3000


def compile_pairs(command, folder, kernels=KERNELS):
    """Return the objects of the driver, of the plain kernels renamed, and of the tuned ones."""
    compiler, *flags = command
    base = [compiler, "-std=c99", *WARNINGS.split(), *flags, f"-I{SDK / 'include'}", "-c"]
    objects = [folder / "pairs.o"]
    subprocess.run([*base, DRIVER, "-o", objects[0]], check=True)
    for place, renamed in (("ref", RENAMED), ("shared", [])):
        for stem in PAIRS:
            objects.append(folder / f"{place}_{stem}.o")
            source = kernels / place / f"{stem}.c"
            subprocess.run([*base, *renamed, source, "-o", objects[-1]], check=True)
    return objects


def library(command, folder, kernels=KERNELS):
    compiler, *flags = command
    objects = compile_pairs((compiler, *flags, "-fPIC"), folder, kernels)
    subprocess.run([compiler, *flags, "-shared", *objects, "-o", folder / "pairs.so"], check=True)
    found = ctypes.CDLL(str(folder / "pairs.so"))
    found.safe_pairs_compare.argtypes = [ctypes.c_uint32]
    return found


@pytest.mark.parametrize("words", ["0", "1"], ids=["bytes", "words"])
@pytest.mark.parametrize("build", sorted(BUILDS))
def test_both_give_the_same_elements(build, words, tmp_path):
    pairs = library((*BUILDS[build], f"-DSAFE_UNALIGNED_WORDS={words}"), tmp_path)
    assert [seed for seed in range(SEEDS) if pairs.safe_pairs_compare(seed)] == []


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("mul", "scaled + e.zero_point", "scaled + e.zero_point + 1"),
        ("mul", "2 * second - e.doubled", "2 * second + 2 - e.doubled"),
        ("mul", "e->shift >= -22", "e->shift >= -31"),
        ("rerolled_product", "(*right++ - b.zero_point)", "(*right++ - b.zero_point + 1)"),
        ("rerolled_step", "2 * scale->zero_point + 1", "2 * scale->zero_point"),
        ("rerolled_step", "0x80808080u", "0x80808000u"),
        (
            "rerolled_unpack",
            "(int32_t)safe_dsp_load(packed) >> (8 * missing)",
            "(int32_t)safe_dsp_load(packed) >> 8",
        ),
        ("rerolled_step", "(state + 128)", "(state + 127)"),
        ("rerolled_step", ">> 31));", ">> 30));"),
        ("slide", "size >= WORD_BYTES", "size > WORD_BYTES"),
    ],
)
def test_a_difference_is_noticed(file, right, wrong, tmp_path):
    kernels = tmp_path / "kernel"
    for place in ("ref", "shared"):
        (kernels / place).mkdir(parents=True)
        for stem in PAIRS:
            text = (KERNELS / place / f"{stem}.c").read_text()
            if (place, stem) == ("shared", file):
                assert right in text
                text = text.replace(right, wrong)
            (kernels / place / f"{stem}.c").write_text(text)
    pairs = library(("gcc", "-O1"), tmp_path, kernels)
    assert any(pairs.safe_pairs_compare(seed) for seed in range(SEEDS))


def test_every_pair_and_every_function_is_compared():
    twins = {p.stem for p in (KERNELS / "shared").glob("*.c")}
    twins &= {p.stem for p in (KERNELS / "ref").glob("*.c")}
    assert sorted(twins) == list(PAIRS)
    defined = re.compile(
        r"^(?!static)(?:SAFE_NOINLINE )?(?:const )?\w+ \*?(safe_\w+)\(", re.MULTILINE
    )
    for place in ("ref", "shared"):
        texts = [(KERNELS / place / f"{stem}.c").read_text() for stem in PAIRS]
        found = [name for text in texts for name in defined.findall(text)]
        assert sorted(found) == list(FUNCTIONS)


def test_reference_is_plain():
    """No instruction set, no assembly and no compiler's own words in the readable specification."""
    banned = re.compile(r"safe/kernel/(?:dsp|dsp_limit|rv32)\.h|__asm__|__builtin|#\s*if")
    wrong = []
    for path in tree.c_files("sdk"):
        if "ref" in path.parts:
            closure, waiting = set(), [path]
            while waiting:
                one = waiting.pop()
                names = [name for name in tree.includes(one) if name.startswith("safe/kernel/")]
                waiting += [p for n in names if (p := Path("sdk/include") / n) not in closure]
                closure |= {Path("sdk/include") / name for name in names}
            texts = [tree.text(path), *(f'#include "{p}"' for p in closure)]
            wrong += [f"{path}: {hit}" for text in texts for hit in banned.findall(text)]
    assert wrong == []
