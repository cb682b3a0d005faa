"""TFLite model in, C text out. Imports neither TensorFlow nor serial."""
