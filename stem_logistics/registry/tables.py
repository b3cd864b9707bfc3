"""Tables of the registry. The schema itself is `db/migrations`; a test holds the two together."""

from piccolo.columns import JSONB, Array, BigInt, Boolean, Bytea, Date, Integer, Numeric, Text, Timestamptz
from piccolo.table import Table

from stem_logistics.db.engine import ENGINE


class RegionalDirectorate(Table, db=ENGINE, tablename="regional_directorate"):
    id = BigInt(primary_key=True)
    code = Text()
    name_el = Text()
    name_en = Text()


class Directorate(Table, db=ENGINE, tablename="directorate"):
    id = BigInt(primary_key=True)
    code = Text()
    name = Text()
    stage = Text(null=True, default=None)
    regional_directorate_id = BigInt()


class Institution(Table, db=ENGINE, tablename="institution"):
    id = BigInt(primary_key=True)
    code = Text()
    kind = Text(default="school")
    name = Text()
    level = Text()
    unit_type = Text()
    special_type = Text()
    orientation_type = Text()
    operation_shift = Text()
    legal_character = Text()
    state = Text(default="active")
    categories = Array(base_column=Text())
    remote = Boolean(default=False)
    regional_directorate_id = BigInt()
    directorate_id = BigInt(null=True, default=None)
    municipality = Text()
    address = Text()
    postcode = Text()
    phone = Text()
    email = Text()
    latitude = Numeric(null=True, default=None)
    longitude = Numeric(null=True, default=None)
    pupils = Integer(null=True, default=None)
    search_key = Text()
    source = Text()
    source_updated_on = Date(null=True, default=None)
    merged_into = BigInt(null=True, default=None)
    root_id = BigInt()
    created_at = Timestamptz()
    updated_at = Timestamptz()


class RegistryImport(Table, db=ENGINE, tablename="registry_import"):
    id = BigInt(primary_key=True)
    file_digest = Bytea()
    file_name = Text()
    column_set = Text()
    state = Text(default="uploaded")
    created = Integer()
    updated = Integer()
    unchanged = Integer()
    errors = JSONB()
    changes = JSONB()
    job_id = BigInt(null=True, default=None)
    created_by = BigInt(null=True, default=None)
    created_at = Timestamptz()
    finished_at = Timestamptz(null=True, default=None)


class InstitutionMerge(Table, db=ENGINE, tablename="institution_merge"):
    id = BigInt(primary_key=True)
    duplicate_id = BigInt()
    kept_id = BigInt()
    why = Text()
    moved = JSONB()
    merged_at = Timestamptz()
    merged_by = BigInt(null=True, default=None)
    undone_at = Timestamptz(null=True, default=None)
    undone_by = BigInt(null=True, default=None)


class InstitutionSuspicion(Table, db=ENGINE, tablename="institution_suspicion"):
    first_id = BigInt(primary_key=True)
    second_id = BigInt()
    grounds = Array(base_column=Text())
    weight = Integer()


class InstitutionDistinct(Table, db=ENGINE, tablename="institution_distinct"):
    first_id = BigInt(primary_key=True)
    second_id = BigInt()
    why = Text()
    decided_at = Timestamptz()
    decided_by = BigInt(null=True, default=None)


class InstitutionChange(Table, db=ENGINE, tablename="institution_change"):
    id = BigInt(primary_key=True)
    institution_id = BigInt()
    changed_at = Timestamptz()
    source_on = Date(null=True, default=None)
    field = Text()
    before = Text()
    after = Text()
