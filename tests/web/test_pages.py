"""Every component, rendered in a page: well formed, with its words and its weight."""

import pytest
from litestar.testing import TestClient

from tests.web.gallery import PAGES, create_gallery


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["el", "en"])
def test_every_page_of_the_gallery_renders(path: str, language: str) -> None:
    """Each component renders in both languages, with no name left undefined and nothing inline."""
    with TestClient(create_gallery()) as client:
        page = client.get(path, headers={"accept-language": language})
    assert page.status_code == (int(path.rsplit("/", 1)[1]) if path.startswith("/refused/") else 200), page.text
    assert f'<html lang="{language}"' in page.text
    assert " style=" not in page.text
    assert "onclick" not in page.text


def test_the_first_visit_weighs_little() -> None:
    """Page, style sheet, script and icon together stay below 100 kB uncompressed."""
    with TestClient(create_gallery()) as client:
        for path in PAGES:
            page = client.get(path)
            links = [part.split('"')[0] for part in page.text.split('="') if part.startswith("/static/")]
            assert len(links) == 3
            total = len(page.content) + sum(len(client.get(link).content) for link in links)
            assert total < 100_000, path
