"""docs/install.md: from an empty folder with a log and the wheel to a running product."""

import os
import re

import pytest

from targets.build import runtime_version
from tests.conftest import ROOT
from tests.package.conftest import done, run

MARK = "<!-- tests/package/test_install.py runs these commands -->\n```sh\n"


def commands():
    """Return the commands that the page promises."""
    text = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    return text.partition(MARK)[2].partition("```")[0].splitlines()


@pytest.mark.emulator
def test_from_a_log_to_a_running_product(installed, tmp_path):
    assert 0 < len(commands()) <= 5
    installed(tmp_path, "plant", "--out", "measurements.csv", "--rows", "3000")
    path = os.pathsep.join([str(installed.folder / "bin"), os.environ["PATH"]])
    said = done(run(["bash", "-e", "-c", "\n".join(commands())], tmp_path, PATH=path))
    assert re.search(
        rf"^my-product: model \w+, SAFE {re.escape(runtime_version())}$", said, re.MULTILINE
    )
    assert re.search(r"^sample \d+: ok, score \d+$", said, re.MULTILINE)
    assert re.search(r"^the recording ends: 256 samples, checksum \d+$", said, re.MULTILINE)
    assert {p.name for p in tmp_path.iterdir()} == {"measurements.csv", "mymodel", "my-product"}
    assert (tmp_path / "my-product/build/stm32f4").is_dir()


def test_the_page_knows_every_extra_and_setting():
    import tomllib

    from host_tools import settings

    text = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = set(tables["project"]["optional-dependencies"]) - {"test", "lock", "dask"}
    assert {name for name in extras if f"`{name}`" not in text} == set()
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert set(tomllib.loads(example)) == {*settings.KEYS, settings.TOOLS}
    for key in (*settings.KEYS, settings.TOOLS):
        assert f"`SAFE_{key.upper()}`" in text
