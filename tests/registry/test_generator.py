"""The generated registry looks like the country's, and is the same for the same seed."""

import io
from collections import Counter

from stem_logistics.registry.departments import departments
from stem_logistics.registry.generator import generate, shares, write_registry
from stem_logistics.registry.geography import DIRECTORATES, REGIONS, UNITS, directorate_named, region_named
from stem_logistics.registry.importing.rows import read_registry
from stem_logistics.registry.places import places


def written(count: int, seed: int, column_set: str = "school-network") -> str:
    out = io.StringIO()
    assert write_registry(out, count, seed, column_set=column_set) == count
    return out.getvalue()


def test_a_national_registry() -> None:
    """14,000 schools in 13 regions and 116 directorates, in believable shares, without a fault, each code once."""
    reading = read_registry(written(14_000, 1).encode())
    assert reading.faults == []
    records = reading.records
    assert len({record.code for record in records}) == len({record.email for record in records}) == 14_000
    assert len({record.region for record in records}) == 13
    assert len({record.directorate for record in records}) == 116
    levels = Counter(record.level for record in records)
    assert 4_800 < levels["kindergarten"] < 5_600 and 4_200 < levels["primary"] < 4_900
    assert 1_500 < levels["lower_secondary"] < 1_900 and 1_000 < levels["upper_secondary"] < 1_300
    assert 350 < levels["vocational"] < 450
    categories = Counter(category for record in records for category in record.categories)
    assert categories["special"] > 600 and categories["minority"] > 100 and categories["second-chance"] > 60
    assert {record.region for record in records if "minority" in record.categories} == {"eastern-macedonia-thrace"}
    assert any(record.code.startswith("0") for record in records)
    assert {record.state for record in records} == {"active", "suspended", "closed"}
    assert all(record.email.endswith(".example") for record in records)
    assert all(34 < float(record.latitude or 0) < 42.5 and 19 < float(record.longitude or 0) < 30 for record in records)


def test_the_same_seed_gives_the_same_bytes() -> None:
    """A demo, a test and a proof speak of the same schools."""
    assert written(700, 11) == written(700, 11)
    assert written(700, 11) != written(700, 12)


def test_the_7th_kindergarten_of_katerini_is_always_there() -> None:
    """The school that every guide names exists, however few schools are made, and once."""
    for count in (1, 2, 10, 333, 3_000):
        names = [school.name for school in generate(count, count)]
        assert names.count("7ο Νηπιαγωγείο Κατερίνης") == 1
        assert len(names) == count


def test_both_column_sets_tell_the_same_schools() -> None:
    """What both sets say agrees: code, name, level, categories, region, directorate."""
    network, open_data = (read_registry(written(600, 4, name).encode()) for name in ("school-network", "open-data"))
    assert [(r.code, r.name, r.level, r.categories, r.region, r.directorate) for r in network.records] == [
        (r.code, r.name, r.level, r.categories, r.region, r.directorate) for r in open_data.records
    ]


def test_every_unit_has_towns_and_two_directorates() -> None:
    """58 units with a place each, 116 directorates, 13 regions; each name leads back to its own."""
    assert len(REGIONS) == 13 and len(UNITS) == 58 and len(DIRECTORATES) == 116
    assert {place.unit.code for place in places()} == {unit.code for unit in UNITS}
    for directorate in DIRECTORATES:
        assert directorate_named(directorate.name, stage=None) == directorate
    for region in REGIONS:
        assert region_named(f"ΠΕΡΙΦΕΡΕΙΑΚΗ ΔΙΕΥΘΥΝΣΗ ΕΚΠΑΙΔΕΥΣΗΣ {region.genitive.upper()}") is region


def test_shares_add_up() -> None:
    """Nothing is lost in rounding."""
    assert shares(10, [1, 1, 1]) == [4, 3, 3]
    assert sum(shares(14_001, [3, 5, 0, 7])) == 14_001


def test_the_departments() -> None:
    """23 university departments, each with a code and a mailbox of its own."""
    rows = departments()
    assert len(rows) == len({row["registry_no"] for row in rows}) == len({row["email"] for row in rows}) == 23
