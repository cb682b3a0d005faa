"""Targets described as data, their start-up code, drivers and emulators."""
