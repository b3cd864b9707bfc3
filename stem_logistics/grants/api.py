"""Fixed lists over JSON: what is published, for everybody."""

from litestar import get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.grants import service
from stem_logistics.grants.model import GrantList
from stem_logistics.grants.rules import Entry
from stem_logistics.grants.schemas import CorrectionOut, GrantListOut, GrantListWhole, RecipientOut

PUBLIC = {"permission": Permission.PUBLIC}


@get("/api/v1/grant-lists", opt=PUBLIC, operation_id="ListGrantLists", tags=["results"])
async def list_lists() -> list[GrantListOut]:
    """Every published list of prizes and direct grants; no sign-in needed."""
    rows = await service.published_lists()
    return [GrantListOut.model_validate({name: row[name] for name in GrantListOut.model_fields}) for row in rows]


@get("/api/v1/grant-lists/{slug:str}", opt=PUBLIC, operation_id="GetGrantList", tags=["results"])
async def get_list(slug: FromPath[str]) -> GrantListWhole:
    """One published list: who receives what and why; no sign-in needed."""
    found = await service.public_list(slug)
    corrections = [
        CorrectionOut(
            at=each.at,
            why=each.why,
            was=_recipient(found, each.was) if each.was else None,
            now=_recipient(found, each.now) if each.now else None,
            former_sha256=each.former_sha256,
        )
        for each in found.corrections
    ]
    recipients = [_recipient(found, entry) for entry in found.entries]
    return GrantListWhole(slug=found.wave.slug, sha256=found.sha256, recipients=recipients, corrections=corrections)


def _recipient(found: GrantList, entry: Entry) -> RecipientOut:
    own = {name: getattr(entry, name) for name in RecipientOut.model_fields if name != "why"}
    return RecipientOut.model_validate({**own, "why": found.why(entry)})


ROUTES: list[ControllerRouterHandler] = [list_lists, get_list]
