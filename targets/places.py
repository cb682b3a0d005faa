"""Folders of SAFE's own files and of what it builds; no other module works them out.

In a clone the rooms (`sdk`, `targets`, `codegen`, `models`, `host_tools`) and SConstruct lie in
the repository. A wheel holds the same tree inside the package `safe_edge`, so that everything
below is the same in both but `BUILD`. The files must be real ones, because C compilers read them:
that is what pip installs.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""Folder that holds the rooms."""
SDK = ROOT / "sdk"
MODELS = ROOT / "models"
INSTALLED = not (ROOT / "pyproject.toml").is_file()
"""Whether this is an installed package and no clone: nothing is ever written below `ROOT` then."""
OUT = "build"
"""Folder of everything that is built, unless another is named."""
PROJECT = "safe.toml"
"""File that makes a folder a project of the user's own: see `host_tools.settings`."""


def project(folder: Path) -> Path | None:
    """Return the nearest project: `folder`, or one above it."""
    return next((place for place in (folder, *folder.parents) if (place / PROJECT).is_file()), None)


BUILD = (project(Path.cwd()) or (Path.cwd() if INSTALLED else ROOT)) / OUT
"""Folder `OUT` of the project, else in the clone; of an installed package in the current folder."""
