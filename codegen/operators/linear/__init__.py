"""Operators that are sums of weights times inputs."""
