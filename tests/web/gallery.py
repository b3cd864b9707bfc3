"""A small application that shows every component with believable content.

To look at it: `python -m tests.web.gallery`.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from litestar import Litestar, MediaType, Request, get, post
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import ResponseHeader
from litestar.exceptions import HTTPException
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Stream, Template
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig

from stem_logistics.web import charts
from stem_logistics.web.exports import Column, Format, export_response
from stem_logistics.web.forms import FormErrors
from stem_logistics.web.i18n import _
from stem_logistics.web.language import LanguageMiddleware, choose_language
from stem_logistics.web.listing import Choice, ListSpec
from stem_logistics.web.navigation import Viewer
from stem_logistics.web.templating import STATIC_DIR, create_template_engine

TEMPLATES: Final = Path(__file__).parent / "templates"
NOW: Final = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
# As strict as the service's: a component that needs an inline style or script shows it here.
POLICY: Final = (
    "; ".join(f"{what}-src 'self'" for what in ("style", "script", "img", "connect"))
    + "; default-src 'none'; form-action 'self'"
)


@dataclass(frozen=True)
class Event:
    at: datetime | None
    title: str
    text: str = ""
    who: str = ""
    href: str | None = None
    tone: str = "good"


@dataclass(frozen=True)
class Job:
    state: str
    percent: int | None
    text: str
    since: datetime | None


@dataclass(frozen=True)
class Todo:
    title: str
    text: str
    href: str
    since: datetime | None
    tone: str = "warn"


@dataclass(frozen=True)
class Parcel:
    number: str
    school: str
    place: str
    kits: int
    sent: datetime
    state: tuple[str, str]


PARCELS: Final = [
    Parcel("ΑΠ-0413-7", "7ο Νηπιαγωγείο Κατερίνης", "Πιερία", 1, NOW - timedelta(days=3), ("Παραλήφθηκε", "good")),
    Parcel(
        "ΑΠ-0414-2",
        "Μειονοτικό Δημοτικό Σχολείο Σμίνθης",
        "Ξάνθη",
        2,
        NOW - timedelta(days=3),
        ("Στον δρόμο", "busy"),
    ),
    Parcel("ΑΠ-0415-9", "1ο ΕΕΕΕΚ Ρόδου", "Δωδεκάνησα", 1, NOW - timedelta(days=9), ("Με απόκλιση", "warn")),
    Parcel(
        "ΑΠ-0416-4",
        "Σχολείο Δεύτερης Ευκαιρίας Τρικάλων",
        "Τρίκαλα",
        12,
        NOW - timedelta(days=21),
        ("Χάθηκε", "bad"),
    ),
    Parcel("ΑΠ-0417-0", "Γυμνάσιο Καστελλόριζου", "Δωδεκάνησα", 1, NOW, ("Ετοιμάζεται", "wait")),
]
PARCEL_LIST: Final = ListSpec(
    sorts=("number", "school", "sent"),
    default_sort="-sent",
    filters={"state": Choice.of("good", "busy", "bad")},
)
EVENTS: Final = [
    Event(None, "Επιβεβαίωση παραλαβής από το σχολείο", tone="wait"),
    Event(NOW - timedelta(days=2), "Παραδόθηκε στο σχολείο", who="Ταχυμεταφορά", tone="busy"),
    Event(NOW - timedelta(days=4), "Στάλθηκε", "Δέμα 1 από 1", "Αποθήκη Πάτρας", "/table"),
    Event(NOW - timedelta(days=12), "Ελέγχθηκε: βλάβη", "Το πλακέτ δεν απαντά.", "Α. Νικολάου", tone="bad"),
    Event(NOW - timedelta(days=14), "Παλιά έκδοση υλικολογισμικού", "", "Τεχνικός Α. Νικολάου", tone="warn"),
    Event(NOW - timedelta(days=40), "Αγοράστηκε", "Σύμβαση 23SYMV013", "Ε.Ο.Υ."),
]
FUNNEL: Final = charts.bars(
    [
        charts.Bar("Υπέβαλαν αίτηση", 412, "/table"),
        charts.Bar("Πλήρεις αιτήσεις", 371, "/table"),
        charts.Bar("Επιλέξιμες", 296, "/table"),
        charts.Bar("Επιλέχθηκαν", 100, "/table"),
        charts.Bar("Παρέλαβαν", 88, "/table"),
        charts.Bar("Το χρησιμοποιούν", 61, "/table"),
    ]
)


def good(count: int) -> tuple[str, str, int]:
    return "good", "εντάξει", count


def old(count: int) -> tuple[str, str, int]:
    return "warn", "παλιά έκδοση", count


def bad(count: int) -> tuple[str, str, int]:
    return "bad", "βλάβη", count


HEALTH: Final = [
    ("micro:bit V2, DAPLink 0257", "/table", charts.stack([good(320), old(41), bad(6)])),
    ("Arduino Uno R3", "/table", charts.stack([good(96), bad(11), ("busy", "δεν ολοκληρώθηκε", 4)])),
    ("Creality Ender-3 V2 Neo", None, charts.stack([good(44), old(6)])),
]
QUEUE: Final = [
    charts.Queued(
        rank=index + 1,
        points=48 - index * 0.75 if index < 16 else 36 if index < 20 else 35.1 - (index - 20) * 0.9,
        chosen=index < 18 or index == 21,
        by="reserve" if index == 21 else "lot" if index in (16, 17) else "points",
        mine=index == 19,
    )
    for index in range(30)
]
SHARES: Final = (4, 2.2, 3.1, 2.9, 1.8, 5, 3.5, 1.2, 0.9, 0.4, 1.1, 4.4)
REGIONS: Final = dict(zip(list(charts.REGION_TILES)[:12], SHARES, strict=True))


def viewer_of(request: Request[Any, Any, Any]) -> Viewer | None:
    """Signed in as staff, unless the page is one for people without an account."""
    if request.url.path in ("/public", "/sign-in"):
        return None
    return Viewer("Μαρία Οικονόμου", _("NSO staff"), can=lambda permission: True)


@get("/")
async def home() -> Template:
    return Template(
        "home.html",
        context={
            "sentence": "Σήμερα σας χρειάζονται 3 υποθέσεις. Η προθεσμία των ενστάσεων λήγει σε 2 ημέρες.",
            "figures": [
                (88, "σχολεία παρέλαβαν", "/table"),
                (12, "εκκρεμούν", "/table"),
                (1034, "σετ σε σχολεία", "/table"),
            ],
            "todo": [
                Todo("ΑΠ-0415-9: λείπει 1 καλώδιο USB", "1ο ΕΕΕΕΚ Ρόδου", "/table", NOW - timedelta(days=2)),
                Todo("ΑΠ-0416-4: χωρίς κίνηση", "ΣΔΕ Τρικάλων", "/table", NOW - timedelta(days=21)),
            ],
            "recent": EVENTS[1:4],
        },
    )


@get("/parts")
async def parts() -> Template:
    return Template("gallery/parts.html", context={"events": EVENTS, "now": NOW})


@get("/table")
async def table(request: Request[Any, Any, Any], format: FromQuery[Format | None] = None) -> Template | Stream:
    query = PARCEL_LIST.parse("/table", request.query_params)
    rows = [parcel for parcel in PARCELS if query.q.lower() in parcel.school.lower()]
    if format is not None:
        columns = [Column("number", "Αριθμός"), Column("school", "Σχολείο"), Column("sent", "Στάλθηκε")]
        return export_response(format, "αποστολές", columns, [(p.number, p.school, p.sent) for p in rows])
    return Template("gallery/table.html", context={"query": query, "rows": rows, "total": len(rows) and 1288})


@get("/charts")
async def pictures() -> Template:
    return Template(
        "gallery/charts.html",
        context={
            "funnel": FUNNEL,
            "health": HEALTH,
            "tiles": charts.region_map(REGIONS, {code: f"/table?region={code}" for code in REGIONS}),
            "picture": charts.queue(QUEUE, 36),
        },
    )


@get("/form")
async def form(bad: FromQuery[bool] = False) -> Template:
    errors: FormErrors = (
        {
            "name": _("Fill this in."),
            "missing": _("Give a whole number."),
            "how": _("Choose one of the options."),
            "agree": _("Choose one of the options."),
        }
        if bad
        else {}
    )
    return Template("gallery/form.html", context={"errors": errors})


SENT: Final[list[str]] = []


@post("/form")
async def form_sent(request: Request[Any, Any, Any]) -> Redirect:
    SENT.append(request.headers.get("referer", ""))
    await asyncio.sleep(0.3)
    return Redirect("/form?bad=true")


@get("/public")
async def public(bad: FromQuery[bool] = False) -> Template:
    errors: FormErrors = {"count": _("Give a whole number.")} if bad else {}
    return Template("gallery/public.html", context={"errors": errors})


@get("/progress")
async def progress() -> Template:
    return Template("gallery/progress.html", context={"job": Job("running", 42, "6.120 από 14.562 γραμμές", NOW)})


@get("/jobs/1", media_type=MediaType.JSON)
async def job() -> dict[str, object]:
    return {"state": "running", "percent": 57, "text": "8.300 από 14.562 γραμμές"}


@get("/sign-in")
async def sign_in(bad: FromQuery[bool] = False) -> Template:
    error = _("E-mail and password do not go together. Check both and try again.") if bad else None
    return Template("accounts/sign_in.html", context={"error": error, "email": "", "next": "/"})


def refuse(status: int, detail: str | None = None, request_id: str | None = None) -> Template:
    context = {"status": status, "detail": detail, "request_id": request_id, "title": None, "back": "", "form": ""}
    return Template("errors/error.html", context=context, status_code=status)


@get("/refused/{status:int}")
async def refused(status: FromPath[int]) -> Template:
    return refuse(status, request_id="7f3k22")


def on_error(request: Request[Any, Any, Any], error: HTTPException) -> Template:
    return refuse(error.status_code)


PAGES: Final = (
    *("/", "/parts", "/table", "/table?q=xyz", "/charts", "/progress"),
    *("/form", "/form?bad=true", "/public", "/public?bad=true", "/sign-in", "/sign-in?bad=true"),
    *("/refused/403", "/refused/404", "/refused/500"),
)
HANDLERS: Final = (
    *(
        home,
        parts,
        table,
        pictures,
        form,
        form_sent,
        public,
        progress,
        job,
        sign_in,
        refused,
        choose_language,
    ),
    create_static_files_router(path="/static", directories=[STATIC_DIR]),
)


def create_gallery() -> Litestar:
    return Litestar(
        route_handlers=HANDLERS,
        template_config=TemplateConfig(
            instance=create_template_engine(
                viewer_of=viewer_of, directories=[TEMPLATES], help_address="stem@nso.example", demo=True
            )
        ),
        middleware=[LanguageMiddleware()],
        csrf_config=CSRFConfig(secret="only-for-the-gallery", cookie_secure=False),
        response_headers=[ResponseHeader(name="content-security-policy", value=POLICY)],
        exception_handlers={HTTPException: on_error},
        openapi_config=None,
    )


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(create_gallery(), port=8765)
