"""Make a release: `./safe release [--out DIR]`, or `./safe release --check` without leaving one.

Writes sdist, wheel, the packages of the shipped models, a bill of materials and SHA256SUMS. All is
made twice and must be equal to the byte; files and devices of earlier releases must still be read,
or refused with a reason. What keeps the tree from being released is told, a line each.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "release"
COMPATIBILITY = "tests/compatibility"
FAILED = 1


def _say(line: str) -> None:
    sys.stderr.write(f"release: {line}\n")


def different(first: dict[str, bytes], second: dict[str, bytes]) -> list[str]:
    """Return the names of the files in which two runs differ, sorted."""
    return sorted(n for n in {*first, *second} if first.get(n) != second.get(n))


def compatible() -> list[str]:
    """Run the checks of older formats; return what is wrong."""
    command = [sys.executable, "-m", "pytest", "-q", COMPATIBILITY]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    sys.stderr.write(done.stdout[-4000:])
    return [f"{COMPATIBILITY} fails: files or devices of an earlier release are not told right"]


def made(day: str) -> tuple[dict[str, bytes], list[str]]:
    """Make the files twice; return them, and what is wrong. Raises SafeError."""
    from docs.release import artifacts
    from targets import output

    runs = []
    for number in (1, 2):
        with output.scratch("release") as work:
            _say(f"sdist, wheel, packages, bill of materials ({number} of 2)")
            runs.append(artifacts.make(ROOT, work, day))
    wrong = different(*runs)
    return runs[0], [f"two runs differ in {', '.join(wrong)}"] if wrong else []


def write(out: Path, files: dict[str, bytes]) -> None:
    """Write the files into a folder that holds nothing else. Raises OutputError."""
    from docs.release.artifacts import SUMS
    from targets import output
    from targets.errors import OutputError

    lines = (out / SUMS).read_text(encoding="utf-8") if (out / SUMS).is_file() else ""
    earlier = {SUMS, *(line.partition("  ")[2] for line in lines.splitlines())}
    foreign = sorted({path.name for path in out.iterdir()} - earlier) if out.is_dir() else []
    if foreign:
        raise OutputError(f"{out}: holds {foreign[0]}, which is of no release; name another folder")
    with output.staged(out, SUMS) as stage:
        stage.replaced.update(earlier - {SUMS})
        for name, content in files.items():
            output.write(stage.folder / name, content)


def release(out: Path, *, is_check: bool) -> int:
    """Make or check a release; return the exit code. Raises SafeError."""
    from docs.release import state
    from host_tools.package.request import RELEASED
    from targets import output

    wrong = state.problems()
    if not is_check and not wrong:
        output.check_folder(out)
    if is_check or not wrong:
        _say("files and devices of earlier releases")
        wrong += compatible()
    files: dict[str, bytes] = {}
    if is_check or not wrong:
        files, differing = made(RELEASED)
        wrong += differing
    for line in wrong:
        _say(line)
    if wrong:
        return FAILED
    if not is_check:
        write(out, files)
    total = sum(map(len, files.values()))
    place = "can be released" if is_check else f"{out}"
    sys.stdout.write(f"{place}: {len(files)} files, {total:,} bytes, equal in two runs\n")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Release; return the exit code."""
    sys.path.insert(0, str(ROOT))
    from targets.errors import SafeError

    parser = argparse.ArgumentParser(
        prog="./safe release",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=OUT, help="folder (default: build/release)")
    parser.add_argument("--check", action="store_true", help="tell what is missing, write nothing")
    arguments = parser.parse_args(argv)
    try:
        return release(arguments.out.resolve(), is_check=arguments.check)
    except SafeError as error:
        _say(str(error))
        return int(error.exit_code)


if __name__ == "__main__":
    sys.exit(main())
