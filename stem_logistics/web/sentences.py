"""The sentence for each error's slug: what is wrong, and what to do. A noun adds its own in `<noun>/sentences.py`."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from stem_logistics import nouns
from stem_logistics.codes import parse_code, shown_code
from stem_logistics.errors import DomainError
from stem_logistics.web.formats import format_date
from stem_logistics.web.i18n import N_, gettext

# Parameters that name things by their public code.
CODES = frozenset({"kit", "code", "consignment", "case", "other", "what"})
SENTENCES: dict[str, str] = {
    "invalid-input": N_("Some of what was given cannot be used. See the places named, correct them and send again."),
    "not-found": N_("There is nothing at this address. Check it, or start from the first page."),
    "method-not-allowed": N_("This address does not take that kind of request."),
    "sign-in-needed": N_("Sign in to see this page."),
    "sign-in-refused": N_("E-mail and password do not go together. Check both and try again."),
    "not-allowed": N_("Your role does not allow this. If you need it for your work, ask the NSO."),
    "form-expired": N_("This form was open too long, or cookies are off. Go back, reload the page and send it again."),
    "too-many-attempts": N_("Too many attempts. Wait %(minutes)s minutes and try again."),
    "internal-error": N_(
        "Something went wrong on our side; nothing was changed. Try again, and if it stays, tell us the number below."
    ),
    "database-unavailable": N_("The database does not answer. Nothing was changed; try again in a minute."),
    "database-unusable": N_("The database in %(path)s does not start: %(cause)s"),
    "schema-behind": N_("The database is older than the program (missing: %(pending)s). Run `stem migrate`."),
    "request-too-large": N_("This is larger than the service takes. Send a smaller file."),
    "file-too-large": N_("The file has %(size)s bytes; at most %(limit)s are taken."),
    "file-not-found": N_("This file is not in the store."),
    "mail-not-found": N_("There is no message with the number %(id)s."),
    "demo-half-loaded": N_("The demo was interrupted while it was being loaded. Start over with `make demo-reset`."),
    "demo-still-running": N_("The demo is running (process %(processes)s). Stop it first, then start over."),
    "demo-on-a-server": N_(
        "STEM_DATABASE_URL names a server: the demo does not empty it. Unset it, or empty the database yourself."
    ),
    "job-not-found": N_("There is no work with the number %(id)s."),
    "job-crashed": N_("The work stopped at an unforeseen fault (%(cause)s). It was reported; nothing was half-done."),
    "account-not-found": N_("No account has the address %(address)s. Check it; a shut account is not opened again."),
    "region-not-found": N_("No regional directorate has the code %(code)s. `stem registry import` brings them."),
    "job-owner-left": N_("Whoever started this work may not sign in any more, so it was not done. Start it again."),
    "job-gave-up": N_("The work was interrupted %(attempts)s times and was given up. Start it again."),
    "job-kind-unknown": N_("This server does not know work of the kind %(kind)s: it is older than what asked for it."),
    "link-unknown": N_(
        "This link is not known. Mail programs sometimes cut links: copy the whole address from the message."
    ),
    "link-revoked": N_("This link was withdrawn on %(since)s. Ask the NSO for a new one."),
    "link-expired": N_("This link expired on %(since)s. Ask the NSO for a new one."),
    "code-mistyped": N_(
        "This is not a code of ours: a character is wrong. Read it from the message again; it has 8 characters."
    ),
    "code-of-another-consignment": N_(
        "This code does not belong to this consignment. Check that the message is about this parcel."
    ),
    "secret-key-unreadable": N_(
        "The secret key in %(path)s is damaged. Restore it from the backup, or set STEM_SECRET_KEY."
    ),
    "sealed-with-another-key": N_(
        "This was sealed with another secret key. Start the service with the key it was made with."
    ),
    "mail-address-unusable": N_("%(address)s is not an e-mail address."),
    "mail-header-with-line-break": N_("The field %(field)s must be one line."),
    "password-too-short": N_("A password has at least %(minimum)s characters."),
    "role-needs-region": N_("The role %(role)s is held for a region. Name the regional directorate."),
    "role-unknown": N_("There is no role %(role)s. Known: %(known)s."),
    "email-taken": N_("There is an account with this e-mail already."),
    "already-exists": N_("This exists already."),
    "still-referenced": N_("This refers to something that is not there, or is still referred to."),
    "refused-by-database": N_("These values do not fit together: %(detail)s"),
    "history-is-append-only": N_("History is not changed. A correction is a new entry."),
    "stock-overdrawn": N_("There is not enough there: %(detail)s"),
    "device-in-two-places": N_("This device is in another place already."),
    "movement-in-future": N_("A movement cannot lie in the future. Check the date."),
    "idempotency-key-reused": N_("This Idempotency-Key was used for another request. Use a new one for each request."),
    "csrf": N_("This form was open too long, or cookies are off. Go back, reload the page and send it again."),
}


@cache
def catalogue() -> Mapping[str, str]:
    """All messages: the foundation's and every noun's.

    Raises:
        ValueError: two modules claim one slug.
    """
    merged = dict(SENTENCES)
    for module in nouns.load("sentences"):
        for slug, text in module.SENTENCES.items():
            if slug in merged:
                raise ValueError(f"{module.__name__}: the slug {slug} has a message already")
            merged[slug] = text
    return merged


def _shown(name: str, value: object) -> object:
    """A parameter as people read it: days in words, public codes with their hyphen."""
    if isinstance(value, date):
        return format_date(value)
    if name in CODES and isinstance(value, str) and parse_code(value) == value:
        return shown_code(value)
    return value


def sentence(slug: str, params: Mapping[str, Any]) -> str:
    """The message of a slug in the reader's language; the slug itself where it has none (a test forbids that). Days
    and codes among its parameters are told as people write them."""
    text = catalogue().get(slug)
    if text is None:
        return slug
    params = {name: _shown(name, value) for name, value in params.items()}
    try:
        return gettext(text, **params)
    except KeyError:
        return gettext(text.split("%(")[0])


def sentence_of(error: DomainError) -> str:
    """The message of an error in the reader's language."""
    return sentence(error.slug, error.params)
