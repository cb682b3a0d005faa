"""Liveness, arena planner, and a checker that shares no code with it."""
