"""What the database refuses, as domain errors: the one place that knows asyncpg's error classes."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from stem_logistics.errors import Conflict, DomainError, Invalid, Unavailable

# Constraint or index → the error's slug. A slug has a message in errors' catalogue (web/sentences.py).
CONSTRAINTS: dict[str, str] = {
    "holding_not_overdrawn": "stock-overdrawn",
    "device_in_one_place": "device-in-two-places",
    "append_only": "history-is-append-only",
    "movement_not_in_future": "movement-in-future",
    "movement_recorded_now": "movement-in-future",
    "movement_reverses_its_opposite": "reversal-not-opposite",
    "movement_of_its_own_device": "movement-of-another-device",
    "movement_regroups": "movement-regroups-alone",
    "regrouping_is_whole": "movement-regroups-alone",
    "device_changes_kit_by_movements": "movement-of-another-device",
    "holding_by_movements_only": "balance-by-hand",
    "kit_position_by_movements_only": "balance-by-hand",
    "version_in_use": "version-in-use",
    "movement_in_closed_period": "period-closed",
    "closed_period_tstzrange_excl": "period-overlaps",
    "custody_one_holder": "kit-has-holder",
    "repair_open_once": "device-in-repair-already",
    "loan_one_out": "kit-on-loan-already",
    "idle_kit_once": "kit-offered-already",
    "stocktake_year_institution_id_key": "stocktake-open-already",
    "consignment_kit_active": "kit-already-packed",
    "receipt_within_shipped": "receipt-exceeds-shipped",
    "shortfall_has_reason": "shortfall-needs-reason",
    "institution_code_key": "school-code-taken",
    "account_email_key": "email-taken",
    "wave_slug_key": "wave-slug-taken",
    "device_once": "serial-number-taken-meanwhile",
    "evidence_once": "evidence-already-recorded",
    "award_wave_id_institution_id_kit_slug_key": "already-awarded",
    "consignment_award_id_fkey": "award-under-way",
    "consignment_kit_award_id_fkey": "award-under-way",
    "award_covers_sent": "award-under-way",
    "allocation_run_published": "wave-already-published",
}


def domain_error(error: asyncpg.PostgresError) -> DomainError:
    """The domain error for what PostgreSQL raised; the constraint names it."""
    name = str(getattr(error, "constraint_name", None) or "")
    slug = CONSTRAINTS.get(name)
    # PostgreSQL's DETAIL quotes the whole row that failed: other people's values, or a secret
    detail = {"constraint": name, "detail": str(error.args[0]) if error.args else name}
    if slug is not None:
        return Conflict(slug, **detail)
    if isinstance(error, asyncpg.UniqueViolationError):
        return Conflict("already-exists", **detail)
    if isinstance(error, asyncpg.ForeignKeyViolationError):
        return Conflict("still-referenced", **detail)
    return Invalid("refused-by-database", **detail)


# What asyncpg raises when the server goes away, under a query or before one.
_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    # the driver's bookkeeping trips over a connection that broke between two messages of one query
    asyncpg.InternalClientError,
    ConnectionError,
)


def is_away(error: BaseException) -> bool:
    """Whether an error means that the database does not answer, and nothing worse."""
    if isinstance(error, _AWAY):
        return True
    # rolling back on a connection that is gone complains of the transaction; what came before tells why
    before = error.__cause__ or error.__context__
    if isinstance(error, asyncpg.InterfaceError) and before is not None and is_away(before):
        return True
    if isinstance(error, asyncpg.InterfaceError):
        return "closed" in str(error) or "closing" in str(error)
    # A socket that is gone raises FileNotFoundError, as a missing file of ours does: where it was raised tells.
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, OSError) and any("asyncpg" in Path(frame.filename).parts for frame in frames)


def is_unstorable(error: BaseException) -> bool:
    """Whether PostgreSQL cannot hold a value at all: a NUL in a text, a number beyond a bigint."""
    # the driver's own complaint (a number that it cannot even send) is an InterfaceError and a ValueError
    return isinstance(error, asyncpg.DataError) or (
        isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
    )


@contextmanager
def translate_database_errors() -> Iterator[None]:
    """Turn integrity violations and lost connections into domain errors; let every other error through."""
    try:
        yield
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.RestrictViolationError) as error:
        raise domain_error(error) from error
    except asyncpg.DataError as error:
        raise Invalid("refused-by-database", constraint="", detail=str(error)) from error
    except asyncpg.InterfaceError as error:
        if is_away(error):
            raise Unavailable("database-unavailable") from error
        if not is_unstorable(error):
            raise
        raise Invalid("refused-by-database", constraint="", detail=str(error)) from error
    except _AWAY as error:
        raise Unavailable("database-unavailable") from error
