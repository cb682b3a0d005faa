"""Types of numbers on the command line."""


def positive(text: str) -> int:
    """Return a whole number above 0; argparse says what is wrong otherwise."""
    value = int(text)
    if value <= 0:
        raise ValueError
    return value
