"""Reports as tables, JSON and HTML pages."""
