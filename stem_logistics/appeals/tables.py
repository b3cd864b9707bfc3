"""Tables of appeals. The schema itself is `db/migrations`; a test holds the two together."""

from piccolo.columns import JSONB, BigInt, Bytea, Date, Integer, Text, Timestamptz
from piccolo.table import Table

from stem_logistics.db.engine import ENGINE


class Committee(Table, db=ENGINE, tablename="committee"):
    id = BigInt(primary_key=True)
    wave_id = BigInt()
    kind = Text()
    act_number = Text()
    created_at = Timestamptz()


class CommitteeMember(Table, db=ENGINE, tablename="committee_member"):
    id = BigInt(primary_key=True)
    committee_id = BigInt()
    wave_id = BigInt()
    position = Integer()
    name = Text()
    post = Text()
    name_key = Text()


class CommitteeMinutes(Table, db=ENGINE, tablename="committee_minutes"):
    id = BigInt(primary_key=True)
    committee_id = BigInt()
    number = Integer()
    session_on = Date()
    remarks = Text()
    file_digest = Bytea()
    created_by = BigInt(null=True, default=None)
    created_at = Timestamptz()


class Appeal(Table, db=ENGINE, tablename="appeal"):
    id = BigInt(primary_key=True)
    wave_id = BigInt()
    institution_id = BigInt()
    number = Integer()
    point = Text()
    detail = Text()
    body = Text()
    channel = Text()
    filed_by = BigInt(null=True, default=None)
    filed_at = Timestamptz()
    state = Text(default="filed")
    decision = Text(null=True, default=None)
    reason = Text()
    correction = JSONB(null=True, default=None)
    effect = Text(null=True, default=None)
    decided_at = Timestamptz(null=True, default=None)
    decided_by = BigInt(null=True, default=None)
    committee_id = BigInt(null=True, default=None)
    run_id = BigInt(null=True, default=None)


class AppealDocument(Table, db=ENGINE, tablename="appeal_document"):
    id = BigInt(primary_key=True)
    appeal_id = BigInt()
    name = Text()
    file_digest = Bytea()
    created_at = Timestamptz()
