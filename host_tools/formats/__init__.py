"""Part of formats."""
