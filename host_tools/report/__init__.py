"""Tables, JSON and HTML."""
