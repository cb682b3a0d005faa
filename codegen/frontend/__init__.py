"""TFLite flatbuffer to graph."""
