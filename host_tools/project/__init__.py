"""A project of the user's own: `host_tools new` writes it once, and never again."""
