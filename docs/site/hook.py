"""What MkDocs asks while it builds the site: which pages there are, and what they say.

The pages are the repository's own Markdown files at their own places, so that a link means the same
on the site as beside the sources. Some are made while building: the operators, from their registry,
and the interfaces in C, C++ and Python, from headers and docstrings.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs.site import headers, operators, python

ROOT = Path(__file__).resolve().parents[2]
PATTERNS = ("*.md", "docs/*.md", "docs/img/*.png", "examples/*/README.md")
MADE = {
    "operators": operators.page,
    "api": headers.page,
    "generated": headers.generated_page,
    "cpp": headers.cpp_page,
    "python": python.page,
}
"""Pages below docs that are made, by name."""
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s#:]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages and pictures of the repository, and what is made of its sources."""
    for pattern in PATTERNS:
        for path in sorted(ROOT.glob(pattern)):
            name = path.relative_to(ROOT).as_posix()
            files.append(File.generated(config, name, abs_src_path=str(path)))
    for name, make in MADE.items():
        files.append(File.generated(config, f"docs/{name}.md", content=make()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Leave the words of a link to a source file, which is no page of the site."""
    del config
    folder = posixpath.dirname(page.file.src_uri)

    def words(match: re.Match[str]) -> str:
        name = posixpath.normpath(posixpath.join(folder, match[2]))
        is_source = files.get_file_from_path(name) is None and (ROOT / name).exists()
        return match[1] if is_source else match[0]

    return _LINK.sub(words, markdown)
