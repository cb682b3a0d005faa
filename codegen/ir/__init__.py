"""The graph as frozen values, its rules and its text dump."""
