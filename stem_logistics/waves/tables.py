"""Tables of waves. The schema itself is `db/migrations`; a test holds the two together."""

from piccolo.columns import JSONB, Array, BigInt, Boolean, Bytea, Date, Integer, Numeric, SmallInt, Text, Timestamptz
from piccolo.table import Table

from stem_logistics.db.engine import ENGINE


class Wave(Table, db=ENGINE, tablename="wave"):
    id = BigInt(primary_key=True)
    slug = Text()
    kind = Text(default="wave")
    title_el = Text()
    title_en = Text()
    year_from = SmallInt()
    year_to = SmallInt()
    state = Text(default="draft")
    opens_at = Timestamptz(null=True, default=None)
    deadline_at = Timestamptz(null=True, default=None)
    seed_commitment = Text(null=True, default=None)
    nonce_sealed = Bytea(null=True, default=None)
    nonce = Text(null=True, default=None)
    draw_description = Text()
    draw_on = Date(null=True, default=None)
    draw_numbers = Text(null=True, default=None)
    seed = Text(null=True, default=None)
    call_protocol = Text()
    call_ada = Text()
    decision_protocol = Text()
    decision_ada = Text()
    provisional_at = Timestamptz(null=True, default=None)
    provisional_protocol = Text()
    provisional_ada = Text()
    appeals_until = Timestamptz(null=True, default=None)
    created_at = Timestamptz()
    published_at = Timestamptz(null=True, default=None)


class WaveRules(Table, db=ENGINE, tablename="wave_rules"):
    id = BigInt(primary_key=True)
    wave_id = BigInt()
    version = Integer()
    document = JSONB()
    created_by = BigInt(null=True, default=None)
    created_at = Timestamptz()
    frozen_at = Timestamptz(null=True, default=None)
    why = Text()


class Teacher(Table, db=ENGINE, tablename="teacher"):
    id = BigInt(primary_key=True)
    code = Text()
    name = Text(null=True, default=None)
    email = Text(null=True, default=None)
    last_signed_in_on = Date(null=True, default=None)
    service_institution_id = BigInt(null=True, default=None)
    created_at = Timestamptz()
    erased_at = Timestamptz(null=True, default=None)
    merged_into = BigInt(null=True, default=None)
    root_id = BigInt()
    name_key = Text(null=True, default=None)
    updated_at = Timestamptz()


class Application(Table, db=ENGINE, tablename="application"):
    id = BigInt(primary_key=True)
    wave_id = BigInt()
    institution_id = BigInt()
    submission = Integer(default=1)
    preferences = Array(base_column=Text())
    declarations = JSONB()
    project_title = Text()
    state = Text(default="submitted")
    channel = Text()
    submitted_by = BigInt(null=True, default=None)
    submitted_at = Timestamptz()
    withdrawn_at = Timestamptz(null=True, default=None)
    withdrawn_why = Text()


class Evidence(Table, db=ENGINE, tablename="evidence"):
    id = BigInt(primary_key=True)
    institution_id = BigInt()
    teacher_id = BigInt(null=True, default=None)
    kind = Text()
    reference = Text()
    title = Text()
    awarded_on = Date(null=True, default=None)
    year = SmallInt()
    details = JSONB()
    source = Text()
    document_digest = Bytea(null=True, default=None)
    vouched_by = BigInt(null=True, default=None)
    created_at = Timestamptz()
    withdrawn_at = Timestamptz(null=True, default=None)
    outcome = Text(null=True, default=None)
    outcome_why = Text()
    checked_by = BigInt(null=True, default=None)
    checked_at = Timestamptz(null=True, default=None)


class ScoreRun(Table, db=ENGINE, tablename="score_run"):
    id = BigInt(primary_key=True)
    wave_id = BigInt()
    rules_id = BigInt()
    created_by = BigInt(null=True, default=None)
    created_at = Timestamptz()


class ApplicationScore(Table, db=ENGINE, tablename="application_score"):
    id = BigInt(primary_key=True)
    score_run_id = BigInt()
    application_id = BigInt()
    admitted = Boolean()
    exclusions = JSONB()
    total = Numeric(digits=(15, 6))
    parts = JSONB()


class ApplicationDraft(Table, db=ENGINE, tablename="application_draft"):
    wave_id = BigInt(primary_key=True)
    institution_id = BigInt()
    answers = JSONB()
    started_at = Timestamptz()
    updated_at = Timestamptz()


class ApplicationSignature(Table, db=ENGINE, tablename="application_signature"):
    application_id = BigInt(primary_key=True)
    name = Text(null=True, default=None)
    post = Text()
    act_number = Text()
    act_on = Date(null=True, default=None)
    act_digest = Bytea(null=True, default=None)
    signed_at = Timestamptz()


class ApplicationReceipt(Table, db=ENGINE, tablename="application_receipt"):
    application_id = BigInt(primary_key=True)
    facts_digest = Bytea()
    document_digest = Bytea()
    answers_digest = Text()
    created_at = Timestamptz()


class ApplicationReturn(Table, db=ENGINE, tablename="application_return"):
    id = BigInt(primary_key=True)
    wave_id = BigInt()
    institution_id = BigInt()
    application_id = BigInt()
    why = Text()
    until_at = Timestamptz()
    created_by = BigInt(null=True, default=None)
    created_at = Timestamptz()
    answered_at = Timestamptz(null=True, default=None)


class ApplicationComment(Table, db=ENGINE, tablename="application_comment"):
    id = BigInt(primary_key=True)
    wave_id = BigInt()
    institution_id = BigInt()
    body = Text()
    created_by = BigInt(null=True, default=None)
    created_at = Timestamptz()


class EvidenceImport(Table, db=ENGINE, tablename="evidence_import"):
    id = BigInt(primary_key=True)
    file_digest = Bytea()
    file_name = Text()
    created_by = BigInt(null=True, default=None)
    created_at = Timestamptz()
    job_id = BigInt(null=True, default=None)


class ColumnMatching(Table, db=ENGINE, tablename="column_matching"):
    signature = Text(primary_key=True)
    matching = JSONB()
    decided_by = BigInt(null=True, default=None)
    decided_at = Timestamptz()
