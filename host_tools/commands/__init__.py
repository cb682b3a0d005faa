"""One file per verb of the command line, found by a sorted scan."""
