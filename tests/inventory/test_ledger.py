"""The ledger on a real database: what it refuses, what it keeps, and that it can prove itself."""

import asyncio

import pytest

from stem_logistics.db.engine import connection, execute, fetch, fetch_value, unit_of_work
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import definitions, ledger
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.ledger import Move
from tests.inventory.stock import holdings, kit_id, make_definition, make_institution, receive, tamper

pytestmark = pytest.mark.usefixtures("service")


async def one_kit() -> tuple[int, list[dict[str, object]], int, int]:
    """A kit in the store: its id, its contents, the store's place and a school's."""
    (code,) = await receive(await make_definition())
    kit = await stock.get_kit(code)
    school = await ledger.institution_place(await make_institution())
    return kit["id"], kit["contents"], kit["place_id"], school


def move_of(part: dict[str, object], kit: int, to: int, quantity: int | None = None) -> Move:
    count = quantity or part["quantity"]
    return Move(part["item_id"], count, part["place_id"], to, kit, part["device_id"])  # type: ignore[arg-type]


async def test_a_posting_counts_once() -> None:
    """The same key writes one posting however often it comes, also at the same time; other contents are refused."""
    kit, contents, _store, school = await one_kit()
    moves = [move_of(part, kit, school) for part in contents]
    postings = await asyncio.gather(*(ledger.post(moves, reason="transfer", key="k1") for _ in range(6)))
    assert sorted(posting.is_new for posting in postings) == [False] * 5 + [True]
    assert len({posting.movement_ids for posting in postings}) == 1
    assert await fetch_value("SELECT count(*) FROM movement WHERE idempotency_key = 'k1'") == len(moves)
    with pytest.raises(Conflict, match="idempotency-key-reused"):
        await ledger.post(moves[:1], reason="transfer", key="k1")


async def test_more_than_there_is_cannot_leave() -> None:
    """An overdraft is refused by the database, and the whole posting with it."""
    kit, contents, store, school = await one_kit()
    cables = next(part for part in contents if part["slug"] == "usb-cable")
    before = await holdings()
    with pytest.raises(Conflict, match="stock-overdrawn"):
        await ledger.post(
            [move_of(contents[0], kit, school), move_of(cables, kit, school, 4)], reason="transfer", key="k"
        )
    assert await holdings() == before
    assert await fetch_value("SELECT count(*) FROM movement WHERE reason = 'transfer'") == 0
    assert store != school


async def test_two_postings_of_the_last_piece() -> None:
    """Of two people who take the same pieces at once, one gets them and the other is told."""
    kit, contents, _store, school = await one_kit()
    other = await ledger.institution_place(await make_institution("9999999", "ΑΛΛΟ"))
    results = await asyncio.gather(
        ledger.post([move_of(part, kit, school) for part in contents], reason="transfer", key="a"),
        ledger.post([move_of(part, kit, other) for part in reversed(contents)], reason="transfer", key="b"),
        return_exceptions=True,
    )
    refused = [result for result in results if isinstance(result, Conflict)]
    assert len(refused) == 1 and refused[0].slug == "stock-overdrawn"
    assert (await ledger.verify()).faults == ()


async def test_a_device_is_in_one_place() -> None:
    """A device that came in once cannot come in again: the supplier is no way round the unique index."""
    kit, contents, _store, school = await one_kit()
    device = next(part for part in contents if part["device_id"])
    supplier = await ledger.place(ledger.SUPPLIER)
    with pytest.raises(Conflict, match="device-in-two-places"):
        await ledger.post(
            [Move(device["item_id"], 1, supplier, school, kit, device["device_id"])],  # type: ignore[arg-type]
            reason="purchase",
            key="again",
        )


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE movement SET quantity = quantity + 1",
        "UPDATE movement SET note = 'other' WHERE id = 1",
        "DELETE FROM movement",
        "TRUNCATE movement CASCADE",
    ],
)
async def test_history_is_never_altered(sql: str) -> None:
    """The database itself refuses to change or delete what was recorded."""
    await one_kit()
    before = await fetch("SELECT * FROM movement ORDER BY id")
    with pytest.raises(Conflict, match="history-is-append-only"):
        async with unit_of_work():
            await execute(sql)
    assert await fetch("SELECT * FROM movement ORDER BY id") == before


_COPY = """INSERT INTO movement (reason, item_id, kit_id, device_id, quantity, from_place_id, to_place_id, actor_kind,
    idempotency_key, line{extra_names}) SELECT {reason}, m.item_id, {kit}, m.device_id, {quantity}, {origin}, {target},
    'operator', 'by-hand', 1{extra} FROM movement m WHERE m.device_id IS {null} NULL ORDER BY m.id LIMIT 1"""
_AS_IT_WAS = {
    "reason": "'transfer'",
    "kit": "m.kit_id",
    "quantity": "m.quantity",
    "origin": "m.to_place_id",
    "target": "(SELECT id FROM place WHERE code = 'lost')",
    "null": "",
    "extra_names": "",
    "extra": "",
}
_REVERSAL = {"reason": "'correction'", "extra_names": ", reverses_id", "extra": ", m.id"}


@pytest.mark.parametrize(
    ("by_hand", "slug"),
    [
        ({"extra_names": ", occurred_at", "extra": ", now() + interval '1 day'"}, "movement-in-future"),
        (
            {
                "extra_names": ", occurred_at, recorded_at",
                "extra": ", now() + interval '1 year', now() + interval '1 year'",
            },
            "movement-in-future",
        ),
        ({"extra_names": ", recorded_at", "extra": ", now() - interval '1 day'"}, "movement-in-future"),
        ({"quantity": "m.quantity + 1"}, "stock-overdrawn"),
        ({**_REVERSAL}, "reversal-not-opposite"),
        ({**_REVERSAL, "target": "m.from_place_id", "quantity": "1"}, "reversal-not-opposite"),
        ({"null": "NOT", "kit": "NULL"}, "stock-overdrawn"),
        ({"null": "NOT", "kit": "NULL", "origin": "m.from_place_id"}, "device-in-two-places"),
    ],
)
async def test_the_database_itself_refuses_a_false_movement(by_hand: dict[str, str], slug: str) -> None:
    """Whoever goes round the service with SQL writes no movement of tomorrow, no overdraft and no false reversal."""
    await one_kit()
    before = await holdings()
    with pytest.raises(Conflict, match=slug):
        await execute(_COPY.format(**{**_AS_IT_WAS, **by_hand}))
    assert await holdings() == before


async def test_a_device_moves_with_its_own_kit_and_a_reversal_is_not_reversed() -> None:
    """A device in the name of another kit is refused, and so is the reversal of a reversal."""
    kit, contents, _store, school = await one_kit()
    (other,) = await receive(await definitions.get_definition("microbit-set"), 1)
    device = next(part for part in contents if part["device_id"])
    supplier = await ledger.place(ledger.SUPPLIER)
    await ledger.post([move_of(device, kit, supplier)], reason="reject", key="away")
    move = Move(device["item_id"], 1, supplier, school, await kit_id(other), device["device_id"])  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="movement-of-another-device"):
        await ledger.post([move], reason="purchase", key="x")
    posting = await ledger.post([move_of(contents[-1], kit, school)], reason="transfer", key="k")
    back = await ledger.reverse(posting.movement_ids, why="λάθος")
    with pytest.raises(Conflict, match="reversal-not-opposite"):
        await execute(
            """INSERT INTO movement (reason, item_id, kit_id, device_id, quantity, from_place_id, to_place_id,
                 actor_kind, idempotency_key, line, reverses_id)
               SELECT 'correction', item_id, kit_id, device_id, quantity, to_place_id, from_place_id, 'operator', 'y',
                 1, id FROM movement WHERE id = $1""",
            back.movement_ids[0],
        )
    for by_hand in ("UPDATE holding SET quantity = 9", "DELETE FROM holding", "TRUNCATE holding"):
        with pytest.raises(Conflict, match="balance-by-hand"):
            await execute(by_hand)
    assert (await ledger.verify()).faults == ()


async def test_a_reversal_happens_once() -> None:
    """A correction is a new movement, once for each; with a reason; and never of another step's movement."""
    kit, contents, store, school = await one_kit()
    before = await holdings()
    posting = await ledger.post([move_of(part, kit, school) for part in contents], reason="transfer", key="k")
    with pytest.raises(Invalid, match="reversal-needs-reason"):
        await ledger.reverse(posting.movement_ids, why=" ")
    results = await asyncio.gather(
        *(ledger.reverse(posting.movement_ids, why="λάθος σχολείο") for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(result, ledger.Posting) for result in results) == 1
    assert {getattr(result, "slug", "") for result in results if isinstance(result, Conflict)} == {
        "movement-already-reversed"
    }
    assert await holdings() == before
    with pytest.raises(NotFound, match="movement-not-found"):
        await ledger.reverse([10**9], why="x")
    packed = await ledger.post([move_of(contents[0], kit, school)], reason="receive", key="r")
    with pytest.raises(Conflict, match="movement-not-reversible"):
        await ledger.reverse(packed.movement_ids, why="x")
    assert store != school


async def test_what_moved_on_cannot_be_taken_back() -> None:
    """The reversal of a purchase is refused once the pieces are elsewhere, and nothing changes."""
    kit, contents, _store, school = await one_kit()
    await ledger.post([move_of(contents[0], kit, school)], reason="transfer", key="k")
    key = await fetch_value("SELECT idempotency_key FROM movement WHERE reason = 'purchase' LIMIT 1")
    before = await holdings()
    with pytest.raises(Conflict, match="stock-overdrawn"):
        await ledger.reverse_posting_of_kit(key, kit, why="επιστροφή")
    assert await holdings() == before


async def test_verify_finds_what_went_round_the_trigger() -> None:
    """A balance that somebody changed in the database by hand is found and named."""
    kit, _contents, store, school = await one_kit()
    assert (await ledger.verify()).faults == ()
    await tamper("UPDATE holding SET quantity = quantity + 1 WHERE kit_id = $1 AND device_id IS NULL", kit)
    faults = (await ledger.verify()).faults
    assert {fault["fault"] for fault in faults} == {"balance-differs"}
    assert {fault["held"] - fault["recomputed"] for fault in faults} == {1}
    await tamper("UPDATE holding SET quantity = quantity - 1 WHERE kit_id = $1 AND device_id IS NULL", kit)
    device = await fetch_value("SELECT id FROM device LIMIT 1")
    async with connection() as conn, conn.transaction():
        # the owner of a database can switch triggers off; a forged movement is found all the same
        await conn.execute("SET LOCAL session_replication_role = replica")
        await conn.execute(
            """INSERT INTO movement (reason, item_id, kit_id, device_id, quantity, from_place_id, to_place_id,
                 actor_kind, idempotency_key, line)
               SELECT 'purchase', item_id, NULL, id, 1, $2, $3, 'system', 'forged', 1 FROM device WHERE id = $1""",
            device,
            await ledger.place(ledger.SUPPLIER),
            school,
        )
    assert {fault["fault"] for fault in (await ledger.verify()).faults} == {
        "balance-differs",
        "device-in-two-places",
        "device-under-another-kit",
    }
    assert store != school


async def test_kits_come_in_with_their_parts() -> None:
    """Each kit gets its code, its devices by serial number and its other parts; a repeated key gives the same kits."""
    definition = await make_definition(devices=2)
    codes = await receive(definition, 3, key="delivery-1")
    assert len(set(codes)) == 3
    again = await stock.receive_kits(definition, [{"microbit": ["X1", "X2"]}], key="delivery-1")
    assert again == codes
    kit = await stock.get_kit(codes[0])
    assert [(part["slug"], part["quantity"]) for part in kit["contents"]] == [
        ("microbit", 1),
        ("microbit", 1),
        ("usb-cable", 3),
        ("battery", 4),
    ]
    assert await kit_id(codes[0]) == kit["id"]
    assert kit["place_kind"] == "store"


async def rows_read() -> int:
    """How many rows of the balances this transaction has read so far."""
    sql = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'holding'"
    return int(await fetch_value(sql))


async def test_a_posting_reads_its_own_balances_only() -> None:
    """A full store makes no posting slower: the rows that it touches are found by their key, not by reading all."""
    codes = await receive(await make_definition(), 400)
    kit = await stock.get_kit(codes[200])
    school = await ledger.institution_place(await make_institution())
    await execute("ANALYZE holding")
    moves = [move_of(part, kit["id"], school) for part in kit["contents"]]
    async with unit_of_work():
        before = await rows_read()
        await ledger.post(moves, reason="transfer", key="one")
        read = await rows_read() - before
    assert read < 100, f"{read} rows of 1,600 were read for one kit"
