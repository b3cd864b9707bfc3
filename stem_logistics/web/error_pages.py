"""What each refusal says to a person: what happened, and what to do about it."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from stem_logistics.web.i18n import LazyText, _
from stem_logistics.web.language import safe_local_path


@dataclass(frozen=True)
class Refusal:
    """The words of one HTTP status for `errors/error.html`."""

    title: LazyText
    what: LazyText
    todo: LazyText


REFUSALS: Final[dict[int, Refusal]] = {
    400: Refusal(
        _("We did not understand the request"),
        _("Something in the address or in what was sent is not as it should be."),
        _("Go back, check what you wrote and try again."),
    ),
    401: Refusal(
        _("Please sign in"),
        _("This page is for people who have signed in, or your session has ended."),
        _("Sign in, and you will come back to this page."),
    ),
    403: Refusal(
        _("You may not open this page"),
        _("Your account does not have this permission."),
        _("If your work needs it, ask the NSO."),
    ),
    404: Refusal(
        _("This page was not found"),
        _("The address may be incomplete, or the link may have expired."),
        _("If you came from a mail, open the whole link again. If it fails again, ask us for a new one."),
    ),
    405: Refusal(
        _("This cannot be done here"),
        _("The page exists but does not take this kind of request."),
        _("Go back and use the buttons of the page."),
    ),
    409: Refusal(
        _("Something has changed meanwhile"),
        _("Someone else, or you in another window, has already changed what you were working on."),
        _("Reload the page, look at what it says now and try again."),
    ),
    410: Refusal(
        _("This link is no longer valid"),
        _("It has been used, replaced by a newer one, or its time has passed."),
        _("Look for a newer mail from us, or ask us for a new link."),
    ),
    413: Refusal(
        _("The files are too large"),
        _("What was sent is larger than we can take, so nothing of it was kept."),
        _("Go back to the form: what you typed is still there. Choose smaller files, or send fewer at once."),
    ),
    415: Refusal(
        _("We cannot read this kind of file"),
        _("The file's form is not one of those that this page takes."),
        _("Save it in one of the forms that the page names and send it again."),
    ),
    422: Refusal(
        _("Something in the form is not right"),
        _("What was sent does not fit what the page asks for."),
        _("Go back, correct it and send it again."),
    ),
    429: Refusal(
        _("Too many requests"),
        _("More requests came from you in a short time than we allow."),
        _("Wait a minute and try again. Nothing that you had sent before is lost."),
    ),
    500: Refusal(
        _("Something broke on our side"),
        _("It is not your fault. The fault has been recorded."),
        _("Try again in a few minutes. If it happens again, tell us what you were doing."),
    ),
    503: Refusal(
        _("The service is not available right now"),
        _("It is being started or repaired."),
        _("Try again in a few minutes."),
    ),
}


# Where a status says too little, the error's slug gives the title.
TITLES: Final[dict[str, LazyText]] = {
    "wave-closed": _("The deadline has passed"),
    "correction-closed": _("The deadline has passed"),
    "appeals-closed": _("The deadline has passed"),
    "wave-opens-later": _("Applications have not opened yet"),
}
OWN_PAGES: Final = ("application", "result", "r")


def form_page(path: str, referer: str) -> str:
    """Where a form was filled in that was too large to be read: the page that it was sent from, if it is one of the
    same link or thing; empty for any other."""
    came_from = urlsplit(referer)
    same = came_from.path.split("/")[:3] == path.split("/")[:3] and came_from.path.startswith("/")
    query = f"?{came_from.query}" if came_from.query else ""
    return safe_local_path(came_from.path + query) if same else ""


def own_page(path: str) -> str:
    """The page that a link of a school's leads to, for an address below it; empty for any other."""
    _, first, token, *below = [*path.split("/"), "", ""]
    return f"/{first}/{token}" if first in OWN_PAGES and token and any(below) else ""


def refusal(status: int) -> Refusal:
    """The words for a status; a status without words of its own speaks as 400 or 500 does."""
    return REFUSALS.get(status, REFUSALS[500 if status >= 500 else 400])
