"""Emulators: QEMU launcher, instruction counter."""
