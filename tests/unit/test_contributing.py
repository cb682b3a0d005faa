"""The recipes of CONTRIBUTING.md, followed to the letter in a copy of the tree."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from targets import build
from tests.architecture import tree
from tests.operators import oracle
from tests.operators.builder import options
from tests.operators.stream_models import VALID, Net

TEXT = tree.text(Path("CONTRIBUTING.md"))
BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
COPIED = ("codegen", "host_tools", "models", "sdk", "site_scons", "targets", "SConstruct")
NO_ACTIVATION = 0


def blocks(title: str) -> list[tuple[str, str]]:
    """Language and text of every example of a recipe, without the list's indentation."""
    section = TEXT.split(f"## Recipe: {title}\n")[1].split("\n## ")[0]
    return [
        (language, re.sub(r"^   ", "", text, flags=re.MULTILINE))
        for language, text in BLOCK.findall(section)
    ]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what an image is made from."""
    root = tmp_path / "safe"
    for path in tree.files():
        if path.parts[0] in COPIED:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(tree.ROOT / path, root / path)
    return root


def write(root: Path, title: str) -> list[Path]:
    """Write the files that a recipe shows; the first line of each is its path."""
    paths = []
    for language, text in blocks(title):
        if language == "python":
            first, body = text.split("\n", 1)
            path = Path(first.removeprefix("# "))
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_text(body)
            paths.append(path)
    return paths


def python(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def follow(root: Path, title: str) -> str:
    """Run the commands that a recipe shows; return what they print."""
    (commands,) = [text for language, text in blocks(title) if language == "sh"]
    # The launcher prepares the machine, which the tests' environment is already.
    commands = commands.replace("./safe scons", f"{sys.executable} -m SCons -Q")
    commands = commands.replace("./safe bench", f"{sys.executable} -m host_tools bench")
    done = subprocess.run(
        ["bash", "-e", "-c", commands], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-1000:]
    return done.stdout


def magnitude() -> bytes:
    """ABS between two convolutions over a window."""
    net = Net(16, 4)
    x = net.conv(net.first, 8, 3, padding=VALID, activation=NO_ACTIVATION)
    y = net._value(net.shapes[x], *net.scales[x])
    net.builder.operator("ABS", [x], [y], options("Abs"))
    return net.model(net.conv(y, 8, 3, padding=VALID))


def test_an_operator(copy: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.tflite"
    model.write_bytes(magnitude())
    example = copy / "codegen/operators/elementwise/abs.py"
    own = example.read_text()
    example.unlink()
    command = ["codegen", str(model), "--name", "m", "--out", "out", "--standalone"]
    assert "operator is not supported" in python(copy, *command).stderr
    assert write(copy, "an operator") == [Path("codegen/operators/elementwise/abs.py")]
    assert example.read_text() == own
    done = python(copy, *command, "--streaming")
    assert done.returncode == 0, done.stderr
    manifest = json.loads((copy / "out" / "manifest.json").read_text())
    assert manifest["streaming"]["whole_window"] == []
    per_sample = set(manifest["streaming"]["per_sample"])
    macs = [o["macs"] for o in manifest["operators"] if o["symbol"] in per_sample and o["macs"]]
    assert macs == [96, 192]
    sources = [p.name for p in (copy / "out").glob("*.c")]
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-I."]
    subprocess.run(
        ["cc", *flags, *sources, "example/main.c", "-o", "m"], cwd=copy / "out", check=True
    )


def test_the_operator_of_the_recipe_is_exact(copy: Path, tmp_path: Path) -> None:
    """Reference against TensorFlow Lite Micro, saturated values included."""
    (copy / "codegen/operators/elementwise/abs.py").unlink()
    write(copy, "an operator")
    data = magnitude()
    (tmp_path / "m.tflite").write_bytes(data)
    rng = np.random.default_rng(5)
    windows = rng.integers(-128, 128, (20, 1, 16, 4)).astype(np.int8)
    windows[0], windows[1] = -128, 127
    np.save(tmp_path / "x.npy", windows)
    code = (
        "import sys, numpy as np; from codegen import reference;"
        "from codegen.frontend import tflite;"
        "graph = tflite.load(open(sys.argv[1], 'rb').read(), 'm');"
        "np.save(sys.argv[3], reference.run(graph, [np.load(sys.argv[2])])[0])"
    )
    names = [str(tmp_path / name) for name in ("m.tflite", "x.npy", "y.npy")]
    subprocess.run([sys.executable, "-c", code, *names], cwd=copy, check=True)
    (expected,) = oracle.run(data, [windows])
    assert np.array_equal(np.load(tmp_path / "y.npy"), expected)


def test_a_target(copy: Path) -> None:
    printed = follow(copy, "a target")
    size = json.loads((copy / "build/pump/forecaster/native/size.json").read_text())
    assert size["target"] == "pump"
    assert "0 of" in printed or "exact" in printed.lower()


def test_a_backend(copy: Path) -> None:
    paths = write(copy, "a backend")
    assert [p.name for p in paths] == ["__init__.py", "backend.py"]
    protocol = copy / "host_tools/device/protocol.py"
    text = protocol.read_text()
    assert text.count('"xcubeai")') == 1
    protocol.write_text(text.replace('"xcubeai")', '"xcubeai", "plain")'))
    printed = follow(copy, "a backend")
    folder = copy / "build/host/forecaster/plain"
    assert json.loads((folder / "size.json").read_text())["backend"] == "plain"
    manifest = json.loads((folder / "gen/manifest.json").read_text())
    assert manifest["backend"] == "plain"
    assert all(source.startswith("sdk/src/kernel/ref/") for source in manifest["kernel_sources"])
    assert "backend plain" in printed
    generated = (folder / "gen/safe_forecaster.c").read_text()
    assert ".backend = 3" in generated


def test_a_backend_that_raises_fails_the_build(copy: Path) -> None:
    """One line, whichever backend was asked for; nothing is left that could be flashed."""
    for text, why in (("1 / 0\n", "ZeroDivisionError"), ("", "defines no BACKEND")):
        folder = copy / "codegen/backends/broken"
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").write_text("")
        (folder / "backend.py").write_text(text)
        done = python(copy, "SCons", "-Q", "target=host", "backend=broken")
        assert done.returncode == 2
        assert re.fullmatch(rf"scons: codegen/backends/broken/backend.py: .*{why}.*\n", done.stderr)
        assert not list(copy.glob("build/**/*.elf"))


def test_an_empty_file_beside_the_backends_is_none(copy: Path) -> None:
    (copy / "codegen/backends/empty.py").write_text("")
    done = python(copy, "SCons", "-Q", "target=host", "backend=empty")
    assert (done.returncode, done.stdout) == (2, "")
    known = ", ".join(build.backends())
    assert done.stderr == f"scons: unknown backend 'empty'; known are {known}\n"
