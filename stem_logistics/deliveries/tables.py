"""Tables of the deliveries. The schema itself is `db/migrations`; a test holds the two together."""

from piccolo.columns import JSONB, BigInt, Boolean, Bytea, Date, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table

from stem_logistics.db.engine import ENGINE


class Consignment(Table, db=ENGINE, tablename="consignment"):
    id = BigInt(primary_key=True)
    code = Text()
    wave_id = BigInt(null=True, default=None)
    institution_id = BigInt()
    state = Text()
    courier = Text()
    tracking_number = Text()
    supplier_document = Text()
    expected_on = Date(null=True, default=None)
    parcels = SmallInt(default=1)
    weight_grams = Integer(null=True, default=None)
    created_at = Timestamptz()
    created_by = BigInt(null=True, default=None)
    packed_at = Timestamptz(null=True, default=None)
    dispatched_at = Timestamptz(null=True, default=None)
    completed_at = Timestamptz(null=True, default=None)
    cancelled_at = Timestamptz(null=True, default=None)
    cancel_reason = Text()
    held_by_stop_id = BigInt(null=True, default=None)
    discrepancy_id = BigInt(null=True, default=None)
    for_kit_id = BigInt(null=True, default=None)
    from_place_id = BigInt(null=True, default=None)
    repair_id = BigInt(null=True, default=None)
    return_due_on = Date(null=True, default=None)
    returned_at = Timestamptz(null=True, default=None)
    return_note = Text()
    unscanned_reason = Text()


class ConsignmentMail(Table, db=ENGINE, tablename="consignment_mail"):
    id = BigInt(primary_key=True)
    consignment_id = BigInt()
    mail_id = BigInt()


class ConsignmentKit(Table, db=ENGINE, tablename="consignment_kit"):
    id = BigInt(primary_key=True)
    consignment_id = BigInt()
    kit_id = BigInt()
    award_id = BigInt(null=True, default=None)
    released_at = Timestamptz(null=True, default=None)


class Stop(Table, db=ENGINE, tablename="stop"):
    id = BigInt(primary_key=True)
    code = Text()
    kind = Text()
    regional_directorate_id = BigInt()
    title = Text(null=True, default=None)
    email = Text()
    phone = Text()
    address = Text()
    account_id = BigInt(null=True, default=None)
    active = Boolean(default=True)
    created_at = Timestamptz()


class ConsignmentLeg(Table, db=ENGINE, tablename="consignment_leg"):
    id = BigInt(primary_key=True)
    consignment_id = BigInt()
    position = SmallInt()
    stop_id = BigInt()
    state = Text()
    sent_at = Timestamptz(null=True, default=None)
    taken_at = Timestamptz(null=True, default=None)
    taken_by = Text(null=True, default=None)
    taken_as = Text()
    channel = Text(null=True, default=None)
    account_id = BigInt(null=True, default=None)
    remark = Text()


class ConsignmentLine(Table, db=ENGINE, tablename="consignment_line"):
    id = BigInt(primary_key=True)
    consignment_id = BigInt()
    kit_id = BigInt()
    item_id = BigInt()
    quantity = Integer()


class ConsignmentBatch(Table, db=ENGINE, tablename="consignment_batch"):
    id = BigInt(primary_key=True)
    code = Text()
    action = Text()
    courier = Text()
    expected_on = Date(null=True, default=None)
    file_digest = Bytea(null=True, default=None)
    job_id = BigInt(null=True, default=None)
    created_at = Timestamptz()
    created_by = BigInt(null=True, default=None)
    finished_at = Timestamptz(null=True, default=None)
    undone_at = Timestamptz(null=True, default=None)
    undone_by = BigInt(null=True, default=None)


class ConsignmentBatchItem(Table, db=ENGINE, tablename="consignment_batch_item"):
    id = BigInt(primary_key=True)
    batch_id = BigInt()
    consignment_id = BigInt()
    position = Integer()
    tracking_number = Text()
    outcome = Text()
    refusal = JSONB(null=True, default=None)


class ConsignmentScan(Table, db=ENGINE, tablename="consignment_scan"):
    id = BigInt(primary_key=True)
    consignment_id = BigInt()
    kit_id = BigInt()
    device_id = BigInt(null=True, default=None)
    scanned_at = Timestamptz()
    scanned_by = BigInt(null=True, default=None)


class ProtocolSeries(Table, db=ENGINE, tablename="protocol_series"):
    year = SmallInt(primary_key=True)
    last = Integer()


class Receipt(Table, db=ENGINE, tablename="receipt"):
    id = BigInt(primary_key=True)
    code = Text()
    consignment_id = BigInt()
    part = Integer()
    protocol_number = Text()
    protocol_digest = Bytea(null=True, default=None)
    receiver_name = Text(null=True, default=None)
    receiver_role = Text()
    channel = Text()
    link_id = BigInt(null=True, default=None)
    account_id = BigInt(null=True, default=None)
    idempotency_key = Text()
    note = Text()
    is_final = Boolean(default=False)
    confirmed_at = Timestamptz()
    quality = Text()
    committee_act = Text()
    appointed_by = Text()
    signed_digest = Bytea(null=True, default=None)
    signed_at = Timestamptz(null=True, default=None)
    signed_by = BigInt(null=True, default=None)
    signature = Text()


class ReceiptPaper(Table, db=ENGINE, tablename="receipt_paper"):
    id = BigInt(primary_key=True)
    consignment_id = BigInt()
    digest = Bytea()
    filed_at = Timestamptz()
    link_id = BigInt(null=True, default=None)
    receipt_id = BigInt(null=True, default=None)
    refused_at = Timestamptz(null=True, default=None)
    refused_because = Text()


class ReceiptMember(Table, db=ENGINE, tablename="receipt_member"):
    id = BigInt(primary_key=True)
    receipt_id = BigInt()
    position = SmallInt()
    name = Text(null=True, default=None)
    post = Text()
    confirmed_at = Timestamptz(null=True, default=None)
    signature = Text()


class ReceiptSurplus(Table, db=ENGINE, tablename="receipt_surplus"):
    id = BigInt(primary_key=True)
    receipt_id = BigInt()
    kind = Text()
    what = Text()
    serial_number = Text()
    quantity = Integer()
    kit_id = BigInt(null=True, default=None)
    device_id = BigInt(null=True, default=None)
    found_place_id = BigInt(null=True, default=None)


class ProtocolIssue(Table, db=ENGINE, tablename="protocol_issue"):
    id = BigInt(primary_key=True)
    receipt_id = BigInt()
    issue = Integer()
    digest = Bytea()
    why = Text()
    issued_at = Timestamptz()
    verification = Text()
    facts = Bytea(null=True, default=None)


class DiscrepancyNote(Table, db=ENGINE, tablename="discrepancy_note"):
    id = BigInt(primary_key=True)
    discrepancy_id = BigInt()
    at = Timestamptz()
    account_id = BigInt(null=True, default=None)
    kind = Text()
    said = Text()


class DeliveryReminder(Table, db=ENGINE, tablename="delivery_reminder"):
    id = BigInt(primary_key=True)
    consignment_id = BigInt()
    step = Text()
    expected_on = Date()
    sent_at = Timestamptz()
    to_address = Text()


class DeliveryContact(Table, db=ENGINE, tablename="delivery_contact"):
    id = BigInt(primary_key=True)
    step = Text()
    regional_directorate_id = BigInt()
    directorate_id = BigInt(null=True, default=None)
    name = Text()
    email = Text()


class ReceiptLine(Table, db=ENGINE, tablename="receipt_line"):
    id = BigInt(primary_key=True)
    receipt_id = BigInt()
    consignment_line_id = BigInt()
    device_id = BigInt(null=True, default=None)
    received = Integer()
    damaged = Integer()
    missing = Integer()
    not_yet = Integer()
    damage_reason = Text()
    missing_reason = Text()
    note = Text()


class ReceiptQuality(Table, db=ENGINE, tablename="receipt_quality"):
    id = BigInt(primary_key=True)
    receipt_id = BigInt()
    quality = Text()
    name = Text(null=True, default=None)
    role = Text()
    signature = Text()
    note = Text()
    channel = Text()
    link_id = BigInt(null=True, default=None)
    account_id = BigInt(null=True, default=None)
    done_at = Timestamptz()


class ReceiptQualityLine(Table, db=ENGINE, tablename="receipt_quality_line"):
    id = BigInt(primary_key=True)
    receipt_quality_id = BigInt()
    receipt_line_id = BigInt()
    damaged = Integer()
    damage_reason = Text()
    note = Text()


class ReceiptPhoto(Table, db=ENGINE, tablename="receipt_photo"):
    id = BigInt(primary_key=True)
    receipt_line_id = BigInt(null=True, default=None)
    surplus_id = BigInt(null=True, default=None)
    quality_line_id = BigInt(null=True, default=None)
    position = SmallInt()
    digest = Bytea()


class Discrepancy(Table, db=ENGINE, tablename="discrepancy"):
    id = BigInt(primary_key=True)
    code = Text()
    receipt_line_id = BigInt(null=True, default=None)
    kind = Text()
    quantity = Integer()
    state = Text()
    outcome = Text(null=True, default=None)
    outcome_reason = Text()
    opened_at = Timestamptz()
    due_on = Date()
    closed_at = Timestamptz(null=True, default=None)
    closed_by = BigInt(null=True, default=None)
    surplus_id = BigInt(null=True, default=None)
    owner_id = BigInt(null=True, default=None)
    sender_told_at = Timestamptz(null=True, default=None)
    replacement = Text()
    quality_line_id = BigInt(null=True, default=None)


class SupplierContact(Table, db=ENGINE, tablename="supplier_contact"):
    supplier = Text(primary_key=True)
    email = Text()
