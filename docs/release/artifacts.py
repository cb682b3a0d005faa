"""What a release consists of: sdist, wheel, packages of the shipped models, a bill of materials.

The sdist is made of the commit, and the wheel of the sdist, so that neither holds what lies about
in the tree. The same commit gives the same bytes.
"""

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from docs.release import bill
from host_tools.package import package, sbom
from host_tools.package.request import FORMATS, Request, default_name
from targets import build
from targets.errors import BuildError

SUMS = "SHA256SUMS"
_SECONDS = 600
_KEPT = {package.MANIFEST: "manifest.json", sbom.FILE: "cdx.json"}
"""Files of a package that stand beside its archives, and how their names end there."""


def commit(root: Path, out: Path) -> None:
    """Write the files of the present commit to `out`; BuildError where there is no git."""
    command = ["git", "-C", str(root), "archive", "HEAD"]
    try:
        packed = subprocess.run(command, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise BuildError(f"{root}: git archive failed: a release is made of a commit") from error
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(out, filter="data")


def _hatchling(kind: str, source: Path, out: Path) -> Path:
    """Build an sdist or a wheel of the folder `source`; return its path. Raises BuildError."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)]
    # The archives tell hatchling's own fixed day, whatever the caller's environment says.
    variables = {k: v for k, v in os.environ.items() if k != "SOURCE_DATE_EPOCH"}
    done = subprocess.run(
        command,
        cwd=source,
        env=variables,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    made = sorted(out.iterdir()) if out.is_dir() else []
    if done.returncode != 0 or len(made) != 1:
        last = (done.stderr.strip() or done.stdout.strip() or "it wrote nothing").splitlines()[-1]
        raise BuildError(f"the {kind} could not be built: {last}")
    return made[0]


def distributions(source: Path, work: Path) -> dict[str, bytes]:
    """Return the sdist of the folder `source` and the wheel of that sdist, by name."""
    sdist = _hatchling("sdist", source, work / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(work / "unpacked", filter="data")
    (unpacked,) = (work / "unpacked").iterdir()
    wheel = _hatchling("wheel", unpacked, work / "wheel")
    return {path.name: path.read_bytes() for path in (sdist, wheel)}


def packages(work: Path, day: str) -> dict[str, bytes]:
    """Return the archives of each shipped model's package, its manifest and its bill, by name."""
    found: dict[str, bytes] = {}
    for name in build.models():
        models = (build.find_model(name),)
        request = Request(
            models=models,
            name=default_name(models),
            version=build.runtime_version(),
            formats=FORMATS,
            target="stm32f4",
            date=day,
        )
        folder = work / request.name
        package.write(request, folder)
        stem = f"{request.name}-{request.version}"
        for path in (*folder.glob("*.pack"), *folder.glob("*.zip")):
            found[path.name] = path.read_bytes()
        for file, end in _KEPT.items():
            found[f"{stem}.{end}"] = (folder / file).read_bytes()
    return found


def sums(files: Mapping[str, bytes]) -> str:
    """Return the text that `sha256sum -c` takes."""
    lines = (f"{sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    return "".join(lines)


def make(root: Path, work: Path, day: str) -> dict[str, bytes]:
    """Return every file of a release by name, made in the folder `work`. Raises SafeError."""
    commit(root, work / "source")
    files = distributions(work / "source", work)
    files |= packages(work / "packages", day)
    version = build.runtime_version(root)
    files[f"safe-{version}.cdx.json"] = bill.text(version, work / "source", files)
    files = dict(sorted(files.items()))
    return files | {SUMS: sums(files).encode()}
