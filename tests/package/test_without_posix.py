"""No verb imports what Windows lacks, unless the verb is about it; paths and lines of Windows."""

import ast
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.architecture import tree
from tests.conftest import ROOT
from tests.package import without_posix

ASKED_BEFORE = {"codegen/backends/xcubeai/tool.py: os.killpg"}
"""Names that stand behind a question for the system."""
SCRIPT = ROOT / "tests" / "package" / "without_posix.py"


@pytest.fixture(scope="module")
def verbs(tmp_path_factory):
    """Run verbs in one process, as where there is no POSIX; return code and output of each."""
    folder = tmp_path_factory.mktemp("windows")

    def ask(*lines):
        told = subprocess.run(
            [sys.executable, SCRIPT, ROOT],
            input=json.dumps(lines),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return json.loads(told.stdout)

    ask.folder = folder
    return ask


def test_from_a_log_to_firmware(verbs):
    log = verbs.folder / "log.csv"
    answers = verbs(["plant", "--out", "log.csv", "--rows", "3000"])
    assert answers[0][0] == 0, answers
    # Windows ends a line with CR LF, and Excel begins a file with a mark.
    text = log.read_text(encoding="utf-8")
    log.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    answers = verbs(
        ["read", "--csv", "log.csv"],
        ["train", "--csv", "log.csv", "--out", "mymodel", "--network", "none"],
        ["generate", "--model", "mymodel", "--standalone", "--out", "gen"],
        ["package", "--model", "forecaster", "--format", "all", "--out", "package"],
        ["new", "my-product", "--target", "stm32u5", "--style", "make"],
        ["flash", "--target", "stm32u5", "--dry-run", "--runner", "openocd"],
        ["targets", "list"],
        ["bench", "--port", "COM7"],
        ["bench", "--port", "socket://127.0.0.1:1"],
    )
    codes = [code for code, _, _ in answers]
    assert codes == [0, 0, 0, 0, 0, 0, 0, 40, 40], answers
    assert "2,974 rows, one every 1 s" in answers[0][1]
    assert (verbs.folder / "gen" / "manifest.json").is_file()
    for _, _, told in answers[-2:]:
        assert told.count("\n") == 1, told
    assert "COM7" in answers[-2][2]


def test_recording(verbs):
    """Rows of a board that ends its lines as Windows does."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            client, _ = server.accept()
            with client, contextlib.suppress(OSError):
                for row in range(50):
                    time.sleep(0.02)
                    client.sendall(f"{row},7\r\n".encode())

        threading.Thread(target=serve, daemon=True).start()
        port = f"socket://127.0.0.1:{server.getsockname()[1]}"
        answers = verbs(["record", "--port", port, "--rows", "9", "--out", "recorded.csv"],
                        ["read", "--csv", "recorded.csv"])  # fmt: skip
    assert [code for code, _, _ in answers] == [0, 0], answers
    assert "9 rows of ch0, ch1" in answers[0][1]


def test_the_watch_would_notice(verbs, tmp_path):
    """The script itself: an import of ours fails, and one of another package does not."""
    (tmp_path / "host_tools").mkdir()
    (tmp_path / "host_tools" / "__init__.py").touch()
    (tmp_path / "host_tools" / "cli.py").write_text("def main(words):\n    import fcntl\n")
    words = [sys.executable, SCRIPT, tmp_path]
    told = subprocess.run(words, input='[["x"]]', capture_output=True, text=True, check=False)
    assert "no module 'fcntl' here" in told.stderr


def test_what_is_posix_only_is_imported_where_it_may_fail():
    """At the head of a module such an import stands in a try, or in suppress(ImportError)."""
    wrong = []
    for path in tree.python_files("codegen", "host_tools", "models", "safe_edge", "targets"):
        for statement in tree.tree(path).body:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in statement.names} | {
                    getattr(statement, "module", None)
                }
                wrong += [f"{path}: {n}" for n in names & without_posix.MODULES]
    assert wrong == []


def test_no_name_that_only_posix_has():
    wrong = [
        f"{path}: {item.value.id}.{item.attr}"
        for path in tree.python_files("codegen", "host_tools", "models", "safe_edge", "targets")
        for item in ast.walk(tree.tree(path))
        if isinstance(item, ast.Attribute) and isinstance(item.value, ast.Name)
        if item.attr in without_posix.NAMES.get(item.value.id, ())
    ]
    assert set(wrong) == ASKED_BEFORE


def test_a_pipe_that_is_no_utf8_takes_every_character():
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    words = [sys.executable, "-m", "host_tools", "targets", "show", "stm32f4"]
    told = subprocess.run(words, env=environment, capture_output=True, check=False, cwd=ROOT)
    assert (told.returncode, told.stderr) == (0, b"")


def test_a_long_path_with_blanks(verbs):
    deep = Path("a folder with blanks", *(["d" * 60] * 4))
    (code, out, err), *_ = verbs(["generate", "--out", str(deep)])
    assert code == 0, err
    assert str(deep) in out
    assert (verbs.folder / deep / "safe_forecaster.c").is_file()
