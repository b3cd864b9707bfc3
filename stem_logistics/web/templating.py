"""The Jinja environment of every page: escaping on, unknown names refused, words in the reader's language."""

import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, pass_eval_context
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from litestar import Request
from litestar.plugins.jinja import JinjaTemplateEngine
from markupsafe import Markup, escape

from stem_logistics.codes import parse_code, shown_code
from stem_logistics.registry.geography import REGION_BY_CODE
from stem_logistics.web import formats
from stem_logistics.web.error_pages import refusal
from stem_logistics.web.forms import new_form_key
from stem_logistics.web.i18n import LANGUAGES, current_locale, plural_form, single_form
from stem_logistics.web.navigation import MENU, NavEntry, Viewer, entries_for

TEMPLATES_DIR: Final = Path(__file__).parent.parent / "templates"
STATIC_DIR: Final = Path(__file__).parent.parent / "static"

ViewerOf = Callable[[Request[Any, Any, Any]], Viewer | None]


def nobody(request: Request[Any, Any, Any]) -> Viewer | None:
    """The viewer of every request where no accounts are wired in."""
    return None


@cache
def static(name: str) -> str:
    """The address of a static file, with its digest, so that it may be kept by browsers for ever.

    Raises:
        FileNotFoundError: there is no such file; a page must not ask for it.
    """
    digest = hashlib.sha256((STATIC_DIR / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def create_environment(
    *,
    viewer_of: ViewerOf = nobody,
    menu: Iterable[NavEntry] = MENU,
    footer: Iterable[NavEntry] = (),
    directories: Iterable[Path] = (),
    help_address: str = "",
    demo: bool = False,
) -> Environment:
    """The environment all templates run in.

    Names that every template has:
        `_`, `gettext`, `ngettext`, `pgettext`, `npgettext`, and `{% trans %}`: words (`%` is written `%%`);
        `lang()`: `el` or `en`; `other_languages()`: the others; `language_link(code)`: where to switch;
        `static(name)`: address of a static file; `csrf()`: the hidden field of a form, in a page's own body;
        `form_key()`: another one, by which a form that is sent twice counts once (`web.forms.once`);
        `viewer()`: the signed-in `Viewer` or None; `menu()`: the entries that they may open;
        `footer_links()`: the entries at the foot of every page;
        `may(permission)`: whether they may; `here()`: this page's path and query; `path()`: its path;
        `today()`: the date; `refusal(status)`: the words for an HTTP status; `help_address`: whom to write to;
        `demo`: whether the data is invented.

    Filters that every template has:
        `date`, `short_date`, `long_date`, `time`, `datetime`, `ago`, `duration`, `waited` for moments; `when` wraps
        one in `<time>`;
        `number`, `decimal(places)`, `percent(whole)`, `money` (cents), `file_size`, `kilograms` (grams); `code` writes
        a public code as people read it, `grouped(size)` splits any long code so that it can be read out.

    Args:
        viewer_of: tells from a request who is signed in.
        menu: the menu's entries, in their order.
        footer: the entries at the foot of every page, open to anyone.
        directories: further template folders, looked into first (tests).
        help_address: the e-mail address at the foot of every page.
        demo: shows on every page that the data is invented.
    """
    env = Environment(
        loader=FileSystemLoader([*directories, TEMPLATES_DIR]),
        autoescape=True,
        undefined=StrictUndefined,
        # Templates change with a release only; looking at each file on each request would cost more than rendering.
        auto_reload=False,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.policies["ext.i18n.trimmed"] = True
    # newstyle makes `{% trans %}` hand its values over; the callables below do the filling and the escaping.
    env.newstyle_gettext = True  # type: ignore[attr-defined]
    entries = tuple(menu)
    foot = tuple(footer)

    @pass_context
    def viewer(context: Context) -> Viewer | None:
        return viewer_of(context["request"])

    @pass_context
    def menu_entries(context: Context) -> list[NavEntry]:
        return entries_for(viewer_of(context["request"]), entries)

    @pass_context
    def may(context: Context, permission: str) -> bool:
        found = viewer_of(context["request"])
        return found is not None and found.can(permission)

    env.globals |= {
        "_": _gettext,
        "gettext": _gettext,
        "ngettext": _ngettext,
        "pgettext": _pgettext,
        "npgettext": _npgettext,
        "lang": current_locale.get,
        "other_languages": lambda: [code for code in LANGUAGES if code != current_locale.get()],
        "language_link": _language_link,
        "static": static,
        "csrf": _csrf,
        "form_key": _form_key,
        "viewer": viewer,
        "menu": menu_entries,
        "footer_links": lambda: foot,
        "may": may,
        "here": _here,
        "path": _path,
        "today": formats.today,
        "refusal": refusal,
        "help_address": help_address,
        "demo": demo,
    }
    env.filters |= {
        "date": formats.format_date,
        "long_date": formats.long_date,
        "short_date": formats.short_date,
        "time": formats.format_time,
        "datetime": formats.format_datetime,
        "when": _when,
        "iso": formats.iso,
        "kilograms": formats.kilograms,
        "ago": formats.ago,
        "duration": formats.duration,
        "waited": formats.waited,
        "number": formats.number,
        "decimal": formats.decimal,
        "percent": formats.percent,
        "money": formats.money,
        "file_size": formats.file_size,
        "grouped": grouped,
        "region_name": region_name,
        "code": _code,
    }
    return env


def create_template_engine(
    *,
    viewer_of: ViewerOf = nobody,
    menu: Iterable[NavEntry] = MENU,
    footer: Iterable[NavEntry] = (),
    directories: Iterable[Path] = (),
    help_address: str = "",
    demo: bool = False,
) -> JinjaTemplateEngine:
    """The environment of `create_environment`, as Litestar takes it."""
    return JinjaTemplateEngine.from_environment(
        create_environment(
            viewer_of=viewer_of,
            menu=menu,
            footer=footer,
            directories=directories,
            help_address=help_address,
            demo=demo,
        )
    )


def region_name(code: str) -> str:
    """The name of a regional directorate's region, by its slug; the slug where it is none."""
    region = REGION_BY_CODE.get(code)
    if region is None:
        return code
    return region.name_en if current_locale.get() == "en" else region.name_el


def grouped(code: str, size: int = 4) -> str:
    """`ABCD EFGH`: a long code in groups that can be read out over the telephone."""
    return " ".join(code[i : i + size] for i in range(0, len(code), size))


def _code(value: object) -> str:
    # Other names have eight letters too: only what is a code is written as one.
    text = str(value)
    return shown_code(text) if parse_code(text) else text


def _fill(eval_ctx: EvalContext, form: str, values: dict[str, Any]) -> str:
    # A message is the house's own text and may hold markup; its values come from people and are escaped.
    return Markup(form) % values if eval_ctx.autoescape else form % values  # noqa: S704


@pass_eval_context
def _gettext(eval_ctx: EvalContext, message: str, /, **values: Any) -> str:
    return _fill(eval_ctx, single_form(None, message), values)


@pass_eval_context
def _pgettext(eval_ctx: EvalContext, context: str, message: str, /, **values: Any) -> str:
    return _fill(eval_ctx, single_form(context, message), {"context": context, **values})


@pass_eval_context
def _ngettext(eval_ctx: EvalContext, one: str, many: str, count: int, /, **values: Any) -> str:
    return _fill(eval_ctx, plural_form(None, one, many, count), {"num": formats.number(count), **values})


@pass_eval_context
def _npgettext(eval_ctx: EvalContext, context: str, one: str, many: str, count: int, /, **values: Any) -> str:
    return _fill(eval_ctx, plural_form(context, one, many, count), {"num": formats.number(count), **values})


def _when(moment: Any, style: str = "date") -> str:
    """`<time>` around a moment, in one of the styles date, short, datetime, time, ago."""
    if moment is None:
        return "–"
    show: dict[str, Callable[[Any], str]] = {
        "date": formats.format_date,
        "short": formats.short_date,
        "datetime": formats.format_datetime,
        "time": formats.format_time,
        "ago": formats.ago,
    }
    return Markup('<time datetime="{}">{}</time>').format(formats.iso(moment), show[style](moment))


@pass_context
def _csrf(context: Context) -> str:
    # Litestar escapes the token when it builds the field.
    return Markup(context["csrf_input"])  # noqa: S704


def _form_key() -> Markup:
    return Markup('<input type="hidden" name="key" value="{}">').format(new_form_key())


@pass_context
def _path(context: Context) -> str:
    return str(context["request"].url.path)


@pass_context
def _here(context: Context) -> str:
    url = context["request"].url
    return f"{url.path}?{url.query}" if url.query else str(url.path)


@pass_context
def _language_link(context: Context, code: str) -> str:
    return f"/language/{escape(code)}?next={quote(_here(context), safe='/')}"
