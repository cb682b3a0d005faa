"""Shipped models: description, architecture, trained artifacts."""
