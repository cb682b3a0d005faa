"""How deep the stack of an image can get: proved from the linked code, not measured.

`listing` reads the disassembly of the linked image, `usage` what the compiler said about each
frame (`-fstack-usage`), `rules` who is called through which pointer, and `bound` adds up: the
deepest chain of the program, the hardware's frame and the deepest interrupt handler on top.
"""
