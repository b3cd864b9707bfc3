"""Whatever a device or a person said, cut and cleaned before it is shown or kept."""

MOST_TEXT = 512


def printable(value: str) -> str:
    """A text of a device or a person: bounded, and without control characters that could rule a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value[:MOST_TEXT])
