"""Who may do what, and where: the only module that knows roles. Pure.

A route declares one `Permission`; a role is a set of permissions; a grant gives a role in a scope. Services receive a
`Principal` and filter by `principal.scope(permission)`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Permission(StrEnum):
    """What a route may ask for. `PUBLIC` asks for nothing, `SIGNED_IN` for a person, `LINK_*` for a school's link."""

    PUBLIC = "public"
    SIGNED_IN = "signed-in"
    REGISTRY_READ = "registry:read"
    REGISTRY_WRITE = "registry:write"
    WAVES_READ = "waves:read"
    WAVES_WRITE = "waves:write"
    WAVES_PUBLISH = "waves:publish"
    STOCK_READ = "stock:read"
    STOCK_WRITE = "stock:write"
    DELIVERIES_READ = "deliveries:read"
    DELIVERIES_WRITE = "deliveries:write"
    HAND_OVER = "deliveries:hand-over"
    """Take parcels over for a stop of the last mile, and see those of the region."""
    PURCHASING_READ = "purchasing:read"
    """Contracts, prices and what a supplier brought: not of a region, so only for the whole country."""
    CHECKS_READ = "checks:read"
    CHECKS_WRITE = "checks:write"
    CHECKS_FIRMWARE = "checks:firmware"
    """Say what firmware is known and expected: every laptop in the country judges by it."""
    AUDIT_READ = "audit:read"
    MAIL_READ = "mail:read"
    ACCOUNTS_WRITE = "accounts:write"
    LINK_RECEIPT = "link:receipt"
    LINK_APPLICATION = "link:application"
    LINK_RESULT = "link:result"
    LINK_CUSTODY = "link:custody"
    LINK_STOCKTAKE = "link:stocktake"
    LINK_HAND_OVER = "link:hand-over"
    AGENT = "agent"
    """A technician's laptop; the checks service proves its signature."""


LINK_PURPOSES: dict[Permission, str] = {
    Permission.LINK_RECEIPT: "receipt",
    Permission.LINK_APPLICATION: "application",
    Permission.LINK_RESULT: "result",
    Permission.LINK_CUSTODY: "custody",
    Permission.LINK_STOCKTAKE: "stocktake",
    Permission.LINK_HAND_OVER: "hand-over",
}

_READ = frozenset(
    {
        Permission.REGISTRY_READ,
        Permission.WAVES_READ,
        Permission.STOCK_READ,
        Permission.PURCHASING_READ,
        Permission.DELIVERIES_READ,
        Permission.CHECKS_READ,
    }
)

ROLES: dict[str, frozenset[Permission]] = {
    "staff": _READ
    | {
        Permission.REGISTRY_WRITE,
        Permission.WAVES_WRITE,
        Permission.WAVES_PUBLISH,
        Permission.STOCK_WRITE,
        Permission.DELIVERIES_WRITE,
        Permission.HAND_OVER,
        Permission.CHECKS_WRITE,
        Permission.CHECKS_FIRMWARE,
        Permission.AUDIT_READ,
        Permission.MAIL_READ,
        Permission.ACCOUNTS_WRITE,
    },
    "technician": frozenset(
        {
            Permission.REGISTRY_READ,
            Permission.STOCK_READ,
            Permission.PURCHASING_READ,
            Permission.DELIVERIES_READ,
            Permission.CHECKS_READ,
            Permission.CHECKS_WRITE,
        }
    ),
    # a volunteer with a region: which of its schools have what, and the parcels on their last mile
    "ambassador": frozenset(
        {
            Permission.REGISTRY_READ,
            Permission.STOCK_READ,
            Permission.DELIVERIES_READ,
            Permission.HAND_OVER,
        }
    ),
    "auditor": _READ | {Permission.AUDIT_READ},
}

# Roles that are held for a region and never for the whole country.
OF_A_REGION = frozenset({"ambassador"})

# What decides for the whole country at once: a grant for one region cannot carry it.
COUNTRY_ONLY = frozenset(
    {
        Permission.WAVES_WRITE,
        Permission.WAVES_PUBLISH,
        Permission.STOCK_WRITE,
        Permission.PURCHASING_READ,
        Permission.CHECKS_FIRMWARE,
        Permission.AUDIT_READ,
        Permission.MAIL_READ,
        Permission.ACCOUNTS_WRITE,
    }
)

ScopeKind = Literal["country", "region", "institution"]


@dataclass(frozen=True)
class Grant:
    """A role in a scope: the country, a regional directorate, or an institution (by internal id)."""

    role: str
    scope_kind: ScopeKind
    scope_id: int | None = None


@dataclass(frozen=True)
class Scope:
    """Where a permission holds. Queries filter by it; an empty one sees nothing."""

    country: bool = False
    regions: frozenset[int] = frozenset()
    institutions: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return self.country or bool(self.regions) or bool(self.institutions)

    def covers(self, *, region_id: int | None = None, institution_id: int | None = None) -> bool:
        """Whether a thing of that region or institution is inside."""
        return self.country or region_id in self.regions or institution_id in self.institutions


EVERYWHERE = Scope(country=True)
NOWHERE = Scope()


@dataclass(frozen=True)
class Principal:
    """Who acts: a person with grants, a school's link with one purpose, a laptop, or the system itself."""

    kind: Literal["anonymous", "account", "link", "agent", "system", "operator"]
    id: int | None = None
    code: str = ""
    name: str = ""
    grants: tuple[Grant, ...] = ()
    # of a link
    permission: Permission | None = None
    institution_id: int | None = None
    consignment_id: int | None = None
    wave_id: int | None = None
    stop_id: int | None = None
    # of a session
    session_id: int | None = field(default=None, compare=False)

    def scope(self, permission: Permission) -> Scope:
        """Where this principal holds the permission."""
        if self.kind in ("system", "operator"):
            return EVERYWHERE
        if permission is Permission.PUBLIC:
            return EVERYWHERE
        if permission is Permission.SIGNED_IN:
            return EVERYWHERE if self.kind == "account" else NOWHERE
        if self.kind == "link":
            if permission is not self.permission or self.institution_id is None:
                return NOWHERE
            return Scope(institutions=frozenset({self.institution_id}))
        grants = [grant for grant in self.grants if permission in ROLES.get(grant.role, frozenset())]
        return _union(grants, country_only=permission in COUNTRY_ONLY)

    def may(self, permission: Permission, *, region_id: int | None = None, institution_id: int | None = None) -> bool:
        """Whether the permission holds at all, or for the region or institution that is named."""
        scope = self.scope(permission)
        if region_id is None and institution_id is None:
            return bool(scope)
        return scope.covers(region_id=region_id, institution_id=institution_id)

    @property
    def roles(self) -> tuple[str, ...]:
        """The names of the roles held anywhere."""
        return tuple(sorted({grant.role for grant in self.grants}))


def _union(grants: Iterable[Grant], *, country_only: bool) -> Scope:
    country = False
    regions: set[int] = set()
    institutions: set[int] = set()
    for grant in grants:
        if grant.scope_kind == "country":
            country = True
        elif country_only:
            continue
        elif grant.scope_kind == "region" and grant.scope_id is not None:
            regions.add(grant.scope_id)
        elif grant.scope_id is not None:
            institutions.add(grant.scope_id)
    return Scope(country, frozenset(regions), frozenset(institutions))


ANONYMOUS = Principal("anonymous")
SYSTEM = Principal("system", name="system")


def operator(name: str) -> Principal:
    """Whoever runs a command on the server's own machine: the operating system let them in."""
    return Principal("operator", name=name)
