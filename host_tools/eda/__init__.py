"""Part of eda."""
