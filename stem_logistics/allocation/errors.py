"""What can be wrong with an allocation's files. An error carries a slug, a message key and parameters.

AllocationError
├── UnusableInput            the input cannot be used: not JSON, an unknown or repeated key, a wrong type
│   └── InvalidWave          it can be read, but breaks the rules of a wave (INVALID_WAVE)
└── SeedNotFromCommitment    the revealed nonce and draw do not give what the call promised
"""


def N_(message: str) -> str:  # noqa: N802 -- the name by which catalogues find their messages
    """Mark a message for the catalogue (the same mark as the service's; this module stays light)."""
    return message


class AllocationError(Exception):
    """The base. `msgid` is the English sentence with `%(names)s` for `params`; its Greek stands in the catalogue."""

    slug = "ALLOCATION_ERROR"

    def __init__(self, msgid: str, **params: object) -> None:
        super().__init__(msgid)
        self.msgid = msgid
        self.params = params

    def __str__(self) -> str:
        return f"{self.slug}: {self.msgid % self.params}"


class UnusableInput(AllocationError):
    slug = "UNUSABLE_INPUT"


class InvalidWave(UnusableInput):
    slug = "INVALID_WAVE"


class SeedNotFromCommitment(AllocationError):
    slug = "SEED_NOT_FROM_COMMITMENT"


def quoted(value: object) -> str:
    """A value of a file as it may stand in a message: short, without characters that act on a terminal."""
    if isinstance(value, str):
        text = "".join(c if c.isprintable() and c not in '"\\' else ascii(c)[1:-1] for c in value[:80])
        return f'"{text}{"…" if len(value) > 80 else ""}"'
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value) if abs(value) < 10**30 else "10^30…"
    return "[…]" if isinstance(value, list) else "{…}" if isinstance(value, dict) else str(value)
