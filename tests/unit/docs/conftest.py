"""The documentation's site, built once."""

import pytest


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the site."""
    from docs.site import build

    out = tmp_path_factory.mktemp("site")
    build.build(out)
    return out
