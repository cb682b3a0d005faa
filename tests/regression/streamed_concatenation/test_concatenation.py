"""A concatenation whose second input saw padding, with streaming, ended with a KeyError."""

from tests.operators import streaming
from tests.operators.builder import options
from tests.operators.stream_models import SAME, VALID, Net


def test_a_border_of_one_input_is_a_border_of_all(tmp_path):
    """CONCATENATION of rows that saw padding with rows that did not, in either order."""
    for order in (slice(None), slice(None, None, -1)):
        net = Net(16, 4)
        padded = net.conv(net.first, 4, 3, padding=SAME)
        plain = net.conv(net.first, 4, 1, padding=VALID)
        scale, zero = net.scales[padded]
        parts = []
        for part in (padded, plain):
            same = net._value(net.shapes[part], scale, zero)
            net.builder.operator("QUANTIZE", [part], [same], options("Quantize"))
            parts.append(same)
        joined = net._value((1, 1, 16, 8), scale, zero)
        net.builder.operator(
            "CONCATENATION", parts[order], [joined], options("Concatenation", axis=3)
        )
        model = net.model(net.conv(joined, 8, 3, padding=VALID))
        folder = tmp_path / str(order.step)
        folder.mkdir()
        program = streaming.build(model, folder)
        assert streaming.differing(program, model, 80) == 0
