"""Whether the tree can be released: one line for each thing that is missing.

The version stands in `sdk/include/safe/version.h` alone. Its section in CHANGELOG.md is called
`## X.Y.Z (YYYY-MM-DD)`; what comes after a release is written under `## Unreleased`, which a
release leaves without an entry, or out.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADER = "sdk/include/safe/version.h"
CHANGELOG = "CHANGELOG.md"
UNRELEASED = "Unreleased"
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_TITLE = re.compile(r"(?P<version>\S+)(?: \((?P<day>\d{4}-\d\d-\d\d)\))?")
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d?)\.(0|[1-9]\d?)")
_ENTRY = re.compile(r"^- ", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """A section of the changelog: its version or `Unreleased`, its day if it tells one, entries."""

    version: str
    day: str | None
    entries: int
    breaking: int


def sections(text: str) -> list[Section]:
    """Return the sections of a changelog, the newest first."""
    _, *parts = _HEADING.split(text)
    found = []
    for heading, body in zip(parts[::2], parts[1::2], strict=True):
        title = _TITLE.fullmatch(heading.strip())
        version, day = (title["version"], title["day"]) if title else (heading.strip(), None)
        count = len(_ENTRY.findall(body))
        found.append(Section(version, day, count, body.count("**Breaking")))
    return found


def of_version(header: str) -> Iterator[str]:
    """Yield what is wrong with the numbers of the header."""
    release = re.search(r'^#define SAFE_VERSION "([^"]*)"$', header, re.MULTILINE)
    number = re.search(r"^#define SAFE_VERSION_NUMBER (\d+)$", header, re.MULTILINE)
    match = _VERSION.fullmatch(release[1]) if release else None
    if match is None:
        yield f"{HEADER}: SAFE_VERSION must be major.minor.patch, the last two below 100"
        return
    major, minor, patch = map(int, match.groups())
    wanted = major * 10000 + minor * 100 + patch
    if number is None or int(number[1]) != wanted:
        yield f"{HEADER}: SAFE_VERSION_NUMBER must be {wanted} for {match[0]}"


def of_changelog(text: str, version: str, released: str) -> Iterator[str]:
    """Yield what is wrong with the changelog for a version; `released` is the day in the tool."""
    known = sections(text)
    ahead = next((s for s in known if s.version == UNRELEASED and s.entries), None)
    own = next((s for s in known if s.version == version), None)
    if ahead is not None:
        number = f"is {version}, which has its section: raise it and" if own else f"is {version}:"
        yield (
            f'{CHANGELOG}: "{UNRELEASED}" has {ahead.entries} entries ({ahead.breaking} breaking), '
            f"and SAFE_VERSION {number} call that section by its number, with the day"
        )
    elif own is None or not own.entries:
        yield f'{CHANGELOG}: no entries under "## {version} (YYYY-MM-DD)"'
    elif own.day is None:
        yield f'{CHANGELOG}: the section of {version} tells no day: "## {version} (YYYY-MM-DD)"'
    elif own.day != released:
        yield (
            f"host_tools/package/request.py: RELEASED is {released}, {CHANGELOG} says {own.day} "
            f"for {version}: packages tell that day"
        )


def of_git(root: Path, version: str) -> Iterator[str]:
    """Yield what keeps the present commit from being released."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(root), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    try:
        changed = git("status", "--porcelain").splitlines()
        head, tag = git("rev-parse", "HEAD").strip(), f"v{version}"
        tagged = git("rev-parse", f"{tag}^{{commit}}").strip() if git("tag", "-l", tag) else head
    except (OSError, subprocess.CalledProcessError):
        yield f"{root}: is no clone with git: a release is made of a commit"
        return
    if changed:
        name = changed[0][3:]
        yield f"the tree differs from its commit ({len(changed)} files, first {name}): commit"
    if tagged != head:
        yield f"{tag} is the tag of another commit: raise SAFE_VERSION in {HEADER}"


def problems(root: Path = ROOT) -> list[str]:
    """Return all that keeps the tree in `root` from being released."""
    from host_tools.package.request import RELEASED
    from targets.build import runtime_version

    version = runtime_version(root)
    changelog = (root / CHANGELOG).read_text(encoding="utf-8")
    header = (root / HEADER).read_text(encoding="utf-8")
    return [
        *of_version(header),
        *of_changelog(changelog, version, RELEASED),
        *of_git(root, version),
    ]
