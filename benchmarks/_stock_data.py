"""A country's stock, made by COPY and SQL: kits, devices, five movements a device, and the balances they leave.

The ledger's triggers and the foreign keys are off while it is loaded, as they are when a dump is restored; the
balances are then those that the triggers would have kept, which `stem ledger verify` recomputes from the movements.
"""

from dataclasses import dataclass

import asyncpg

from stem_logistics.codes import new_code

KITS_PER_SCHOOL = 12
SCHOOLS_OF_A_WAVE = 100
# One of so many kits still lies in the central store, the last ones of each school in turn: a school's share of them is
# the same in a small and in a large stock, so that its page shows as much.
IN_STORE = 10


@dataclass(frozen=True)
class Size:
    """How much there is."""

    kits: int
    devices: int

    @property
    def schools(self) -> int:
        return max(self.kits // KITS_PER_SCHOOL, 1)


SMALL, LARGE = Size(1_770, 10_000), Size(177_000, 1_000_000)

SCHOOLS = """
INSERT INTO regional_directorate (code, name_el, name_en)
  SELECT 'R' || n, 'Π.Δ.Ε. ' || n, 'Region ' || n FROM generate_series(1, 13) n;
INSERT INTO institution (code, name, level, regional_directorate_id, email, search_key)
  SELECT lpad((1000000 + n)::text, 7, '0'), n || 'ο ΔΗΜΟΤΙΚΟ ΣΧΟΛΕΙΟ', 'primary',
    (SELECT min(id) FROM regional_directorate) + n % 13, 'mail@' || n || '.example', n || 'ο δημοτικο σχολειο'
  FROM generate_series(1, {schools}) n;
INSERT INTO item (slug, name_el, name_en, device_kind, serialised) VALUES
  ('microbit', 'Micro:bit V2', 'Micro:bit V2', 'microbit', true),
  ('arduino', 'Arduino', 'Arduino', 'arduino-avr', true);
INSERT INTO kit_definition (slug, title_el, title_en, levels) VALUES ('set', 'Σετ', 'Set', '{{primary}}');
INSERT INTO bom_line (kit_definition_id, position, item_id, quantity) SELECT 1, id, id, 3 FROM item;
INSERT INTO wave (slug, title_el, title_en, year_from, year_to, state)
  SELECT 'stem-' || n, 'STEM ' || n, 'STEM ' || n, 2026, 2026, 'historic'
  FROM generate_series(1, {schools} / {wave} + 1) n;
INSERT INTO award (wave_id, institution_id, kit_slug, units, source)
  SELECT (id - 1) / {wave} + 1, id, 'set', 1, 'historic' FROM institution;
"""
# Codes come by COPY: their check character is this program's to make.
REST = """
INSERT INTO place (kind, code, title, institution_id)
  SELECT 'institution', 'institution-' || code, name, id FROM institution;
INSERT INTO place (kind, code, title, consignment_id)
  SELECT 'consignment', 'consignment-' || code, code, id FROM consignment;
CREATE TEMP TABLE kit_goes AS
  SELECT k.id, CASE WHEN ((k.id - 1) / {schools} + (k.id - 1) % {schools}) % {in_store} < {in_store} - 1 THEN
    (SELECT id FROM consignment WHERE id = (k.id - 1) % {schools} + 1) END AS consignment_id FROM kit k;
INSERT INTO consignment_kit (consignment_id, kit_id) SELECT consignment_id, id FROM kit_goes
  WHERE consignment_id IS NOT NULL;
INSERT INTO device (item_id, kit_id, serial_number)
  SELECT n % 2 + 1, (n - 1) % {kits} + 1, 'SN' || lpad(n::text, 9, '0') FROM generate_series(1, {devices}) n;
CREATE TEMP TABLE legs AS
  SELECT g.id AS kit_id, leg.* FROM kit_goes g
  LEFT JOIN place cp ON cp.consignment_id = g.consignment_id
  LEFT JOIN consignment c ON c.id = g.consignment_id
  LEFT JOIN place sp ON sp.institution_id = c.institution_id
  CROSS JOIN LATERAL (VALUES
    (1, 'purchase', (SELECT id FROM place WHERE code = 'supplier'),
      (SELECT id FROM place WHERE code = 'central-store')),
    (2, 'transfer', (SELECT id FROM place WHERE code = 'central-store'), (SELECT id FROM place WHERE code = 'lost')),
    (3, 'found', (SELECT id FROM place WHERE code = 'lost'), (SELECT id FROM place WHERE code = 'central-store')),
    (4, CASE WHEN cp.id IS NULL THEN 'transfer' ELSE 'pack' END,
      (SELECT id FROM place WHERE code = 'central-store'), coalesce(cp.id, (SELECT id FROM place WHERE code = 'lost'))),
    (5, CASE WHEN cp.id IS NULL THEN 'found' ELSE 'receive' END,
      coalesce(cp.id, (SELECT id FROM place WHERE code = 'lost')),
      coalesce(sp.id, (SELECT id FROM place WHERE code = 'central-store')))
  ) AS leg (step, reason, from_id, to_id);
CREATE INDEX ON legs (step, kit_id);
ANALYZE legs;
"""
STEP = """
INSERT INTO movement (occurred_at, recorded_at, reason, item_id, kit_id, device_id, quantity, from_place_id,
    to_place_id, document, actor_kind, idempotency_key, line)
  SELECT now() - make_interval(days => 60 - 10 * {step}), now() - make_interval(days => 60 - 10 * {step}), l.reason,
    d.item_id, d.kit_id, d.id, 1, l.from_id, l.to_id, 'ΔΑ 41', 'system', 'made:{step}:' || d.kit_id, d.id
  FROM device d JOIN legs l ON l.kit_id = d.kit_id AND l.step = {step}
"""
HOLDINGS = """
INSERT INTO holding (place_id, item_id, kit_id, device_id, quantity)
  SELECT l.to_id, d.item_id, d.kit_id, d.id, 1 FROM device d JOIN legs l ON l.kit_id = d.kit_id AND l.step = 5
"""
# Where every kit is follows from its balances by the same function that the ledger's trigger asks.
POSITIONS = "INSERT INTO kit_position SELECT * FROM positions_of(ARRAY(SELECT id FROM kit))"


# Nothing of a filling has to outlive a power cut; what is measured afterwards runs as always.
HURRY = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "'16GB'"}
# Made anew behind the rows: every index of the two big tables but those that a constraint elsewhere leans on.
INDEXES = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS made_again, c.conname AS constraint_name,
  c.conrelid::regclass::text AS of_table, pg_get_constraintdef(c.oid) AS constrains
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype = 'u'
WHERE i.indrelid IN ('movement'::regclass, 'holding'::regclass) AND NOT i.indisprimary
"""


async def fill(url: str, size: Size) -> None:
    """Load a migrated, empty database."""
    connection = await asyncpg.connect(url)
    try:
        for name, value in HURRY.items():
            await connection.execute(f"ALTER SYSTEM SET {name} = {value}")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.execute("SET synchronous_commit = off")
        await connection.execute("SET maintenance_work_mem = '1GB'; SET work_mem = '256MB'")
        await connection.execute(SCHOOLS.format(schools=size.schools, wave=SCHOOLS_OF_A_WAVE))
        await connection.execute("SET session_replication_role = replica")
        wave = SCHOOLS_OF_A_WAVE
        await connection.copy_records_to_table(
            "consignment",
            records=[(code, n // wave + 1, n + 1, "received") for n, code in enumerate(_codes("C", size.schools))],
            columns=["code", "wave_id", "institution_id", "state"],
        )
        await connection.copy_records_to_table(
            "kit",
            records=[(code, 1, f"2026-{n // 1000}") for n, code in enumerate(_codes("K", size.kits))],
            columns=["code", "kit_definition_id", "batch"],
        )
        await _rest(connection, size)
        for name in HURRY:
            await connection.execute(f"ALTER SYSTEM RESET {name}")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.execute("CHECKPOINT", timeout=3600)
    finally:
        await connection.close()


def _codes(kind: str, count: int) -> list[str]:
    codes: dict[str, None] = {}
    while len(codes) < count:
        codes[new_code(kind)] = None
    return list(codes)


async def _rest(connection: asyncpg.Connection, size: Size) -> None:
    """Devices, movements, balances."""
    indexes = await connection.fetch(INDEXES)
    for row in indexes:
        if row["constraint_name"] is None:
            await connection.execute(f"DROP INDEX {row['name']}")
        else:
            await connection.execute(f"ALTER TABLE {row['of_table']} DROP CONSTRAINT {row['constraint_name']}")
    await connection.execute(
        REST.format(schools=size.schools, kits=size.kits, devices=size.devices, in_store=IN_STORE), timeout=3600
    )
    for step in range(1, 6):
        await connection.execute(STEP.format(step=step), timeout=3600)
    await connection.execute(HOLDINGS, timeout=3600)
    for row in indexes:
        if row["constraint_name"] is None:
            await connection.execute(row["made_again"], timeout=3600)
        else:
            again = f"ALTER TABLE {row['of_table']} ADD CONSTRAINT {row['constraint_name']} {row['constrains']}"
            await connection.execute(again, timeout=3600)
    await connection.execute(POSITIONS, timeout=3600)
    await connection.execute("RESET session_replication_role")
    await connection.execute("VACUUM (ANALYZE)", timeout=3600)
