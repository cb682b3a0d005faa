"""The default model: 16 channels, window 30, horizon 10."""
