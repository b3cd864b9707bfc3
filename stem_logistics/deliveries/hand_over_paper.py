"""The paper of the last mile: a regional store or an ambassador hands parcels over, and both sign for them."""

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

from stem_logistics import runtime
from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.codes import parse_code, shown_code
from stem_logistics.deliveries import leg_queries, protocols, queries, receipt_queries
from stem_logistics.deliveries.documents.paper import Paper, paper_pdf
from stem_logistics.deliveries.documents.text import greek_date, greek_time, greek_weight
from stem_logistics.errors import NotFound

HEADS = ("Είδος", "Σετ", "Τεμάχια")
KINDS = {"regional-store": "περιφερειακή αποθήκη", "ambassador": "πρεσβευτής / πρέσβειρα"}


async def hand_over_paper(typed: str) -> tuple[str, bytes]:
    """The paper by which whoever holds a consignment hands it on, and what its file is called.

    It is made of what the database says: the same facts give the same bytes. Once the school has confirmed, the paper
    names its protocol.

    Raises:
        NotFound: no such consignment, nobody of the last mile has signed for it, or not the reader's.
    """
    code = parse_code(typed)
    consignment = await queries.consignment(code) if code else None
    legs = await leg_queries.legs(consignment["id"]) if consignment else []
    taken = [leg for leg in legs if leg["state"] == "taken"]
    if consignment is None or not taken or not _may_read(runtime.actor().principal, consignment, taken):
        raise NotFound("consignment-not-found", code=typed[:20])
    following = [leg for leg in legs if leg["state"] in ("planned", "sent")]
    paper = await _paper(consignment, taken[-1], following[0] if following else None)
    return f"paradosi-{consignment['code']}", await asyncio.to_thread(paper_pdf, paper)


def _may_read(who: Principal, consignment: dict[str, Any], taken: list[dict[str, Any]]) -> bool:
    """The link of a stop that signed for it, those who sign in its region, and who reads deliveries there."""
    if who.kind == "link":
        return who.permission is Permission.LINK_HAND_OVER and who.stop_id in {leg["stop_id"] for leg in taken}
    region, school = consignment["regional_directorate_id"], consignment["institution_id"]
    return who.may(Permission.HAND_OVER, region_id=region) or who.may(
        Permission.DELIVERIES_READ, region_id=region, institution_id=school
    )


async def _paper(consignment: dict[str, Any], leg: dict[str, Any], following: dict[str, Any] | None) -> Paper:
    moment = leg["taken_at"].astimezone(ZoneInfo(runtime.settings().timezone))
    school = f"{consignment['institution_name']} ({consignment['institution_code']})"
    taker = following["stop_title"] if following else school
    receipts = await receipt_queries.receipts_of(consignment["id"])
    town = (consignment["institution_postcode"], consignment["institution_municipality"])
    address = ", ".join(x for x in (consignment["institution_address"], " ".join(x for x in town if x)) if x)
    weight = greek_weight(consignment["weight_grams"])
    return Paper(
        "ΠΡΩΤΟΚΟΛΛΟ ΠΑΡΑΔΟΣΗΣ ΔΕΜΑΤΩΝ",
        "Πρωτόκολλο παράδοσης δεμάτων",
        # of its consignment and of the hand-over within it
        f"{shown_code(consignment['code'])}/{leg['position']}",
        moment,
        protocols.sender(),
        (
            ("Αποστολή", shown_code(consignment["code"])),
            ("Παραδίδει", f"{leg['stop_title']}, {KINDS[leg['stop_kind']]}"),
            ("Τα έχει από", f"{greek_date(moment)}, {greek_time(moment)}"),
            ("Τα παρέλαβε τότε", ", ".join(x for x in (leg["taken_by"], leg["taken_as"]) if x)),
            ("Παραλαμβάνει", taker),
            ("Σχολική μονάδα", school if following else ""),
            ("Διεύθυνση", address),
            ("Τηλέφωνο", consignment["institution_phone"] or ""),
            ("Δέματα", str(consignment["parcels"])),
            ("Βάρος", weight),
            ("Παρατηρήσεις", leg["remark"]),
            ("Επιβεβαιώθηκε από το σχολείο", ", ".join(each["protocol_number"] for each in receipts)),
        ),
        (
            "Τα δέματα που ακολουθούν παραδίδονται κλειστά. Το περιεχόμενό τους το μετρά η σχολική μονάδα, η οποία "
            "επιβεβαιώνει την παραλαβή με τον σύνδεσμο του μηνύματός της· τότε εκδίδεται το πρωτόκολλο "
            "παράδοσης-παραλαβής.",
        ),
        HEADS,
        tuple(
            (line["name_el"], shown_code(line["kit_code"]), str(line["quantity"]))
            for line in await queries.lines_of(consignment["id"])
        ),
        ("Παραδίδει", f"Παραλαμβάνει{'' if following else ' (σχολική μονάδα)'}"),
    )
