"""What firmware is known and expected: documents that the NSO adds, sent to the laptops in one signed bundle."""

import tomllib
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from pydantic import ValidationError

from firmware_checks import bundles
from firmware_checks.baseline import Baseline
from firmware_checks.catalogue import Document, load, read_document
from firmware_checks.errors import BaselineInvalid
from firmware_checks.expectations import Expectation
from firmware_checks.texts import text
from stem_logistics import audit, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.checks import firmware_queries as queries
from stem_logistics.checks import signing
from stem_logistics.checks.agents import require
from stem_logistics.checks.checklists import learn, read_kind
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Invalid, NotFound, TooLarge
from stem_logistics.web.i18n import current_locale

Sort = Literal["baseline", "kind"]
MAX_WHY: Final = 500


@dataclass(frozen=True)
class AddedDocument:
    """What became of a document: `version` is the new bundle's."""

    sort: Sort
    slug: str
    edition: int
    version: int
    new: bool = True


def _by() -> int | None:
    who = runtime.actor().principal
    return who.id if who.kind == "account" else None


async def add(content: bytes, why: str, *, file: str = "", at_least: int = 0) -> AddedDocument:
    """Take a document in and make a new bundle of it. The same content again changes nothing.

    Args:
        content: a baseline (`stem-baseline/1`) or a list of questions (`stem-checklist/1`), as TOML.
        why: the reason, for the record.
        file: its name, for whoever reads of a fault in it.
        at_least: the new bundle's version is at least this: after a restore from a backup laptops have seen higher
            ones than the service knows of, and take no lower one.

    Raises:
        Forbidden, TooLarge, Invalid: with the file, the place that is wrong and the remedy.
    """
    require(Permission.CHECKS_FIRMWARE)
    if len(content) > bundles.MAX_PART:
        raise TooLarge("check-document-too-big", limit=bundles.MAX_PART)
    sort, slug = _judged(content, file.strip()[:200] or "—")
    async with unit_of_work():
        await queries.lock_documents()
        last = await queries.newest(sort, slug)
        newest = await queries.version()
        if last is not None and last["content"] == content.decode("utf-8") and at_least <= newest:
            return AddedDocument(sort, slug, last["edition"], newest, False)
        added = await _put(sort, slug, content.decode("utf-8"), why, at_least)
    await learn()
    return added


async def retire(sort: str, slug: str, why: str, *, at_least: int = 0) -> AddedDocument:
    """Send a document no longer: the laptops judge by what ships with them again.

    Raises:
        NotFound: there is none, or it was retired already.
    """
    require(Permission.CHECKS_FIRMWARE)
    async with unit_of_work():
        await queries.lock_documents()
        last = await queries.newest(sort, slug)
        if last is None or last["content"] is None or sort not in get_args(Sort):
            raise NotFound("check-document-not-found", name=slug[:60])
        retired = await _put("baseline" if sort == "baseline" else "kind", slug, None, why, at_least)
    await learn()
    return retired


async def _put(sort: Sort, slug: str, content: str | None, why: str, at_least: int) -> AddedDocument:
    last = await queries.newest(sort, slug)
    edition = last["edition"] + 1 if last is not None else 1
    version = max(await queries.version() + 1, min(at_least, 2**52))
    reason = " ".join(why.split())[:MAX_WHY]
    await queries.add_document((version, sort, slug, edition, content, reason, _by()))
    await audit.record(
        "check-document-retired" if content is None else "check-document-added",
        "check-document",
        f"{sort}:{slug}",
        why=reason,
        edition=edition,
        bundle=version,
    )
    return AddedDocument(sort, slug, edition, version)


def _judged(content: bytes, file: str) -> tuple[Sort, str]:
    """What a document is; it has to be right as a laptop will read it."""
    try:
        document = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise Invalid("check-document-wrong", file=file, place="—", reason=str(error)[:300]) from None
    if "\0" in content.decode("utf-8"):
        raise Invalid("check-document-wrong", file=file, place="—", reason="NUL")
    schema = document.get("schema")
    if schema == "stem-checklist/1":
        return "kind", read_kind(content, file)
    slug = document.get("kind")
    if schema != "stem-baseline/1" or not isinstance(slug, str):
        raise Invalid("check-document-of-no-schema", file=file, schema=str(schema)[:64])
    try:
        read_document(Document(slug, file, content))
    except BaselineInvalid as error:
        place, reason = str(error.params.get("place", "—")), str(error.params.get("reason", ""))
        message = reason or text(error.slug, error.params, current_locale.get())
        raise Invalid("check-document-wrong", file=file, place=place[:200], reason=message[:300]) from None
    return "baseline", slug


async def bundle() -> tuple[int, bytes]:
    """The bundle in force: its version, and the signed bytes as laptops take them."""
    signer = await signing.signer()
    change = await queries.latest_change()
    version = change["bundle_version"] if change else 0
    content = bundles.Bundle(
        format="stem-bundle/1",
        version=version,
        issued_at=change["added_at"].strftime("%Y-%m-%dT%H:%M:%SZ") if change else "",
        parts=[
            bundles.Part(sort=row["sort"], slug=row["slug"], edition=row["edition"], content=row["content"])
            for row in await queries.in_force()
        ],
    )
    return version, bundles.sign(content, signer.key, signer.succession)


async def bundle_for(agent_id: int, have: int | None) -> tuple[int, bytes | None]:
    """The bundle for a laptop; no bytes where it has that version already."""
    change = await queries.latest_change()
    version = change["bundle_version"] if change else 0
    if have == version:
        content = None
    else:
        version, content = await bundle()
    async with unit_of_work():
        await queries.took_bundle(agent_id, version)
    return version, content


async def version_in_force() -> int:
    """The version of the bundle that laptops are given now; 0: nothing was added yet."""
    return await queries.version()


async def history() -> list[dict[str, Any]]:
    """Every change of the documents, newest first; `in_force` marks those that are sent."""
    require(Permission.CHECKS_READ)
    sent = {(row["sort"], row["slug"], row["edition"]) for row in await queries.in_force()}
    return [{**row, "in_force": (row["sort"], row["slug"], row["edition"]) in sent} for row in await queries.history()]


async def document(sort: str, slug: str, edition: int) -> str:
    """One edition of a document as it was added.

    Raises:
        NotFound: there is none.
    """
    require(Permission.CHECKS_READ)
    content = await queries.document(sort, slug, edition)
    if content is None:
        raise NotFound("check-document-not-found", name=slug[:60])
    return content


@dataclass(frozen=True)
class Wish:
    """What is expected: at least this version of a product, of a kit's definition, a wave, or (both None) every kit."""

    kind: str
    product: str
    minimum: str | None
    reason: str = ""
    kit_definition: str | None = None
    wave_id: int | None = None


async def expect(wish: Wish) -> None:
    """Say what firmware is expected; with `minimum` None nothing is any more.

    Raises:
        Forbidden.
        Invalid: no version, no such kind with known firmware, no such wave or definition of a kit.
    """
    require(Permission.CHECKS_FIRMWARE)
    kind, product, reason = wish.kind.strip(), " ".join(wish.product.split()), " ".join(wish.reason.split())[:200]
    minimum = wish.minimum.strip() if wish.minimum is not None else None
    try:
        Expectation(kind=kind, product=product, minimum=minimum if minimum is not None else "1")
    except ValidationError:
        raise Invalid("expectation-wrong", product=product[:100], minimum=(minimum or "—")[:100]) from None
    known = await known_kinds()
    if kind not in known:
        raise Invalid("expectation-of-no-kind", kind=kind[:60], known=", ".join(known))
    definitions, waves = await queries.places()
    if wish.kit_definition is not None and wish.kit_definition not in {row["slug"] for row in definitions}:
        raise NotFound("expectation-of-no-kit", name=wish.kit_definition[:60])
    if wish.wave_id is not None and wish.wave_id not in {row["id"] for row in waves}:
        raise NotFound("expectation-of-no-wave")
    async with unit_of_work():
        await queries.add_expectation((wish.kit_definition, wish.wave_id, kind, product, minimum, reason, _by()))
        await audit.record(
            "firmware-expected",
            "firmware-expectation",
            f"{kind}:{product}",
            why=reason,
            minimum=minimum,
            wave=wish.wave_id,
            kit=wish.kit_definition,
        )


async def places() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The definitions of kits and the waves that something may be expected of."""
    require(Permission.CHECKS_READ)
    return await queries.places()


async def known_kinds() -> tuple[str, ...]:
    """The kinds that something is known of: what ships, and what was added."""
    added = {row["slug"] for row in await queries.in_force() if row["sort"] == "baseline"}
    return tuple(sorted({*load().kinds, *added}))


async def baseline_of(kind: str) -> Baseline | None:
    """What is known of a kind's firmware: what ships, with what was added; None where nothing is."""
    added = [row for row in await queries.in_force() if row["sort"] == "baseline" and row["slug"] == kind]
    documents = [Document(kind, f"{kind}.toml", row["content"].encode()) for row in added]
    return load(documents=documents).baselines.get(kind)


async def boards_of(kind: str) -> list[tuple[str, str]]:
    """The boards and models that a kind's baseline tells apart: slug and name."""
    known = await baseline_of(kind)
    if known is None:
        return []
    return [(board.slug, board.name) for board in known.boards] + [(model.slug, model.name) for model in known.models]


async def expectations() -> list[dict[str, Any]]:
    """What is expected now."""
    require(Permission.CHECKS_READ)
    return await queries.expectations()


async def expected_of(kit_id: int) -> list[dict[str, str]]:
    """What a kit's list says of firmware (`firmware_checks.expectations` reads it)."""
    return [
        {"kind": row["device_kind"], "product": row["product"], "minimum": row["minimum"], "reason": row["reason"]}
        for row in await queries.expected_of_kit(kit_id)
    ]
