"""Training ended in a traceback, after its work, where quiet rows were too few to inject a step."""

from host_tools.report import sight_page
from tests.unit.host_tools.report.test_sight_page import figures


def test_a_share_of_nothing_is_a_dash() -> None:
    seen = figures()["injected_faults"] | {"step_share": None, "step_delay_rows": None}
    text = sight_page.page(figures(injected_faults=seen), "pump")
    assert "of injected steps noticed" in text
