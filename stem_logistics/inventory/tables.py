"""Tables of the stock. The schema itself is `db/migrations`; a test holds the two together."""

from piccolo.columns import Array, BigInt, Boolean, Bytea, Date, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table

from stem_logistics.db.engine import ENGINE


class Item(Table, db=ENGINE, tablename="item"):
    id = BigInt(primary_key=True)
    slug = Text()
    name_el = Text()
    name_en = Text()
    device_kind = Text(null=True, default=None)
    serialised = Boolean(default=False)
    consumable = Boolean(default=False)
    manufacturer = Text()
    model_number = Text()
    usb_ids = Array(base_column=Text())
    baseline = Text()
    warranty_months = SmallInt(null=True, default=None)
    battery = Text()


class ItemSpare(Table, db=ENGINE, tablename="item_spare"):
    id = BigInt(primary_key=True)
    item_id = BigInt()
    spare_item_id = BigInt()


class ItemDocument(Table, db=ENGINE, tablename="item_document"):
    id = BigInt(primary_key=True)
    item_id = BigInt()
    title = Text()
    digest = Bytea(null=True, default=None)
    url = Text()
    added_at = Timestamptz()
    removed_at = Timestamptz(null=True, default=None)


class KitDefinition(Table, db=ENGINE, tablename="kit_definition"):
    id = BigInt(primary_key=True)
    slug = Text()
    version = Integer(default=1)
    title_el = Text()
    title_en = Text()
    purpose_el = Text()
    purpose_en = Text()
    levels = Array(base_column=Text())
    active = Boolean(default=True)
    created_at = Timestamptz()
    photo_digest = Bytea(null=True, default=None)


class KitLesson(Table, db=ENGINE, tablename="kit_lesson"):
    id = BigInt(primary_key=True)
    kit_definition_id = BigInt()
    position = SmallInt()
    title = Text()
    url = Text()


class BomLine(Table, db=ENGINE, tablename="bom_line"):
    id = BigInt(primary_key=True)
    kit_definition_id = BigInt()
    position = Integer()
    item_id = BigInt()
    quantity = Integer()
    optional = Boolean(default=False)
    substitute_item_id = BigInt(null=True, default=None)


class Kit(Table, db=ENGINE, tablename="kit"):
    id = BigInt(primary_key=True)
    code = Text()
    kit_definition_id = BigInt()
    batch = Text()
    created_at = Timestamptz()


class Device(Table, db=ENGINE, tablename="device"):
    id = BigInt(primary_key=True)
    item_id = BigInt()
    kit_id = BigInt(null=True, default=None)
    serial_number = Text()
    twin = Boolean(default=False)
    created_at = Timestamptz()


class Place(Table, db=ENGINE, tablename="place"):
    id = BigInt(primary_key=True)
    kind = Text()
    code = Text()
    title = Text()
    institution_id = BigInt(null=True, default=None)
    consignment_id = BigInt(null=True, default=None)
    stop_id = BigInt(null=True, default=None)


class Movement(Table, db=ENGINE, tablename="movement"):
    id = BigInt(primary_key=True)
    occurred_at = Timestamptz()
    recorded_at = Timestamptz()
    reason = Text()
    item_id = BigInt()
    kit_id = BigInt(null=True, default=None)
    device_id = BigInt(null=True, default=None)
    quantity = Integer()
    from_place_id = BigInt()
    to_place_id = BigInt()
    document = Text()
    note = Text()
    actor_kind = Text()
    actor_id = BigInt(null=True, default=None)
    request_id = Text()
    idempotency_key = Text()
    line = Integer()
    reverses_id = BigInt(null=True, default=None)


class ClosedPeriod(Table, db=ENGINE, tablename="closed_period"):
    id = BigInt(primary_key=True)
    starts_at = Timestamptz()
    ends_at = Timestamptz()
    why = Text()
    closed_at = Timestamptz()
    closed_by = BigInt(null=True, default=None)
    reopened_at = Timestamptz(null=True, default=None)
    reopened_by = BigInt(null=True, default=None)
    reopened_why = Text()


class KitRecord(Table, db=ENGINE, tablename="kit_record"):
    kit_id = BigInt(primary_key=True)
    institution_id = BigInt()
    since = Date()
    source = Text()
    inventory_number = Text()
    by_count = Boolean()
    file_digest = Bytea()
    row = Integer()


class Holding(Table, db=ENGINE, tablename="holding"):
    id = BigInt(primary_key=True)
    place_id = BigInt()
    item_id = BigInt()
    kit_id = BigInt(null=True, default=None)
    device_id = BigInt(null=True, default=None)
    quantity = Integer()


class KitPosition(Table, db=ENGINE, tablename="kit_position"):
    kit_id = BigInt(primary_key=True)
    place_id = BigInt(null=True, default=None)
    lost = BigInt()
    scrapped = BigInt()
    pieces = BigInt()


class Label(Table, db=ENGINE, tablename="label"):
    id = BigInt(primary_key=True)
    code = Text()
    kit_id = BigInt(null=True, default=None)
    device_id = BigInt(null=True, default=None)
    consignment_id = BigInt(null=True, default=None)
    place_id = BigInt(null=True, default=None)
    issued_at = Timestamptz()
    withdrawn_at = Timestamptz(null=True, default=None)
    withdrawn_why = Text()
