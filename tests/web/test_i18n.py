"""Words: every message has its Greek, and each request gets its language."""

from pathlib import Path

import pytest
from litestar.testing import TestClient

from stem_logistics.web import i18n
from stem_logistics.web.catalogues import placeholders, problems
from stem_logistics.web.i18n import _, gettext, negotiate, ngettext, use_locale
from stem_logistics.web.language import safe_local_path
from tests.web.gallery import create_gallery


def test_every_message_has_its_greek() -> None:
    """No message lacks Greek, no placeholder differs, no entry is left over: the list of faults is empty."""
    assert problems() == []


def test_the_check_of_the_catalogues_finds_each_kind_of_fault(tmp_path: Path) -> None:
    """A missing translation, a lost placeholder, an unused entry and a missing plural are each reported."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "a.py").write_text(
        '_("missing")\n_("lost %(x)s")\nngettext("%(num)s kit", "%(num)s kits", 2)\n', encoding="utf-8"
    )
    catalogues = tmp_path / "el"
    catalogues.mkdir()
    (catalogues / "a.po").write_text(
        'msgid "lost %(x)s"\nmsgstr "χάθηκε"\n\nmsgid "%(num)s kit"\nmsgstr "σετ %(num)s"\n\n'
        'msgid "unused"\nmsgstr "περιττό"\n',
        encoding="utf-8",
    )
    found = "\n".join(problems(package, catalogues))
    assert "no Greek for 'missing'" in found
    assert "different placeholders" in found
    assert "nothing uses 'unused'" in found
    assert "needs msgid_plural" in found


def test_two_files_may_not_translate_one_message_differently(tmp_path: Path) -> None:
    """The same word for the same thing: a contradiction between catalogues stops the start."""
    (tmp_path / "a.po").write_text('msgid "kit"\nmsgstr "σετ"\n', encoding="utf-8")
    (tmp_path / "b.po").write_text('msgid "kit"\nmsgstr "κιτ"\n', encoding="utf-8")
    with pytest.raises(i18n.CatalogueError, match=r"b\.po says .* a\.po says"):
        i18n.load_messages(tmp_path)


def test_a_lazy_text_speaks_the_language_of_the_moment() -> None:
    """A constant made once is Greek in a Greek request and English in an English one."""
    text = _("Sign in")
    assert str(text) == "Σύνδεση"
    with use_locale("en"):
        assert str(text) == "Sign in"
    assert gettext("Page %(page)s of %(pages)s", page=2, pages=3) == "Σελίδα 2 από 3"


@pytest.mark.parametrize(("count", "words"), [(0, "0 γραμμές"), (1, "1 γραμμή"), (14562, "14.562 γραμμές")])
def test_a_counted_message_takes_its_form_and_its_number(count: int, words: str) -> None:
    """One has the singular, everything else the plural, the number in the reader's writing."""
    assert ngettext("%(num)s row", "%(num)s rows", count) == words


@pytest.mark.parametrize(
    ("cookie", "header", "language"),
    [
        (None, None, "el"),
        ("en", "el", "en"),
        ("fr", "en-GB,en;q=0.9", "en"),
        (None, "de,en;q=0.3,el;q=0.8", "el"),
        (None, "de", "el"),
        (None, "en;q=x, ;;, ,q", "el"),
        (None, "en;q=0", "el"),
    ],
)
def test_language_of_a_request(cookie: str | None, header: str | None, language: str) -> None:
    """The reader's choice wins over the browser's wish, and Greek is for everyone else."""
    assert negotiate(cookie, header) == language


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/schools?q=a&page=2", "/schools?q=a&page=2"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\\..\\b", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.example", "/"),
        ("", "/"),
    ],
)
def test_only_paths_of_this_site_are_followed(target: str, path: str) -> None:
    """No value of `next` leads to another site."""
    assert safe_local_path(target) == path


def test_placeholders_ignore_a_per_cent_sign() -> None:
    """`%%` is text; named and plain placeholders are found."""
    assert placeholders("%(a)s of %(b)d is 5%% or %s") == ["a", "b", "s"]


def test_switching_language_is_remembered() -> None:
    """The link sets the cookie, goes back to where the reader was, and the next page is in that language."""
    with TestClient(create_gallery()) as client:
        assert '<html lang="el"' in client.get("/form").text
        answer = client.get("/language/en?next=/form%3Fbad%3Dtrue", follow_redirects=False)
        assert answer.status_code in (302, 303, 307)
        assert answer.headers["location"] == "/form?bad=true"
        page = client.get("/form")
        assert '<html lang="en"' in page.text
        assert "Skip to the content" in page.text
        assert client.get("/language/xx?next=//evil.example", follow_redirects=False).headers["location"] == "/"
        assert '<html lang="el"' in client.get("/form").text
