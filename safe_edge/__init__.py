"""SAFE as an installed package: the rooms of the repository lie in this folder.

Their names (`targets`, `models`, `codegen`) are too general for everybody's `site-packages`, so
they are found by the command `host_tools` alone: see `safe_edge.command`.
"""
