"""Tables of custody. The schema itself is `db/migrations`; a test holds the two together."""

from piccolo.columns import JSONB, BigInt, Boolean, Bytea, Date, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table

from stem_logistics.db.engine import ENGINE


class Paper(Table, db=ENGINE, tablename="paper"):
    id = BigInt(primary_key=True)
    kind = Text()
    number = Text()
    institution_id = BigInt(null=True, default=None)
    digest = Bytea()
    made_at = Timestamptz()


class PaperSeries(Table, db=ENGINE, tablename="paper_series"):
    kind = Text(primary_key=True)
    year = SmallInt()
    last = Integer()


class PaperKit(Table, db=ENGINE, tablename="paper_kit"):
    paper_id = BigInt(primary_key=True)
    kit_id = BigInt()


class Custody(Table, db=ENGINE, tablename="custody"):
    id = BigInt(primary_key=True)
    kit_id = BigInt()
    institution_id = BigInt()
    room = Text()
    holder_name = Text()
    holder_post = Text()
    note = Text()
    since = Timestamptz()
    until = Timestamptz(null=True, default=None)
    ended_by = Text()
    paper_id = BigInt()
    actor_kind = Text()
    actor_id = BigInt(null=True, default=None)


class Repair(Table, db=ENGINE, tablename="repair"):
    id = BigInt(primary_key=True)
    code = Text()
    kit_id = BigInt()
    item_id = BigInt()
    device_id = BigInt(null=True, default=None)
    institution_id = BigInt(null=True, default=None)
    state = Text()
    fault = Text()
    under_warranty = Boolean(default=False)
    repairer = Text()
    repairer_number = Text()
    place_id = BigInt(null=True, default=None)
    replacement_device_id = BigInt(null=True, default=None)
    due_on = Date(null=True, default=None)
    reported_at = Timestamptz()
    closed_at = Timestamptz(null=True, default=None)
    arrived_at = Timestamptz(null=True, default=None)
    discrepancy_id = BigInt(null=True, default=None)


class RepairPhoto(Table, db=ENGINE, tablename="repair_photo"):
    id = BigInt(primary_key=True)
    repair_id = BigInt()
    position = SmallInt()
    digest = Bytea()


class RepairStep(Table, db=ENGINE, tablename="repair_step"):
    id = BigInt(primary_key=True)
    repair_id = BigInt()
    state = Text()
    at = Timestamptz()
    note = Text()
    posting = Text()
    paper_id = BigInt(null=True, default=None)
    actor_kind = Text()
    actor_id = BigInt(null=True, default=None)


class Loan(Table, db=ENGINE, tablename="loan"):
    id = BigInt(primary_key=True)
    code = Text()
    kit_id = BigInt()
    lender_id = BigInt()
    borrower_id = BigInt()
    due_on = Date()
    note = Text()
    paper_id = BigInt()
    lent_at = Timestamptz()
    returned_at = Timestamptz(null=True, default=None)
    return_note = Text()
    reminders = Integer(default=0)
    reminded_at = Timestamptz(null=True, default=None)
    consignment_id = BigInt(null=True, default=None)
    sent_back_at = Timestamptz(null=True, default=None)


class LoanRequest(Table, db=ENGINE, tablename="loan_request"):
    id = BigInt(primary_key=True)
    institution_id = BigInt()
    definition = Text()
    until = Date()
    why = Text()
    state = Text()
    answer = Text()
    asked_at = Timestamptz()
    decided_at = Timestamptz(null=True, default=None)


class KitReturn(Table, db=ENGINE, tablename="kit_return"):
    id = BigInt(primary_key=True)
    code = Text()
    institution_id = BigInt()
    paper_id = BigInt()
    place_id = BigInt()
    why = Text()
    due_on = Date()
    sent_at = Timestamptz()
    arrived_at = Timestamptz(null=True, default=None)
    note = Text()


class IdleKit(Table, db=ENGINE, tablename="idle_kit"):
    id = BigInt(primary_key=True)
    kit_id = BigInt()
    why = Text()
    state = Text()
    offered_to = BigInt(null=True, default=None)
    answer_by = Date(null=True, default=None)
    out_of_order = Text()
    since = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)


class IdleRefusal(Table, db=ENGINE, tablename="idle_refusal"):
    idle_kit_id = BigInt(primary_key=True)
    institution_id = BigInt()
    at = Timestamptz()
    lapsed = Boolean(default=False)


class Recall(Table, db=ENGINE, tablename="recall"):
    id = BigInt(primary_key=True)
    code = Text()
    title = Text()
    instructions = Text()
    criterion = JSONB()
    due_on = Date()
    opened_at = Timestamptz()
    closed_at = Timestamptz(null=True, default=None)
    outcome = Text()


class RecallTarget(Table, db=ENGINE, tablename="recall_target"):
    id = BigInt(primary_key=True)
    recall_id = BigInt()
    institution_id = BigInt(null=True, default=None)
    kit_id = BigInt(null=True, default=None)
    device_id = BigInt(null=True, default=None)
    item_id = BigInt(null=True, default=None)
    version = Text()
    answer = Text()
    note = Text()
    answered_at = Timestamptz(null=True, default=None)
    answered_kind = Text()
