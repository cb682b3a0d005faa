"""Part of workflow."""
