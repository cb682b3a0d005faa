"""Runtimes that compute a model on this host: TFLite Micro, LiteRT and the generated C."""
