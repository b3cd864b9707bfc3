"""Tables of fixed lists. The schema itself is `db/migrations`; a test holds the two together."""

from piccolo.columns import JSONB, BigInt, Boolean, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table

from stem_logistics.db.engine import ENGINE


class GrantList(Table, db=ENGINE, tablename="grant_list"):
    wave_id = BigInt(primary_key=True)
    reason = Text()
    ground = Text()
    delivered = Boolean(default=False)
    stock = JSONB()
    published_file = Bytea(null=True, default=None)
    published_by = BigInt(null=True, default=None)


class GrantEntry(Table, db=ENGINE, tablename="grant_entry"):
    id = BigInt(primary_key=True)
    wave_id = BigInt()
    position = Integer()
    institution_id = BigInt()
    kit_slug = Text()
    units = Integer(default=1)
    category = Text()
    rank = Text()
    project = Text()
    note = Text()
    created_by = BigInt(null=True, default=None)
    created_at = Timestamptz()
    corrected = Boolean(default=False)


class GrantCorrection(Table, db=ENGINE, tablename="grant_correction"):
    id = BigInt(primary_key=True)
    wave_id = BigInt()
    was_id = BigInt(null=True, default=None)
    is_id = BigInt(null=True, default=None)
    why = Text()
    former_file = Bytea()
    published_file = Bytea()
    corrected_by = BigInt(null=True, default=None)
    corrected_at = Timestamptz()
