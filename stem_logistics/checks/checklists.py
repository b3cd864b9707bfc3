"""Kinds of device that are lists of questions, as the service takes them in."""

from device_agents.kinds import code_slugs, use_documents
from device_agents.kinds.checklist_files import ChecklistInvalid, read_checklist, usable
from stem_logistics.checks import firmware_queries as queries
from stem_logistics.errors import Invalid


def read_kind(content: bytes, file: str) -> str:
    """The slug of a list of questions that laptops can read.

    Raises:
        Invalid: with the place that is wrong.
    """
    try:
        return read_checklist(content, file).slug
    except ChecklistInvalid as error:
        place, detail = str(error.params.get("place", "—")), str(error.params.get("detail", ""))
        raise Invalid("check-document-wrong", file=file, place=place[:200], reason=detail[:300]) from None


async def learn() -> None:
    """Know the kinds that are sent to the laptops here too, so that the pages have their words.

    A list that cannot be used beside the organisation's folder of checklists is left out.
    """
    rows = [row for row in await queries.in_force() if row["sort"] == "kind"]
    use_documents(*usable(((f"{row['slug']}.toml", row["content"].encode()) for row in rows), code_slugs()))
