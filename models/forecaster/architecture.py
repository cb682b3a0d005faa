"""Conv1D → LSTM → Dense → Reshape: the forecaster, for any channel count and either Keras.

The Keras module is a parameter (`keras` for training, `tf_keras` for conversion), so that
importing this file costs nothing and both builds are the same network.
"""

from typing import Any

CONV_FILTERS = 32
CONV_KERNEL = 3
LSTM_UNITS = 80


def build(
    keras: Any,
    *,
    channels: int,
    window: int,
    horizon: int,
    batch: int | None = None,
    conv_filters: int = CONV_FILTERS,
    conv_kernel: int = CONV_KERNEL,
    lstm_units: int = LSTM_UNITS,
) -> Any:
    """Return the uncompiled network.

    Args:
        keras: The module to build with: `keras` or `tf_keras`.
        channels: Sensor channels, at the input and at the output.
        window: Samples that the network sees.
        horizon: Samples that it forecasts.
        batch: Fixed batch size, or None. Conversion to a fused LSTM needs 1.
        conv_filters: Filters of the convolution over time.
        conv_kernel: Its width in samples.
        lstm_units: Units of the recurrent operator.

    Returns:
        A model from float32 [batch, window, channels] to float32 [batch, horizon, channels],
        both in standard deviations.
    """
    blocks = keras.layers
    inputs = keras.Input(shape=(window, channels), batch_size=batch, name="samples")
    flow = blocks.Conv1D(conv_filters, conv_kernel, padding="same", activation="relu", name="conv")(
        inputs
    )
    flow = blocks.LSTM(lstm_units, name="lstm")(flow)
    flow = blocks.Dense(horizon * channels, name="dense")(flow)
    outputs = blocks.Reshape((horizon, channels), name="forecast")(flow)
    return keras.Model(inputs, outputs, name="forecaster")
