"""What `--help` of the pipeline's verbs shows."""

import pytest

from host_tools import cli


@pytest.mark.parametrize(
    "verb", ["eda", "train", "export", "represent", "convert", "evaluate", "sweep", "golden"]
)
def test_help_has_an_example(verb: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main([verb, "--help"])
    assert end.value.code == 0
    assert f"host_tools {verb} --" in capsys.readouterr().out.split("Example:")[1]
