"""The service's errors. Each states a fact: a slug, a status, parameters; never a finished sentence.

    DomainError
    ├── Invalid            422  what was given cannot be used
    ├── NotFound           404
    ├── Forbidden          403  signed in, but not allowed
    ├── SignInNeeded       401
    ├── Conflict           409  right in itself, but not now: taken, closed, already done
    ├── Gone               410  a link that was revoked or has expired
    ├── TooLarge           413
    ├── TooMany            429  attempts are limited
    └── Unavailable        503
        ├── DatabaseUnusable
        └── SchemaBehind

The sentence for a slug, in both languages, is made where a person reads it (`web/sentences.py`).
"""

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal with a reason.

    Args:
        slug: kebab-case name of the fact; the key of its message.
        params: what the message is filled with. No personal values, no secrets: they reach logs.
    """

    status: ClassVar[int] = 400

    def __init__(self, slug: str, **params: Any) -> None:
        super().__init__(slug, params)
        self.slug = slug
        self.params = params

    def __str__(self) -> str:
        shown = ", ".join(f"{key}={value}" for key, value in self.params.items())
        return f"{self.slug} ({shown})" if shown else self.slug


class Invalid(DomainError):
    status = 422


class FieldErrors(Invalid):
    """A form or a file with faults at named places.

    Args:
        errors: place (a field's name, or "row 12, column email") → message slug and parameters.
    """

    def __init__(self, slug: str = "invalid-input", *, errors: list[dict[str, Any]], **params: Any) -> None:
        super().__init__(slug, **params)
        self.errors = errors


class NotFound(DomainError):
    status = 404


class Forbidden(DomainError):
    status = 403


class SignInNeeded(DomainError):
    status = 401


class Conflict(DomainError):
    status = 409


class Gone(DomainError):
    status = 410


class TooLarge(DomainError):
    status = 413


class TooMany(DomainError):
    status = 429


class Unavailable(DomainError):
    status = 503


class DatabaseUnusable(Unavailable):
    def __init__(self, **params: Any) -> None:
        super().__init__("database-unusable", **params)


class SchemaBehind(Unavailable):
    def __init__(self, **params: Any) -> None:
        super().__init__("schema-behind", **params)
