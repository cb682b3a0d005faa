"""One file per operator, found by `registry`."""
