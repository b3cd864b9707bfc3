"""The registry as a living thing: what a later file says of schools, and a source that is read anew by itself."""

from pathlib import Path

import pytest
from litestar import Litestar

from stem_logistics import jobs, worker
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.registry import merging
from stem_logistics.registry.import_service import import_file
from stem_logistics.registry.refreshing import REFRESH_JOB
from stem_logistics.settings import Settings
from tests.registry.test_import import generated
from tests.registry.test_pages import do_jobs
from tests.support import OPERATOR, acting_as, browser, make_person, sign_in
from tests.web.accessibility import faults


def lines(count: int) -> list[str]:
    return generated(count).decode("utf-8-sig").splitlines()


async def test_a_later_file_says_what_happens_to_schools(service: Settings) -> None:
    """Closed, suspended, merged and no longer named schools are counted apart; those that are absent are untouched."""
    rows = lines(60)
    active = [n for n, row in enumerate(rows) if ",ΕΝΕΡΓΗ," in row]
    await import_file("a.csv", "\n".join(rows).encode(), dry_run=False)
    first, second, third, fourth = active[:4]
    code = [row.split(",")[0] for row in rows]
    await merging.merge(OPERATOR, code[fourth], code[active[4]])
    rows[first] = rows[first].replace("ΕΝΕΡΓΗ", "ΚΑΤΑΡΓΗΜΕΝΗ")
    rows[second] = rows[second].replace("ΕΝΕΡΓΗ", "ΣΕ ΑΝΑΣΤΟΛΗ")
    del rows[third]
    done = await import_file("b.csv", "\n".join(rows).encode(), dry_run=False)
    assert done.turns == {"closed": 1, "suspended": 1, "merged": 1, "absent": 1}
    assert [each["code"] for each in done.changes if each["change"] == "absent"] == [code[third]]
    states = {row["code"]: row["state"] for row in await fetch("SELECT code, state FROM institution")}
    assert (states[code[first]], states[code[second]], states[code[third]]) == ("closed", "suspended", "active")


async def test_a_part_of_the_country_says_nothing_of_the_rest(service: Settings) -> None:
    """A file with a few schools does not call all others absent."""
    rows = lines(60)
    await import_file("a.csv", "\n".join(rows).encode(), dry_run=False)
    done = await import_file("b.csv", "\n".join(rows[:10]).encode(), dry_run=False)
    assert "absent" not in done.turns


async def test_the_source_is_read_anew_and_waits_for_a_person(
    app: Litestar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is due is queued once a period by any number of workers; new content waits to be confirmed, old does not
    come twice; a source that cannot be read says so and changes nothing."""
    from stem_logistics import runtime

    source = tmp_path / "registry.csv"
    source.write_bytes(generated(30))
    async with browser(app) as client:
        worker.load_handlers()
        monkeypatch.setattr(runtime.settings(), "registry_source", str(source))
        with acting_as(OPERATOR):
            await jobs.enqueue_recurring()
            await jobs.enqueue_recurring()
            assert await fetch_value("SELECT count(*) FROM job WHERE kind = $1", REFRESH_JOB) == 1
            await do_jobs()
            assert await fetch_value("SELECT state FROM registry_import") == "previewed"
            await jobs.enqueue(REFRESH_JOB, {})
            await do_jobs()
            assert await fetch_value("SELECT count(*) FROM registry_import") == 1
        await sign_in(client, await make_person("staff"))
        assert "registry.csv" in (await client.get("/")).text
        number = await fetch_value("SELECT id FROM registry_import")
        page = await client.get(f"/schools/imports/{number}")
        assert faults(page.text) == [] and "Περιμένει" in page.text
        source.unlink()
        with acting_as(OPERATOR):
            again = await jobs.enqueue(REFRESH_JOB, {})
            await do_jobs()
            failed = await jobs.get(again)
        assert failed.error is not None and failed.error["slug"] == "registry-source-unreadable"
        assert str(source) == failed.error["params"]["source"]


async def test_a_school_that_changes_keeps_what_it_was(app: Litestar) -> None:
    """Level, directorate, name and state of before stand on its page with their days; nobody can alter them."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            rows = lines(60)
            await import_file("a.csv", "\n".join(rows).encode(), dry_run=False)
            at = next(n for n, row in enumerate(rows) if ",ΕΝΕΡΓΗ," in row)
            rows[at] = rows[at].replace("ΕΝΕΡΓΗ", "ΚΑΤΑΡΓΗΜΕΝΗ")
            await import_file("b.csv", "\n".join(rows).encode(), dry_run=False)
        code = rows[at].split(",")[0]
        await execute(
            """UPDATE institution SET level = 'lab_centre', name = 'Ε.Κ. Δοκιμών', directorate_id =
                 (SELECT id FROM directorate WHERE id <> institution.directorate_id ORDER BY id LIMIT 1)
               WHERE code = $1""",
            code,
        )
        kept = await fetch("SELECT field, before, after FROM institution_change ORDER BY id")
        assert [row["field"] for row in kept] == ["state", "name", "level", "directorate"]
        await sign_in(client, await make_person("staff"))
        page = (await client.get(f"/schools/{code}")).text
        for row in kept[1::2]:
            assert f"«{row['before']}» σε «{row['after']}»" in page
        assert "σε «Καταργημένη»" in page and "σε «Εργαστηριακό Κέντρο»" in page
    with pytest.raises(Exception, match="append-only"):
        await execute("DELETE FROM institution_change")
