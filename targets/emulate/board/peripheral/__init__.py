"""Part of peripheral."""
