"""Walking through every page that a person can reach by links."""

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

import httpx
from litestar import Litestar

from tests.web.accessibility import faults

# Files and switches, which are not pages.
NOT_PAGES = ("/static/", "/language/", "/api/")
MOST = 600


def starting_pages(app: Litestar) -> list[str]:
    """The addresses of all pages that need no parameter."""
    return sorted(
        route.path
        for route in app.routes
        if "{" not in route.path and "GET" in (route.methods or ()) and not route.path.startswith(NOT_PAGES)
    )


def links_of(page: str, here: str) -> set[str]:
    """The addresses on this site that a page leads to."""
    found = set()
    for raw in re.findall(r'href="([^"]+)"', page):
        target = urlsplit(urljoin(f"http://testserver.local{here}", unescape(raw)))
        if target.netloc == "testserver.local" and not target.path.startswith(NOT_PAGES):
            found.add(f"{target.path}?{target.query}" if target.query else target.path)
    return found


def _shape(link: str) -> str:
    # Two pages of one kind (another kit, another order of a list) are looked at a few times, not a thousand.
    parts = urlsplit(link)
    names = sorted(pair.split("=")[0] for pair in parts.query.split("&") if pair)
    return re.sub(r"/[^/]*\d[^/]*", "/*", parts.path) + "?" + "&".join(names)


async def walk(client: httpx.AsyncClient, start: list[str], each: int = 3) -> dict[str, list[str]]:
    """Open every page that can be reached, `each` of one kind at the most.

    Args:
        client: a browser, signed in or not.
        start: where to begin.
        each: how many pages of one kind are opened.

    Returns:
        What is wrong, by address; empty where everything is right.
    """
    waiting, seen = list(start), set(start)
    kinds: dict[str, int] = {}
    wrong: dict[str, list[str]] = {}
    opened = 0
    while waiting and opened < MOST:
        link = waiting.pop(0)
        kind = _shape(link)
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] > each:
            continue
        opened += 1
        answer = await client.get(link)
        if answer.status_code >= 400:
            wrong[link] = [f"status {answer.status_code}"]
            continue
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        where = answer.url.raw_path.decode()
        if found := faults(answer.text):
            wrong[link] = found
        for new in sorted(links_of(answer.text, where) - seen):
            seen.add(new)
            waiting.append(new)
    assert opened < MOST, "the walk found no end: an address grows on each page"
    return wrong
