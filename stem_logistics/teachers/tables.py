"""Tables of teachers' consent, posts and double registrations; `teacher` itself is the waves'."""

from piccolo.columns import BigInt, Date, Text, Timestamptz
from piccolo.table import Table

from stem_logistics.db.engine import ENGINE


class TeacherConsent(Table, db=ENGINE, tablename="teacher_consent"):
    id = BigInt(primary_key=True)
    teacher_id = BigInt()
    purpose = Text()
    given_on = Date()
    how = Text()
    noted_by = BigInt(null=True, default=None)
    noted_at = Timestamptz()
    withdrawn_on = Date(null=True, default=None)
    withdrawn_how = Text()
    withdrawn_by = BigInt(null=True, default=None)


class TeacherPost(Table, db=ENGINE, tablename="teacher_post"):
    id = BigInt(primary_key=True)
    teacher_id = BigInt()
    institution_id = BigInt()
    since_on = Date()
    until_on = Date(null=True, default=None)


class TeacherMerge(Table, db=ENGINE, tablename="teacher_merge"):
    id = BigInt(primary_key=True)
    duplicate_id = BigInt()
    kept_id = BigInt()
    why = Text()
    merged_at = Timestamptz()
    merged_by = BigInt(null=True, default=None)
    undone_at = Timestamptz(null=True, default=None)
    undone_by = BigInt(null=True, default=None)


class TeacherDistinct(Table, db=ENGINE, tablename="teacher_distinct"):
    first_id = BigInt(primary_key=True)
    second_id = BigInt()
    decided_at = Timestamptz()
    decided_by = BigInt(null=True, default=None)
