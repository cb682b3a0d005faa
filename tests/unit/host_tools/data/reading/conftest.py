"""A writer of small logs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.host_tools.data.reading.made import Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(header: str, row: Callable[[int], str], rows: int = 240,
                name: str = "log.csv", encoding: str = "utf-8") -> Path:  # fmt: skip
        path = tmp_path / name
        lines = [*([header] if header else []), *(row(i) for i in range(rows))]
        path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
        return path

    return to_file
