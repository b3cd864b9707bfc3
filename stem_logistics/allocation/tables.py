"""Tables of allocation. The schema itself is `db/migrations`; a test holds the two together."""

from piccolo.columns import JSONB, BigInt, Bytea, Integer, Numeric, Text, Timestamptz
from piccolo.table import Table

from stem_logistics.db.engine import ENGINE


class AllocationRun(Table, db=ENGINE, tablename="allocation_run"):
    id = BigInt(primary_key=True)
    wave_id = BigInt()
    score_run_id = BigInt()
    seed = Text()
    input_file = Bytea()
    outcome_file = Bytea()
    created_by = BigInt(null=True, default=None)
    created_at = Timestamptz()
    published_by = BigInt(null=True, default=None)
    published_at = Timestamptz(null=True, default=None)
    previous_id = BigInt(null=True, default=None)
    step = Text(default="run")
    final_file = Bytea(null=True, default=None)


class AllocationRow(Table, db=ENGINE, tablename="allocation_row"):
    id = BigInt(primary_key=True)
    run_id = BigInt()
    position = Integer()
    institution_id = BigInt()
    kit_slug = Text(null=True, default=None)
    code = Text()
    line = Text(null=True, default=None)
    units = Integer(default=0)
    score = Numeric(digits=(15, 6))
    ticket = Text()
    cutoff = JSONB(null=True, default=None)
    needed = JSONB(null=True, default=None)


class Award(Table, db=ENGINE, tablename="award"):
    id = BigInt(primary_key=True)
    wave_id = BigInt()
    institution_id = BigInt()
    kit_slug = Text()
    line = Text()
    units = Integer(default=1)
    source = Text()
    run_id = BigInt(null=True, default=None)
    note = Text()
    created_at = Timestamptz()
