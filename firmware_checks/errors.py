"""What can be wrong with material that this package is given.

    FirmwareError
    ├── VersionUnreadable      a text without a version in it
    ├── ImageUnreadable        a firmware file that cannot be read: missing, too big, of no known form
    │   └── ImageDamaged       its own form shows that it was cut or altered; the parameters say where
    ├── BaselineInvalid        a baseline file that does not keep the schema
    └── BundleRefused          a bundle from the service that was altered, is older, or has another's signature

Each carries a `slug` (the message's key in `messages/{el,en}.toml`) and `params`; never a finished sentence.
"""


class FirmwareError(ValueError):
    """The base: a key and the parameters of its message."""

    def __init__(self, slug: str, **params: object) -> None:
        self.slug = slug
        self.params = params
        detail = ", ".join(f"{key}={value!r}" for key, value in params.items())
        super().__init__(f"{slug}: {detail}" if detail else slug)


class VersionUnreadable(FirmwareError):
    """No version can be read in a text."""


class ImageUnreadable(FirmwareError):
    """A firmware image cannot be read; the parameters say where and why."""


class ImageDamaged(ImageUnreadable):
    """A firmware file is not whole: its own form (lengths, sums, an end record) shows it."""


class BaselineInvalid(FirmwareError):
    """A baseline file does not keep the schema; the parameters name file, place and reason."""


class BundleRefused(FirmwareError):
    """A bundle of baselines is not taken; the parameters say which and why."""
