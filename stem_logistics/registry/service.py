"""Use cases of the registry: lists, one institution, its flag `remote`; what other nouns ask of it."""

from collections.abc import AsyncIterator, Iterable

from stem_logistics import audit
from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Forbidden, NotFound
from stem_logistics.registry import queries
from stem_logistics.registry.model import Asked, Institution, Office
from stem_logistics.registry.rules import institution_key


async def list_institutions(
    principal: Principal, asked: Asked, *, limit: int, offset: int = 0
) -> tuple[list[Institution], int]:
    """One page of what the principal may see, and how many there are in all."""
    scope = principal.scope(Permission.REGISTRY_READ)
    rows = await queries.institutions(scope, asked, limit=limit, offset=offset)
    return rows, await queries.count_institutions(scope, asked)


async def institutions_after(principal: Principal, asked: Asked, after: str, *, limit: int) -> list[Institution]:
    """A keyset page by code of what the principal may see."""
    return await queries.institutions_after(principal.scope(Permission.REGISTRY_READ), asked, after, limit=limit)


def every_institution(principal: Principal, asked: Asked) -> AsyncIterator[Institution]:
    """All that the principal may see of a list, by code: for exports."""
    return queries.every_institution(principal.scope(Permission.REGISTRY_READ), asked)


async def get_institution(principal: Principal, code: str) -> Institution:
    """One institution by its code. Raises NotFound, outside the principal's scope as well."""
    found = await queries.institution_by_code(principal.scope(Permission.REGISTRY_READ), code)
    if found is None:
        raise NotFound("institution-not-found", code=code[:40])
    return found


async def institutions_by_ids(ids: Iterable[int]) -> dict[int, Institution]:
    """Institutions by id, for other nouns' services, which have checked what may be seen."""
    return {each.id: each for each in await queries.institutions_by("id", sorted(set(ids)))}


async def institutions_by_codes(codes: Iterable[str]) -> dict[str, Institution]:
    """Institutions by code, for other nouns' services, which have checked what may be seen."""
    return {each.code: each for each in await queries.institutions_by("code", sorted(set(codes)))}


async def regions(principal: Principal) -> list[Office]:
    """The regional directorates that the principal may see something of."""
    return await queries.regions(principal.scope(Permission.REGISTRY_READ))


async def directorates(principal: Principal, region: str = "") -> list[Office]:
    """The directorates of a region that the principal may see something of."""
    return await queries.directorates(principal.scope(Permission.REGISTRY_READ), region)


async def set_remote(principal: Principal, code: str, remote: bool, *, why: str = "") -> Institution:
    """Set or take away the NSO's own flag “remote”; no import touches it.

    Raises:
        NotFound: no such institution in what the principal may see.
        Forbidden: seen, but not the principal's to change.
    """
    found = await get_institution(principal, code)
    if not principal.may(Permission.REGISTRY_WRITE, region_id=found.region_id, institution_id=found.id):
        raise Forbidden("not-allowed")
    async with unit_of_work():
        if await queries.set_remote(found.id, remote):
            await audit.record(
                "institution-marked-remote" if remote else "institution-unmarked-remote",
                "institution",
                found.id,
                why=why,
            )
    return await get_institution(principal, code)


async def renew_search_keys(ids: list[int] | None = None) -> int:
    """Make search keys anew, where names or offices changed, or after the folding did. Returns how many changed."""
    async with unit_of_work():
        changed = []
        for row in await queries.search_facts(ids):
            key = institution_key(row["code"], row["name"], row["municipality"], row["office"])
            if key != row["search_key"]:
                changed.append((row["id"], key))
        if changed:
            await queries.set_search_keys(changed)
    return len(changed)
