"""Part of conversion."""
