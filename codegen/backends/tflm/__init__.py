"""TensorFlow Lite Micro, as a library that the user builds."""
