"""What every answer carries: its request's id, and what browsers are to be careful of."""

import re
import secrets

from stem_logistics import runtime


def new_request_id() -> str:
    """An id for a request that brought none."""
    return secrets.token_hex(8)


def public_path(path: str) -> str:
    """A path as logs may hold it: without a link's token, whole or cut off by a mail program."""
    path = re.sub(r"^/(r|h|application|result|k|s)/[^/]+", r"/\1/…", path)
    return re.sub(r"/[A-Za-z0-9_-]{30,}", "/…", path)


def answer_headers(path: str) -> dict[str, str]:
    """The headers of every answer, unless its route says otherwise."""
    headers = {
        "content-security-policy": (
            "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
            "form-action 'self'; frame-ancestors 'none'"
        ),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "permissions-policy": "geolocation=(), microphone=(), camera=(self)",
    }
    if not path.startswith("/static/"):
        headers["cache-control"] = "no-store"
    if runtime.settings().behind_tls:
        headers["strict-transport-security"] = "max-age=31536000"
    return headers
