"""What a page must have so that everyone can use it, checked on its HTML; any page's test may call `faults`."""

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
SHAPES = {"path", "rect", "circle", "line"}
REFERENCES = ("for", "aria-describedby", "aria-labelledby", "aria-controls")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: "Element | None"
    children: list["Element"] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What is read out of it."""
        if self.unheard:
            return ""
        return " ".join([*self.words, *(child.text for child in self.children)]).strip()

    @property
    def unheard(self) -> bool:
        """Whether it, or what it lies in, is left out when the page is read aloud."""
        return self.attributes.get("aria-hidden") == "true" or (self.parent is not None and self.parent.unheard)

    def inside(self, tag: str) -> bool:
        """Whether it lies within such an element."""
        return self.parent is not None and (self.parent.tag == tag or self.parent.inside(tag))


class Page(HTMLParser):
    """A page as a tree; unbalanced tags are faults."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = Element("", {}, None)
        self.here = self.root
        self.all: list[Element] = []
        self.unbalanced: list[str] = []
        self.feed(html)
        if self.here is not self.root:
            self.unbalanced.append(f"<{self.here.tag}> is never closed")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.children.append(element)
        self.all.append(element)
        if tag not in VOID:
            self.here = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.here.tag != tag or self.here.parent is None:
            self.unbalanced.append(f"</{tag}> closes <{self.here.tag}>")
            return
        self.here = self.here.parent

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.here.words.append(data.strip())

    def find(self, *tags: str) -> list[Element]:
        """All elements of these kinds, in the order of the page."""
        return [element for element in self.all if element.tag in tags]


def _named(element: Element, labels: set[str]) -> bool:
    attributes = element.attributes
    return bool(
        attributes.get("aria-label")
        or attributes.get("aria-labelledby")
        or attributes.get("id") in labels
        or element.inside("label")
    )


def _structure(page: Page) -> list[str]:
    found = list(page.unbalanced)
    html = page.find("html")
    if [element.attributes.get("lang") for element in html] not in (["el"], ["en"]):
        found.append("html has no lang")
    for tag in ("main", "h1", "title", "header", "footer"):
        count = len([e for e in page.find(tag) if tag != "title" or not e.inside("svg")])
        if count != 1:
            found.append(f"{count} <{tag}> instead of one")
    level = 0
    # The summary of errors stands above the page's title, as its own first heading.
    for heading in page.find("h1", "h2", "h3", "h4"):
        if heading.attributes.get("id") == "error-summary-title":
            continue
        depth = int(heading.tag[1])
        if depth > level + 1:
            found.append(f"<{heading.tag}> {heading.text!r} follows <h{level}>")
        if not heading.text:
            found.append(f"an empty <{heading.tag}>")
        level = depth
    return found


def _names(page: Page) -> list[str]:
    found = []
    labels = {label.attributes.get("for", "") for label in page.find("label") if label.text}
    for element in page.find("input", "select", "textarea"):
        if element.attributes.get("type") != "hidden" and not _named(element, labels):
            found.append(f"<{element.tag} name={element.attributes.get('name')!r}> has no label")
    for element in page.find("a", "button", "summary"):
        if not (element.text or element.attributes.get("aria-label")):
            found.append(f"<{element.tag} href={element.attributes.get('href')!r}> has no words")
    for element in page.find("svg"):
        a = element.attributes
        if not element.unheard and not (a.get("aria-labelledby") or a.get("aria-label")):
            found.append("an <svg> is neither named nor hidden")
    for element in page.find("table"):
        if not any(child.tag == "caption" and child.text for child in element.children):
            found.append("a <table> has no caption")
    for element in page.find("th"):
        if element.attributes.get("scope") not in ("col", "row", "colgroup", "rowgroup"):
            found.append(f"<th> {element.text!r} has no scope")
    for element in page.find("fieldset"):
        if not any(child.tag == "legend" and child.text for child in element.children):
            found.append("a <fieldset> has no legend")
    for element in page.find("img"):
        if "alt" not in element.attributes:
            found.append("an <img> has no alt")
    navs = Counter(element.attributes.get("aria-label", "") for element in page.find("nav"))
    # The main menu stands twice, for desk and telephone, and one of the two is never shown.
    if navs[""] or any(count > 2 for count in navs.values()):
        found.append("a <nav> has no name of its own")
    return found


def faults(html: str) -> list[str]:
    """What keeps people from using the page: names that are missing, references that lead nowhere, broken order."""
    page = Page(html)
    found = _structure(page) + _names(page)
    ids = Counter(element.attributes["id"] for element in page.all if "id" in element.attributes)
    found += [f"{count} elements have the id {name!r}" for name, count in ids.items() if count > 1]
    for element in page.all:
        for attribute in REFERENCES:
            for name in element.attributes.get(attribute, "").split():
                if name not in ids:
                    found.append(f"{attribute} names {name!r}, which is not there")
        href = element.attributes.get("href", "")
        if element.tag == "a" and href.startswith("#") and href[1:] not in ids:
            found.append(f"{href} leads nowhere")
        if "style" in element.attributes or any(name.startswith("on") for name in element.attributes):
            found.append(f"<{element.tag}> has an inline style or script, which the policy forbids")
        if element.attributes.get("tabindex", "0") not in ("0", "-1"):
            found.append("a tabindex changes the order of the page")
    return found
