"""Recording of logs: a board's lines as rows with stamps, gaps that are told, whole files."""
