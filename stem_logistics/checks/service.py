"""Reports of device checks: taken in, linked to kits and devices, and what they say of each."""

import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from device_agents.envelope import MAX_BYTES, Envelope, EnvelopeUnreadable, SignatureWrong, read_envelope
from device_agents.report import Report
from firmware_checks.verdicts import Verdict
from stem_logistics import audit, runtime
from stem_logistics.accounts.policy import Permission, Scope
from stem_logistics.checks import agents, firmware, firmware_queries, queries, report_queries
from stem_logistics.checks.rules import (
    Chain,
    DeviceHealth,
    KitHealth,
    Link,
    chain_state,
    clock_skew,
    folded_serial,
    true_moment,
)
from stem_logistics.codes import parse_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, TooLarge

_NO_KIND = "unknown"


def _scope() -> Scope:
    scope = runtime.actor().principal.scope(Permission.CHECKS_READ)
    if not scope:
        raise Forbidden("not-allowed", permission=Permission.CHECKS_READ.value)
    return scope


async def expected_list(code: str) -> dict[str, Any]:
    """A kit's list for a laptop: what of it can be checked (`device_agents/kitlist.py` reads it).

    It holds no personal value; of places only the school's name, so that a technician sees whose box it is.

    Raises:
        NotFound: no such kit.
    """
    parsed = parse_code(code)
    kit = await report_queries.kit_by_code(parsed) if parsed else None
    if kit is None:
        raise NotFound("check-kit-not-found", code=code[:20])
    lines = [
        {
            "item": row["slug"],
            "name": {"el": row["name_el"], "en": row["name_en"]},
            "kind": row["device_kind"],
            "quantity": row["quantity"],
            "serials": row["serials"],
            "optional": row["optional"],
            "board": row["board"],
        }
        for row in await report_queries.kit_lines(kit["id"])
    ]
    title = {"el": kit["title_el"], "en": kit["title_en"]}
    return {
        "format": "stem-kit-list/1",
        "kit": kit["code"],
        "title": title,
        "lines": lines,
        "school": await report_queries.school_of_kit(kit["id"]),
        "firmware": await firmware.expected_of(kit["id"]),
        "bundle": await firmware_queries.version(),
    }


@dataclass(frozen=True)
class Filed:
    """What became of a report: whether it is new, and how it joins its agent's chain."""

    report_id: str
    new: bool
    chain: Chain


async def file_report(body: bytes, sent: agents.SignedMoment | None = None) -> Filed:
    """Take a filed report in. The same report again changes nothing.

    Args:
        body: the envelope.
        sent: what the request that brought it says of the moment, where a laptop signed it: it tells how far that
            laptop's clock is off.

    Raises:
        TooLarge, Invalid: it is too big, no envelope, not what its agent signed, of no schema that is read.
        Forbidden: its agent is unknown or was revoked.
        Conflict: another report has its id.
    """
    envelope = _read(body)
    agent = await agents.known_agent(envelope.agent)
    try:
        envelope.verify(bytes(agent["public_key"]))
    except SignatureWrong:
        raise Invalid("report-signature-wrong", report=envelope.report_id) from None
    report = _report_of(envelope)
    async with unit_of_work():
        agent = await queries.lock_agent(agent["id"])  # reports of one agent one after the other
        agents.refuse_revoked(agent)
        agents.become(agent["id"], agent["code"], agent["name"])
        digest = binascii.unhexlify(envelope.digest())
        known = await report_queries.report_known(UUID(envelope.report_id))
        if known is not None:
            if known["digest"] != digest or known["agent_id"] != agent["id"]:
                raise Conflict("report-id-taken", report=envelope.report_id)
            return Filed(envelope.report_id, False, known["chain"])
        skew = clock_skew(report, sent.skew_s if sent is not None and sent.agent == envelope.agent else None)
        chain = await _keep(envelope, report, agent["id"], digest, skew)
    return Filed(envelope.report_id, True, chain)


def _read(body: bytes) -> Envelope:
    try:
        return read_envelope(body)
    except EnvelopeUnreadable as error:
        raise _refusal(error) from None


def _report_of(envelope: Envelope) -> Report:
    try:
        return envelope.read_report()
    except EnvelopeUnreadable as error:
        raise _refusal(error) from None


def _refusal(error: EnvelopeUnreadable) -> DomainError:
    if error.problem == "too-big":
        return TooLarge("report-too-big", limit=MAX_BYTES)
    if error.problem == "schema-unknown":
        return Invalid("report-schema-unknown", schema=error.place, known=error.detail)
    if error.problem == "not-json":
        return Invalid("report-not-json", detail=error.detail)
    return Invalid("report-unreadable", place=error.place, detail=error.detail)


async def _keep(envelope: Envelope, report: Report, agent_id: int, digest: bytes, skew_s: int | None) -> Chain:
    previous = binascii.unhexlify(envelope.previous) if envelope.previous else None
    near = await report_queries.links_near(agent_id, envelope.sequence)
    chain = chain_state(Link(envelope.sequence, digest, previous), near)
    kit_code = parse_code(envelope.kit) if envelope.kit else None
    kit = await report_queries.kit_by_code(kit_code) if kit_code else None
    kit_id = kit["id"] if kit else None
    kind = report.kind or _NO_KIND
    folded = folded_serial(envelope.serial_number)
    device_id = await report_queries.find_device(kind, folded, kit_id) if folded else None
    await report_queries.add_report(
        {
            "report_id": UUID(envelope.report_id),
            "agent_id": agent_id,
            "sequence": envelope.sequence,
            "previous_digest": previous,
            "digest": digest,
            "signature": binascii.unhexlify(envelope.signature),
            "schema_name": report.schema_,
            "kit_id": kit_id,
            "device_id": device_id,
            "device_kind": kind,
            "serial_number": _storable(envelope.serial_number),
            "verdict": report.verdict.value,
            "chain": chain,
            "operator": _storable(envelope.operator),
            # the envelope keeps what the laptop's clock said; what is ordered by time uses what it should have said
            "observed_at": true_moment(envelope.observed, skew_s, datetime.now(UTC)),
            "clock_skew_s": skew_s,
            "envelope": envelope.to_bytes(),
        }
    )
    await queries.seen(agent_id, report.evidence.agent_version[:40])
    await audit.record(
        "check-report-filed",
        "check-report",
        envelope.report_id,
        kit=kit["code"] if kit else None,
        device=device_id,
        verdict=report.verdict.value,
        chain=chain,
    )
    return chain


def _storable(text: str) -> str:
    """PostgreSQL's text holds no NUL; the envelope itself is kept as it came."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


async def health_of_kit(kit_id: int) -> KitHealth:
    """The health of one kit's devices. The caller has made sure that its reader may see the kit."""
    return (await health_of_kits([kit_id]))[kit_id]


async def health_of_item(item_id: int) -> list[dict[str, Any]]:
    """How an item's devices are by their newest reports, within the reader's scope: rows of verdict (None: not checked
    yet) and devices.
    """
    scope = runtime.actor().principal.scope(Permission.CHECKS_READ)
    return await report_queries.verdicts_of_item(item_id, scope) if scope else []


async def health_of_kits(kit_ids: Sequence[int]) -> dict[int, KitHealth]:
    """The health of kits, by kit; a kit without devices that can be checked has an empty one."""
    devices: dict[int, list[DeviceHealth]] = {kit_id: [] for kit_id in kit_ids}
    unlisted: dict[int, list[DeviceHealth]] = {kit_id: [] for kit_id in kit_ids}
    for row in await report_queries.kit_devices(kit_ids):
        devices[row["kit_id"]].append(_health(row, row["name_el"], row["name_en"]))
    for row in await report_queries.kit_unlisted(kit_ids):
        unlisted[row["kit_id"]].append(_health(row, row["kind"], row["kind"]))
    return {kit_id: KitHealth(devices[kit_id], unlisted[kit_id]) for kit_id in kit_ids}


def _health(row: dict[str, Any], item_el: str, item_en: str) -> DeviceHealth:
    return DeviceHealth(
        row["device_id"],
        row["kind"],
        item_el,
        item_en,
        row["serial_number"],
        Verdict(row["verdict"]) if row["verdict"] else None,
        row["observed_at"],
        str(row["report_id"]) if row["report_id"] else "",
    )


async def list_reports(
    q: str, filters: dict[str, str], *, sort: str, descending: bool, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """A page of reports and how many there are, within the reader's scope."""
    scope = _scope()
    rows = await report_queries.reports(scope, q, filters, sort=sort, descending=descending, limit=limit, offset=offset)
    return rows, await report_queries.count_reports(scope, q, filters)


async def get_report(report_id: UUID) -> tuple[dict[str, Any], Envelope, Report | None, bool]:
    """One report: its row, its envelope, the report inside, and whether its signature still holds.

    The report is None where its schema is no longer read: the envelope is there all the same.

    Raises:
        NotFound: no such report, or outside the reader's scope (which says the same).
    """
    row = await report_queries.report(_scope(), report_id)
    if row is None:
        raise NotFound("check-report-not-found")
    envelope = read_envelope(bytes(row["envelope"]))
    try:
        envelope.verify(bytes(row["public_key"]))
        holds = binascii.unhexlify(envelope.digest()) == row["digest"]
    except SignatureWrong:
        holds = False
    try:
        report = envelope.read_report()
    except EnvelopeUnreadable:
        report = None
    return row, envelope, report, holds


async def faulty_devices() -> int:
    """How many devices' newest report proves a fault, within the reader's scope."""
    return await report_queries.faulty_devices(_scope())


async def latest_fork() -> datetime | None:
    """When a report last contradicted its agent's chain; None where none did, or for a reader of a part."""
    return await report_queries.latest_fork(_scope())


async def verify_all(batch: int = 500) -> tuple[int, list[str]]:
    """Check every kept envelope against its agent's key and its row; how many, and the ids that do not hold."""
    count, wrong, last = 0, [], 0
    while rows := await report_queries.envelopes_after(last, batch):
        for row in rows:
            count += 1
            last = row["id"]
            if not _holds(row):
                wrong.append(str(row["report_id"]))
    return count, wrong


def _holds(row: dict[str, Any]) -> bool:
    try:
        envelope = read_envelope(bytes(row["envelope"]))
        envelope.verify(bytes(row["public_key"]))
    except (EnvelopeUnreadable, SignatureWrong):
        return False
    told = (envelope.report_id, envelope.digest(), envelope.sequence, envelope.agent, envelope.report.get("verdict"))
    return told == (str(row["report_id"]), row["digest"].hex(), row["sequence"], row["agent_code"], row["verdict"])
