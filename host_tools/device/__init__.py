"""Serial link, protocol and bench."""
