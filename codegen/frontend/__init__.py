"""Import of a TFLite flatbuffer as a graph."""
