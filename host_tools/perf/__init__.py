"""Cost of a generated model: instructions, cycles, memory; by model, target and goal."""
