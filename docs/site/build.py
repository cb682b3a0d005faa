"""Build the site of the documentation from the Markdown files: `./safe docs [--out DIR]`.

Every link and every anchor is checked; the pages ask nothing of the network, and open from a file.
With `--picture build/demo/report.html` only README's picture is made, of that report.
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIG = Path(__file__).with_name("mkdocs.yml")
FAILED = 1


def build(out: Path) -> None:
    """Write the site to `out`; raises `mkdocs.exceptions.Abort` where a link leads nowhere."""
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
    from mkdocs.commands import build as mkdocs
    from mkdocs.config import load_config

    config = load_config(str(CONFIG), strict=True, site_dir=str(out))
    config.plugins.on_startup(command="build", dirty=False)
    try:
        mkdocs.build(config)
    finally:
        config.plugins.on_shutdown()


def _picture(report: Path) -> int:
    """Make the picture of README; return the exit code."""
    from docs.site import picture
    from targets.errors import SafeError

    try:
        picture.make(report)
    except SafeError as error:
        sys.stderr.write(f"safe: no picture was made: {error}\n")
        return FAILED
    sys.stdout.write(f"{picture.FILE}\n")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Build; return the exit code."""
    parser = argparse.ArgumentParser(prog="./safe docs", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=ROOT / "build" / "site", help="folder (default: build/site)"
    )
    parser.add_argument(
        "--picture", type=Path, metavar="REPORT", help="only make README's picture of this report"
    )
    arguments = parser.parse_args(argv)
    out: Path = arguments.out.resolve()
    sys.path.insert(0, str(ROOT))
    if arguments.picture is not None:
        return _picture(arguments.picture)
    from mkdocs.exceptions import MkDocsException

    logging.basicConfig(format="safe: %(message)s", level=logging.WARNING)
    try:
        build(out)
    except (MkDocsException, OSError) as error:
        sys.stderr.write(f"safe: no site was built: {error}\n")
        return FAILED
    sys.stdout.write(f"{out / 'index.html'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
