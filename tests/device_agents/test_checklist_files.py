"""Checklist kinds that an organisation adds by files: used like any other, refused with the file and the place."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from device_agents.errors import ChecklistInvalid
from device_agents.kinds import all_kinds, kind_by_slug, use_documents, use_folders
from device_agents.kinds.checklist_files import MAX_FILE, packaged, read_checklist, read_folder, usable
from device_agents.messages import text
from stem_logistics.checks.report_view import kind_name
from tests.device_agents.probing import stem_check

LIST = """\
schema = "stem-checklist/1"
slug = "weather-station"
version = 3
title = { el = "Μετεωρολογικός σταθμός", en = "Weather station" }
photo = false

[[items]]
key = "mast"
essential = true
title = { el = "ιστός", en = "mast" }
question = { el = "Στέκεται ο ιστός {όρθιος};", en = "Does the mast {stand}?" }
fault = { el = "ο ιστός {δεν} στέκεται.", en = "the mast does {not} stand." }
next = { el = "ζητήστε νέο ιστό.", en = "ask for a new mast." }

[[items]]
key = "leaks"
good = "no"
title = { el = "διαρροές", en = "leaks" }
question = { el = "Μπαίνει νερό;", en = "Does water get in?" }
fault = { el = "μπαίνει νερό.", en = "water gets in." }
"""


@pytest.fixture(autouse=True)
def _no_folders() -> Iterator[None]:
    yield
    use_folders()
    use_documents()


def folder_with(tmp_path: Path, content: str = LIST, name: str = "weather-station.toml") -> Path:
    folder = tmp_path / "lists"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(content, encoding="utf-8")
    return folder


def answers(tmp_path: Path, **given: str) -> str:
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(given), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("way", ["option", "home"])
def test_an_organisations_own_kind_is_checked_like_any_other(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By `--checklists DIR`, or from the laptop's home: listed, asked, judged, said in both languages."""
    folder = folder_with(tmp_path)
    more = ["--checklists", str(folder)]
    if way == "home":
        folder.rename(tmp_path / "checklists")
        monkeypatch.setenv("STEM_CHECK_HOME", str(tmp_path))
        more = []
    listed = stem_check("kinds", "--json", *more)
    assert "weather-station" in [kind["slug"] for kind in listed.document]  # type: ignore[index]
    call = ["probe", "--kind", "weather-station", "--answers"]
    good = stem_check(*call, answers(tmp_path, mast="yes", leaks="no", signature="Ada L."), "--json", *more)
    assert good.code == 0 and good.report.identity == {"list_version": 3}
    assert [step.name for step in good.report.steps] == ["mast", "leaks", "signature"]
    bad = answers(tmp_path, mast="no", leaks="no", signature="Ada L.")
    for language, fault, following in (
        ("el", "ο ιστός {δεν} στέκεται.", "ζητήστε νέο ιστό."),
        ("en", "the mast does {not} stand.", "ask for a new mast."),
    ):
        done = stem_check(*call, bad, "--lang", language, *more)
        assert done.code == 1 and fault in done.out and following in done.out


def test_the_service_knows_them_too(tmp_path: Path) -> None:
    """Kind, step and reason have words wherever the folder is in use, and none where it is not any more."""
    before = [kind.slug for kind in all_kinds()]
    use_folders(folder_with(tmp_path))
    assert kind_by_slug("weather-station").deadline_s is None
    assert kind_name("weather-station", "el") == "Μετεωρολογικός σταθμός"
    assert kind_name("set-r1", "el").startswith("Σετ ρομποτικής R1")
    assert text("en", "step.weather-station.leaks") == "leaks"
    assert text("el", "step.weather-station.signature") == "υπογραφή"
    use_folders()
    assert [kind.slug for kind in all_kinds()] == before
    assert kind_name("weather-station", "el") == "weather-station"


def test_a_list_of_ours_is_replaced_by_a_higher_version(tmp_path: Path) -> None:
    """Who knows what is in a set replaces our general list; the same version again is refused."""
    ours = next(each for each in packaged() if each.slug == "set-r1")
    theirs = LIST.replace("weather-station", "set-r1")
    use_folders(folder_with(tmp_path, theirs, "set-r1.toml"))
    assert [step.name for step in kind_by_slug("set-r1").steps] == ["mast", "leaks", "signature"]
    assert text("en", "kind.set-r1") == "Weather station"
    folder_with(tmp_path, theirs.replace("version = 3", f"version = {ours.version}"), "set-r1.toml")
    other = tmp_path / "again"
    (tmp_path / "lists").rename(other)
    use_folders(other)
    with pytest.raises(ChecklistInvalid) as refused:
        all_kinds()
    assert refused.value.params["place"] == "version"


WRONG = {
    "no TOML": ("slug = ", "—"),
    "no text": ("\udcff", "—"),
    "another schema": (LIST.replace("checklist/1", "checklist/2"), "schema"),
    "a slug of the program's own": (LIST.replace("weather-station", "microbit"), "slug"),
    "a slug that is none": (LIST.replace("weather-station", "Weather"), "slug"),
    "no version": (LIST.replace("version = 3\n", ""), "version"),
    "a version that is text": (LIST.replace("version = 3", 'version = "3"'), "version"),
    "one language": (LIST.replace(', en = "Weather station"', ""), "title.en"),
    "an empty text": (LIST.replace("Weather station", " "), "title.en"),
    "a text that cannot be shown": (LIST.replace("Weather station", "a\\u001b[2J"), "title.en"),
    "no items": (LIST[: LIST.index("[[items]]")], "items"),
    "too many items": (
        LIST + "".join(LIST[LIST.rindex("[[items]]") :].replace("leaks", f"leaks-{n}") for n in range(40)),
        "items",
    ),
    "a key twice": (LIST.replace('"leaks"', '"mast"'), "—"),
    "a key of ours": (LIST.replace('"leaks"', '"photo"'), "—"),
    "a key that is none": (LIST.replace('"leaks"', '"the leaks"'), "items.1.key"),
    "an unknown word": (LIST.replace("essential", "esential"), "items.0.esential"),
    "an answer that nobody gives": (LIST.replace('good = "no"', 'good = "maybe"'), "items.1.good"),
    "no question": ("\n".join(line for line in LIST.splitlines() if "Μπαίνει" not in line), "items.1.question"),
    "too long": ("#" * (MAX_FILE + 1), "—"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_by_name_and_place(tmp_path: Path, name: str) -> None:
    """The file, the place in it and the reason are told; nothing of the file is used."""
    content, place = WRONG[name]
    slug = "microbit" if "program" in name else "weather-station"
    folder = tmp_path / "lists"
    folder.mkdir()
    path = folder / f"{slug}.toml"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    use_folders(folder)
    with pytest.raises(ChecklistInvalid) as refused:
        all_kinds()
    assert refused.value.params["file"] == str(path)
    assert refused.value.params["place"] == place
    assert refused.value.params["detail"]


def test_the_command_says_which_file_is_wrong(tmp_path: Path) -> None:
    """Exit 3 and one sentence with file and place, in the person's language."""
    folder = folder_with(tmp_path, WRONG["no version"][0])
    for language in ("el", "en"):
        done = stem_check("kinds", "--checklists", str(folder), "--lang", language)
        assert done.code == 3 and not done.out
        assert "weather-station.toml" in done.err and "version" in done.err
    assert stem_check("kinds", f"--checklists={tmp_path / 'nowhere'}").code == 3


def test_a_file_has_its_slugs_name(tmp_path: Path) -> None:
    """So that nobody keeps two versions of a list side by side unawares."""
    with pytest.raises(ChecklistInvalid):
        read_folder(folder_with(tmp_path, name="old.toml"))


def test_two_folders_do_not_hold_the_same_kind(tmp_path: Path) -> None:
    """Which of the two would count is nobody's guess."""
    one = folder_with(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    (other / "weather-station.toml").write_text(LIST.replace("version = 3", "version = 4"), encoding="utf-8")
    use_folders(one, other)
    with pytest.raises(ChecklistInvalid) as refused:
        all_kinds()
    assert str(one) in str(refused.value.params["detail"])


def test_what_cannot_be_used_beside_the_others_is_left_out(tmp_path: Path) -> None:
    """Documents that clash with a folder, with code or with each other do not keep the rest from being known."""
    use_folders(folder_with(tmp_path))
    good = ("mast.toml", LIST.replace("weather-station", "mast").encode())
    clashes = [
        ("again.toml", LIST.encode()),
        ("microbit.toml", LIST.replace("weather-station", "microbit").encode()),
        ("broken.toml", b"slug ="),
        ("twice.toml", good[1]),
    ]
    assert usable([good, *clashes], ["microbit"]) == (good,)
    use_documents(good)
    assert {"mast", "weather-station"} <= {kind.slug for kind in all_kinds()}


def test_a_list_can_be_read_from_bytes() -> None:
    """What is delivered to laptops is validated before it is kept."""
    checklist = read_checklist(LIST.encode(), "delivered")
    assert checklist.slug == "weather-station" and checklist.version == 3
    with pytest.raises(ChecklistInvalid) as refused:
        read_checklist(b"\xff", "delivered")
    assert refused.value.params["file"] == "delivered"
