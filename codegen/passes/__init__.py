"""Graph to graph, one file per pass; the verifier runs after each."""
