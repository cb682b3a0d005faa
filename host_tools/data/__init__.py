"""Reading and cutting CSV data."""
