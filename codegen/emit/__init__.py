"""The only place where a number becomes C text."""
