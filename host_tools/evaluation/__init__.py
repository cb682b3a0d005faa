"""Part of evaluation."""
