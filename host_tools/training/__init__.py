"""Training, export and conversion: the only user of TensorFlow."""
