"""Tables of stocktakes. The schema itself is `db/migrations`; a test holds the two together."""

from piccolo.columns import BigInt, Boolean, Bytea, Date, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table

from stem_logistics.db.engine import ENGINE


class Stocktake(Table, db=ENGINE, tablename="stocktake"):
    id = BigInt(primary_key=True)
    code = Text()
    year = SmallInt()
    institution_id = BigInt()
    due_on = Date()
    opened_at = Timestamptz()
    signed_at = Timestamptz(null=True, default=None)
    signer_name = Text()
    signer_post = Text()
    remarks = Text()
    paper_id = BigInt(null=True, default=None)


class StocktakeLine(Table, db=ENGINE, tablename="stocktake_line"):
    id = BigInt(primary_key=True)
    stocktake_id = BigInt()
    kit_id = BigInt()
    item_id = BigInt()
    device_id = BigInt(null=True, default=None)
    expected = Integer()
    at_opening = Integer()


class StocktakeDecision(Table, db=ENGINE, tablename="stocktake_decision"):
    line_id = BigInt(primary_key=True)
    about = Text()
    decision = Text()
    posting = Text()
    decided_at = Timestamptz()


class StocktakeAnswer(Table, db=ENGINE, tablename="stocktake_answer"):
    id = BigInt(primary_key=True)
    line_id = BigInt()
    answer_key = Text()
    found = Integer()
    broken = Integer()
    missing = Integer()
    note = Text()
    photo_digest = Bytea(null=True, default=None)
    counter = Text()
    by_scan = Boolean(default=False)
    answered_at = Timestamptz()


class StocktakeStranger(Table, db=ENGINE, tablename="stocktake_stranger"):
    id = BigInt(primary_key=True)
    stocktake_id = BigInt()
    typed = Text()
    device_id = BigInt(null=True, default=None)
    kit_id = BigInt(null=True, default=None)
    problem = Text()
    counter = Text()
    note = Text()
    at = Timestamptz()
    decision = Text()
    read_as = Text()
    taken_off_at = Timestamptz(null=True, default=None)
    taken_off_by = Text()


class StocktakeReopening(Table, db=ENGINE, tablename="stocktake_reopening"):
    id = BigInt(primary_key=True)
    stocktake_id = BigInt()
    signed_at = Timestamptz()
    signer_name = Text()
    signer_post = Text()
    remarks = Text()
    paper_id = BigInt()
    why = Text()
    reopened_by = BigInt(null=True, default=None)
    reopened_at = Timestamptz()
