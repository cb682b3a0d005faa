"""From what a user asks to the rule of the fit."""

from host_tools.detection.choice import Choice


def test_slow_samples_are_averaged_over_fewer_rows():
    made = {step: Choice().rule("training", 1 / step) for step in (1, 60, 180, 181, 600, 3600)}
    rows = {step: rule.rows for step, rule in made.items()}
    assert rows == {1: 10, 60: 10, 180: 10, 181: 9, 600: 3, 3600: 3}
    assert made[1].alpha == 0.1
    assert abs(made[600].alpha - 1 / 3) < 1e-12
