"""Tables of checks. The schema itself is `db/migrations`; a test holds the two together."""

from piccolo.columns import UUID, BigInt, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table

from stem_logistics.db.engine import ENGINE


class Agent(Table, db=ENGINE, tablename="agent"):
    id = BigInt(primary_key=True)
    code = Text()
    name = Text()
    public_key = Bytea()
    version = Text(default="")
    enrolled_at = Timestamptz()
    enrolled_by = BigInt(null=True, default=None)
    last_seen_at = Timestamptz(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)
    revoked_by = BigInt(null=True, default=None)
    bundle_version = BigInt(null=True, default=None)


class EnrolmentCode(Table, db=ENGINE, tablename="enrolment_code"):
    id = BigInt(primary_key=True)
    code_digest = Bytea()
    label = Text(default="")
    created_by = BigInt(null=True, default=None)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    used_at = Timestamptz(null=True, default=None)
    agent_id = BigInt(null=True, default=None)


class CheckReport(Table, db=ENGINE, tablename="check_report"):
    id = BigInt(primary_key=True)
    report_id = UUID()
    agent_id = BigInt()
    sequence = BigInt()
    previous_digest = Bytea(null=True, default=None)
    digest = Bytea()
    signature = Bytea()
    schema_name = Text()
    kit_id = BigInt(null=True, default=None)
    device_id = BigInt(null=True, default=None)
    device_kind = Text()
    serial_number = Text(default="")
    verdict = Text()
    chain = Text()
    operator = Text(default="")
    observed_at = Timestamptz()
    received_at = Timestamptz()
    envelope = Bytea()
    clock_skew_s = BigInt(null=True, default=None)


class ServiceKey(Table, db=ENGINE, tablename="service_key"):
    id = BigInt(primary_key=True)
    public_key = Bytea()
    sealed_key = Bytea()
    succession = Bytea(null=True, default=None)
    made_at = Timestamptz()
    made_by = BigInt(null=True, default=None)


class CheckDocument(Table, db=ENGINE, tablename="check_document"):
    id = BigInt(primary_key=True)
    bundle_version = BigInt()
    sort = Text()
    slug = Text()
    edition = Integer()
    content = Text(null=True, default=None)
    why = Text(default="")
    added_by = BigInt(null=True, default=None)
    added_at = Timestamptz()


class FirmwareExpectation(Table, db=ENGINE, tablename="firmware_expectation"):
    id = BigInt(primary_key=True)
    kit_definition_slug = Text(null=True, default=None)
    wave_id = BigInt(null=True, default=None)
    device_kind = Text()
    product = Text()
    minimum = Text(null=True, default=None)
    reason = Text(default="")
    added_by = BigInt(null=True, default=None)
    added_at = Timestamptz()
