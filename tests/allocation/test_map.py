"""The public map: regions with their share, and the grants behind each figure."""

import re
from datetime import UTC, datetime

from litestar import Litestar

from stem_logistics.allocation.service import record_historic_awards
from stem_logistics.db.engine import execute
from stem_logistics.waves.service import record_historic_wave
from tests.support import OPERATOR, acting_as, browser
from tests.waves.scene import make_school
from tests.web.accessibility import faults


async def historic_grants() -> None:
    """Three schools, two of them in Crete, given kits in a historic wave; one unit each but one."""
    schools = [await make_school(f"010000{n}", region="crete" if n > 1 else "attica") for n in (1, 2, 3)]
    await execute("UPDATE institution SET pupils = 500")
    with acting_as(OPERATOR):
        await record_historic_wave("stem-1", "Δράση STEM 1", "STEM 1", 2017, 2017, datetime(2017, 6, 1, tzinfo=UTC))
        await record_historic_awards("stem-1", [(s, "robot", 2 if s == schools[2] else 1, "") for s in schools])


async def test_each_figure_leads_to_its_grants(app: Litestar) -> None:
    """A region's share is kits by pupils, its link lists exactly its schools, and the export holds all of them."""
    async with browser(app) as client:
        await historic_grants()
        page = (await client.get("/results/map")).text
        assert faults(page) == []
        assert "4 σετ σε σχολεία" in page
        # Crete: 3 kits for 1000 pupils; Attica: 1 kit for 500
        assert 'aria-label="Κρήτη: 3,00"' in page and 'aria-label="Αττική: 2,00"' in page
        crete = (await client.get("/results/map?region=crete")).text
        assert faults(crete) == []
        assert re.findall(r'<span class="code">(\d{7})</span>', crete) == ["0100002", "0100003"]
        export = await client.get("/results/map?region=crete&format=csv")
        assert [line.split(";")[0] for line in export.text.splitlines()[1:]] == ["0100002", "0100003"]
        assert len((await client.get("/results/map?format=json")).json()) == 3


async def test_a_wave_that_is_not_out_is_not_on_the_map(app: Litestar) -> None:
    """What is not published yet cannot be read off the map, whatever the address asks."""
    async with browser(app) as client:
        await historic_grants()
        await execute("UPDATE wave SET state = 'draft' WHERE slug = 'stem-1'")
        for address in ("/results/map", "/results/map?wave=stem-1", "/results/map?region=mars&wave=%00"):
            page = await client.get(address)
            assert page.status_code == 200
            assert "0 σετ σε σχολεία" in page.text, address
        assert (await client.get("/results/map?format=json&wave=stem-1")).json() == []
