"""What the registry's API gives and takes."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from stem_logistics.registry.import_service import Import
from stem_logistics.registry.importing.faults import Fault
from stem_logistics.registry.model import Institution


class RegionOut(BaseModel):
    """A regional directorate."""

    code: str
    name_el: str
    name_en: str


class RegionCount(RegionOut):
    """A regional directorate and how many active institutions of it the asker may see."""

    institutions: int


class DirectorateOut(BaseModel):
    """A directorate of primary or secondary education."""

    code: str
    name: str


class InstitutionOut(BaseModel):
    """A school or a university department."""

    code: str
    kind: str
    name: str
    level: str
    state: str
    categories: list[str]
    unit_type: str
    special_type: str
    orientation_type: str
    operation_shift: str
    legal_character: str
    region: RegionOut
    directorate: DirectorateOut | None
    municipality: str
    address: str
    postcode: str
    phone: str
    email: str
    latitude: Decimal | None
    longitude: Decimal | None
    pupils: int | None
    source: str
    source_updated_on: date | None
    updated_at: datetime


class InstitutionPage(BaseModel):
    """One page; `next` is the `after` of the page that follows, null on the last."""

    items: list[InstitutionOut]
    next: str | None


class FaultOut(BaseModel):
    """What is wrong with a file, and where: the spreadsheet's row (null: the file), the file's own column."""

    row: int | None
    column: str
    message: str


class ImportOut(BaseModel):
    """An import: what it would change (state `previewed`) or has changed (`imported`)."""

    id: int
    state: str
    file_name: str
    column_set: str
    created: int
    updated: int
    unchanged: int
    errors: list[FaultOut]
    changed_fields: dict[str, int]
    job_id: int | None
    created_at: datetime
    finished_at: datetime | None


def institution_out(each: Institution) -> InstitutionOut:
    """An institution for the API."""
    values: dict[str, Any] = {
        name: getattr(each, name)
        for name in InstitutionOut.model_fields
        if name not in ("categories", "region", "directorate")
    }
    office = DirectorateOut(code=each.directorate, name=each.directorate_name) if each.directorate else None
    region = RegionOut(code=each.region, name_el=each.region_el, name_en=each.region_en)
    return InstitutionOut(**values, categories=list(each.all_categories), region=region, directorate=office)


def fault_out(fault: Fault) -> FaultOut:
    """A fault in the reader's language."""
    return FaultOut(row=fault.row, column=fault.column, message=fault.sentence())


def import_out(each: Import) -> ImportOut:
    """An import for the API."""
    outcome = each.outcome
    return ImportOut(
        id=each.id,
        state=each.state,
        file_name=each.file_name,
        column_set=each.column_set,
        created=outcome.created,
        updated=outcome.updated,
        unchanged=outcome.unchanged,
        errors=[fault_out(fault) for fault in outcome.faults],
        changed_fields=outcome.fields,
        job_id=each.job_id,
        created_at=each.created_at,
        finished_at=each.finished_at,
    )
