"""Part of runtimes."""
