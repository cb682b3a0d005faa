"""From a line of a machine to a log: rows with stamps, gaps that are told, whole files."""
