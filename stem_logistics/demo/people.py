"""The demo's sign-ins: one for each role, with a password made at the first load and known only on this machine."""

import secrets

from stem_logistics.accounts.policy import Grant
from stem_logistics.accounts.service import create_account
from stem_logistics.db.engine import fetch_value
from stem_logistics.deliveries import last_mile

PEOPLE = (
    ("staff", "staff@demo.example", "Άννα Γεωργίου", Grant("staff", "country")),
    ("technician", "technician@demo.example", "Πέτρος Ιωάννου", Grant("technician", "country")),
    ("auditor", "auditor@demo.example", "Χριστίνα Ράπτη", Grant("auditor", "country")),
)


async def make_people() -> list[tuple[str, str, str]]:
    """An account for each role, and staff of one region; returns (role, e-mail, password)."""
    made = []
    for role, email, name, grant in PEOPLE:
        password = secrets.token_urlsafe(12)
        await create_account(email, name, password, [grant])
        made.append((role, email, password))
    region = await fetch_value("SELECT id FROM regional_directorate WHERE code = 'crete'")
    password = secrets.token_urlsafe(12)
    await create_account(
        "staff.crete@demo.example", "Μανώλης Κριτσωτάκης", password, [Grant("staff", "region", region)]
    )
    made.append(("staff-of-a-region", "staff.crete@demo.example", password))
    password = secrets.token_urlsafe(12)
    await create_account(
        "ambassador.crete@demo.example", "Ελένη Μαρκάκη", password, [Grant("ambassador", "region", region)]
    )
    made.append(("ambassador", "ambassador.crete@demo.example", password))
    await last_mile.add_stop(
        "ambassador",
        "crete",
        title="Ελένη Μαρκάκη",
        email="ambassador.crete@demo.example",
        account="ambassador.crete@demo.example",
    )
    return made
