"""Run as a process of its own: parcels on their way to schools and a person who may import, told as JSON."""

import json
import re
import sys
from typing import Any

from stem_logistics.accounts.policy import Grant
from stem_logistics.accounts.service import create_account
from stem_logistics.commanding import with_service
from stem_logistics.deliveries import service
from stem_logistics.deliveries.expected import expected_lines
from tests.deliveries.parcels import last_mail
from tests.inventory.stock import make_definition, make_institution, receive
from tests.support import PASSWORD

STAFF = "staff@nso.example"


async def stock(parcels: int) -> dict[str, Any]:
    """A school, a kit and a dispatched consignment for each parcel."""
    await create_account(STAFF, "Staff", PASSWORD, [Grant("staff", "country")])
    definition = await make_definition(devices=2)
    kits: list[str] = []
    while len(kits) < parcels:
        kits += await receive(definition, min(50, parcels - len(kits)))
    made = []
    for number, kit in enumerate(kits):
        school = f"99{number:05d}"
        await make_institution(school, f"{number}ο Δημοτικό Σχολείο Δοκιμής")
        code = await service.create_consignment(school)
        await service.pick(code, kit)
        await service.pack(code)
        await service.dispatch(code, courier="Ταχυμεταφορές")
        body = (await last_mail(f"mail@{school}.example"))["body"]
        token = re.search(r"/r/(\S+)", body)
        assert token is not None, body
        consignment = await service.identify(code)
        lines = await expected_lines(consignment["id"])
        cables = next(line.key for line in lines if line.serial == "" and line.shipped == 3)
        made.append({"consignment": consignment["id"], "token": token[1], "cables": cables})
    return {"staff": STAFF, "password": PASSWORD, "parcels": made}


if __name__ == "__main__":
    print(json.dumps(with_service(lambda: stock(int(sys.argv[1])))))
