"""A whole selection on the demo's registry, walked in a real browser as staff, schools and everybody else would.

With STEM_PICTURES=DIR every page that is looked at is kept there as a picture, 360 and 1280 pixels wide, and the
documents beside them.
"""

import csv
import io
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import typst
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.conftest import require_program
from tests.e2e.acting import says
from tests.e2e.eyes import DESK, Eyes
from tests.e2e.stage import clock, today
from tests.proof import selection_desk as desk
from tests.proof import selection_phone as phone
from tests.proof import selection_public as public
from tests.proof.host import Host, new_host
from tests.proof.section import Scale, Section, by_scale
from tests.web.test_browser import CHROMIUM_ARGS

PHONE = 360
LOAD_SECONDS = 1800
PATIENCE_MS = 120_000  # the machine may be busy with other things
HEADINGS = (
    *("Κωδικός Σχολικής Μονάδας", "Προτιμήσεις", "Τίτλος έργου STEM", "Δέσμευση υλοποίησης έργου STEM"),
    *("Πράξη του Συλλόγου Διδασκόντων", "Υπογραφή του διευθυντή ή της διευθύντριας", "Δικαιολογητικό", "Αριθμός"),
    *("Τίτλος δικαιολογητικού", "Έτος", "Θέση", "Θέμα STEM", "Κωδικός εκπαιδευτικού"),
)
# The window for appeals is days long; the show moves its end to now, past the product.
END_WINDOW = """
from stem_logistics.commanding import with_service
from stem_logistics.db.engine import execute
with_service(lambda: execute(
    "UPDATE wave SET provisional_at = now() - interval '2 days', appeals_until = clock_timestamp() WHERE slug = $1",
    "stem-7"))
"""


@dataclass
class Cast:
    """Who takes part: codes of schools by what they do, and their links."""

    paper: list[str] = field(default_factory=list)
    by_phone: str = ""
    changes: str = ""
    in_time: str = ""
    late: str = ""
    department: str = ""
    links: dict[str, str] = field(default_factory=dict)


class Screens:
    """People with their screens: whoever asks gets a browser of their own."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser, self._url = browser, url
        self.heard: list[str] = []

    def _context(self, width: int, height: int, *, mobile: bool) -> BrowserContext:
        made = self._browser.new_context(
            base_url=self._url,
            locale="el-GR",
            viewport={"width": width, "height": height},
            is_mobile=mobile,
            has_touch=mobile,
        )
        made.set_default_timeout(PATIENCE_MS)
        made.on("console", lambda said: self.heard.append(said.text) if "Failed to load" not in said.text else None)
        return made

    def desk(self) -> Page:
        """A person at a desk."""
        return self._context(DESK, 900, mobile=False).new_page()

    def phone(self) -> Page:
        """A person with a telephone."""
        return self._context(PHONE, 740, mobile=True).new_page()


def run(scale: Scale) -> Section:
    """The show."""
    section = Section(
        "A whole selection, page by page",
        "On the demo's registry staff write criteria, try them, open a call, take applications on paper and by "
        "telephone, score, allocate, publish, hear three appeals (one from the kits held back, one by a re-run, one "
        "rejected), and a kit given back goes to the next. Every page reads in Greek and fits a telephone; the files "
        "that everybody can download prove the result.",
    )
    expect.set_options(timeout=PATIENCE_MS)
    with new_host() as host:
        loaded = host.stem("demo", "--load-only", seconds=LOAD_SECONDS)
        assert loaded.returncode == 0, loaded.stderr[-2000:]
        host.serve(STEM_DEMO="true", STEM_TIMEZONE=clock())
        eyes = Eyes(phone=PHONE)
        with sync_playwright() as playwright:
            program = require_program("chromium", "chromium")
            browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGS)
            screens = Screens(browser, host.url)
            folder = host.folder / "published"
            folder.mkdir()
            started = time.monotonic()
            _walk(section, host, screens, eyes, folder, by_scale(scale, 30, 60, 240))
            section.figures["the walk takes"] = f"{time.monotonic() - started:.0f} s"
            browser.close()
        if eyes.folder is not None:
            shutil.copytree(folder, eyes.folder / "published", dirs_exist_ok=True)
        section.figures["pages looked at"] = len(eyes.seen)
        for wrong in (*eyes.wrong, *screens.heard, *_faults(host)):
            section.failures.append(wrong)
    section.ran = (
        "`stem demo` and its service, headless Chromium at 360 and 1280 pixels; the end of the window for appeals "
        "alone is moved past the product. Each page is read for English words, raw values, faults of access and width."
    )
    return section


def _faults(host: Host) -> list[str]:
    """What the service logged of its own fault."""
    lines = [json.loads(line) for line in host.log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    return [
        json.dumps(line, ensure_ascii=False)[:600]
        for line in lines
        if line.get("level") in ("error", "critical") or int(line.get("status") or 0) >= 500
    ]


def _walk(section: Section, host: Host, screens: Screens, eyes: Eyes, folder: Path, applications: int) -> None:
    """Everything, in the order in which it happens."""
    signs = json.loads((host.folder / "demo.json").read_text(encoding="utf-8"))["sign-in"]
    _role, email, password = next(each for each in signs if each[0] == "staff")
    staff = screens.desk()
    desk.sign_in(staff, email, password)
    cast = _cast(staff, applications)
    act = folder.parent / "praxi.pdf"
    act.write_bytes(typst.compile("Πράξη 12/2026 του Συλλόγου Διδασκόντων".encode()))

    desk.write_rules(staff, eyes)
    section.figures["applicants of the last wave who would have moved"] = desk.try_weights(staff, eyes)
    desk.open_call(staff, eyes, folder)
    _apply(section, screens, staff, eyes, cast, act)
    section.figures["applications on paper"] = len(cast.paper)
    moved = _decide(staff, eyes)
    section.figures["moved between the two runs, as evidence was accepted"] = moved
    section.expect(moved == 2, f"{moved} moved between the runs")
    _publish(section, host, screens, staff, eyes, act, folder)


def _cast(staff: Page, applications: int) -> Cast:
    """Schools of the demo's registry, spread over the country."""
    half = applications // 2
    secondary = desk.codes_of(staff, half + 4, level="lower_secondary")
    primary = desk.codes_of(staff, applications - half, level="primary")
    departments = desk.codes_of(staff, 2, kind="department")
    cast = Cast(paper=[*secondary[4:], *primary, departments[1]], department=departments[0])
    cast.by_phone, cast.changes, cast.in_time, cast.late = secondary[:4]
    return cast


def _on_paper(codes: Sequence[str], year: int) -> bytes:
    """The file of applications: many ask for the printer alone, so that some lose; a few have no act."""
    out = io.StringIO()
    table = csv.writer(out, delimiter=";")
    table.writerow(HEADINGS)
    half = len(codes) // 2
    for number, code in enumerate(codes):
        department = number == len(codes) - 1
        wish = desk.TITLES[desk.ROBOTICS] if department else desk.TITLES[desk.PRINTER]
        if not department and number >= half:
            wish = f"{desk.TITLES[desk.MICROBIT]} > {desk.TITLES[desk.ROBOTICS]}"
        project = "" if number == 0 else phone.PROJECT
        head = [wish, project, "ναι", "όχι" if number % 12 == 11 else "ναι", "ναι"]
        lines: list[tuple[object, ...]] = [("Εκπαιδευτικός", "", "", year, "", "", f"T-{number}")]
        if number % 3 == 0:
            lines = [("Εθνικό βραβείο", f"P-{number}", phone.PROJECT, year - 1, 1 + number % 3, "ναι", f"T-{number}")]
        if number % 4 == 1:
            lines.append(("Εθνική Ετικέτα Ποιότητας", f"L-{number}", phone.PROJECT, year - 1, "", "όχι", f"T-{number}"))
        for at, line in enumerate(lines):
            table.writerow([code, *(head if at == 0 else [""] * len(head)), *line])
    return out.getvalue().encode("utf-8-sig")


def _apply(section: Section, screens: Screens, staff: Page, eyes: Eyes, cast: Cast, act: Path) -> None:
    """While the call is open: by telephone, on paper, corrected, withdrawn, in the last second and a second late."""
    schools = [cast.by_phone, cast.changes, cast.in_time, cast.late, cast.department]
    cast.links = desk.invite(staff, eyes, schools)
    first = screens.phone()
    phone.begin(first, eyes, cast.links[cast.by_phone])
    first.context.close()
    first = screens.phone()
    phone.go_on(first, cast.links[cast.by_phone])
    phone.answer_all(first, eyes, act)
    phone.send(first, eyes)
    phone.add_evidence(first, eyes, cast.links[cast.by_phone], act)
    phone.two_tabs(first, screens.desk(), eyes, cast.links[cast.by_phone])
    phone.change(first, cast.links[cast.by_phone], act)
    subjects = [subject for subject, _body in desk.mails_of(staff, cast.by_phone)]
    section.expect(len(subjects) == 3, f"the school's mails are {subjects}")

    chair = screens.phone()
    chair.goto(f"{cast.links[cast.department]}/form")
    phone.answer_all(chair, None, act, post="chair")
    phone.send(chair, None)
    eyes.look(chair, "application-of-a-department")

    content = _on_paper(cast.paper, today().year)
    desk.take_applications(staff, eyes, staff_folder(act), content, len(cast.paper))
    asked = cast.paper[0]
    phone.correct(screens.phone(), eyes, desk.send_back(staff, eyes, asked), act)
    desk.withdraw(staff, eyes, cast.paper[1])
    changing = screens.phone()
    changing.goto(f"{cast.links[cast.changes]}/form")
    phone.answer_all(changing, None, act)
    phone.send(changing, None)
    phone.withdraw(changing, eyes, cast.links[cast.changes])
    staff.goto(f"/waves/{desk.WAVE}/applications?standing=incomplete")
    eyes.look(staff, "applications-incomplete")

    ready = {}
    for code in (cast.in_time, cast.late):
        ready[code] = screens.phone()
        ready[code].goto(f"{cast.links[code]}/form")
        phone.answer_all(ready[code], None, act)
    ends = desk.move_deadline(staff, eyes)
    phone.press_at(ready[cast.in_time], ends - 2, "Send the application")
    says(ready[cast.in_time], "Λάβαμε την αίτησή σας")
    phone.press_at(ready[cast.late], ends + 1, "Send the application")
    phone.come_late(ready[cast.late], eyes)
    staff.goto(f"/waves/{desk.WAVE}/applications?q={cast.late}")
    section.expect(not staff.locator("main table tbody tr").count(), "the late application is there")


def staff_folder(act: Path) -> Path:
    """Where the staff keep their files."""
    return act.parent


def _decide(staff: Page, eyes: Eyes) -> int:
    """Draw, scores, allocation; evidence checked meanwhile, so a second run, compared with the first."""
    desk.draw(staff, eyes)
    desk.score(staff, eyes)
    desk.allocate(staff, eyes)
    desk.check_evidence(staff, eyes)
    staff.goto(f"/waves/{desk.WAVE}/allocation")
    eyes.look(staff, "checklist-scores-old")
    desk.score(staff, None)
    desk.allocate(staff, None)
    return desk.compare_runs(staff, eyes)


def _publish(
    section: Section, host: Host, screens: Screens, staff: Page, eyes: Eyes, document: Path, folder: Path
) -> None:
    """Provisional results, appeals, minutes, final results, a kit given back, and the proof."""
    desk.appoint(staff, eyes)
    desk.write_minutes(staff, "evaluation")
    desk.publish_provisional(staff, eyes)
    visitor = screens.desk()
    public.read_results(visitor, eyes, "results-provisional")
    losers = public.rejected_codes(visitor, desk.PRINTER, 2)
    out = public.excluded_code(visitor)
    links = {code: desk.link_in_mail(staff, code, "/result/") for code in (*losers, out)}
    school = screens.phone()
    phone.read_result(school, eyes, links[losers[0]], "own-result-rejected")
    told = {"points": "Μόρια", "why not": "δεν λαμβάνει σετ", "what would have sufficed": "Τι θα αρκούσε"}
    told |= {"how to appeal": "Υποβολή ένστασης", "until when": "23:59"}
    for missing in phone.facts_in_first_view(school, told):
        section.failures.append(f"a rejected school has to scroll for: {missing}")
    section.figures["facts that a rejected school reads without scrolling"] = len(told)
    prize = "Το βραβείο του 2025 δεν μετρήθηκε."
    phone.appeal(school, eyes, links[losers[0]], "criterion:national-prize", prize, document)
    phone.appeal(school, None, links[losers[1]], "criterion:national-prize", prize, document)
    phone.read_result(school, eyes, links[out], "own-result-not-admitted")
    phone.appeal(school, None, links[out], "admission:assembly-act", "Η πράξη υπήρχε.", None)

    done = host.python("-c", END_WINDOW)
    assert done.returncode == 0, done.stderr
    staff.goto(f"/waves/{desk.WAVE}/appeals")
    eyes.look(staff, "appeals")
    for number, (points, name) in enumerate((("55", "supernumerary"), ("60", "rerun")), 1):
        correction: dict[str, str | bool] = {"criterion": "national-prize", "points": points}
        desk.weigh(staff, eyes, number, correction, name)
        desk.accept(staff, eyes, name)
    desk.reject(staff, 3)
    desk.write_minutes(staff, "appeals")
    section.figures["minutes written"] = desk.read_minutes(staff, eyes, folder)
    desk.publish_final(staff, eyes)
    public.read_results(visitor, eyes, "results-final")
    received = public.received_codes(visitor, desk.PRINTER)
    section.expect({*losers} <= {*received}, "a school whose appeal succeeded received nothing")
    giver = next(code for code in received if code not in losers)
    link = desk.link_in_mail(staff, giver, "/result/")
    phone.read_result(school, eyes, link, "own-result-received")
    phone.give_back(school, eyes, link)
    after = public.received_codes(visitor, desk.PRINTER)
    gained = [code for code in after if code not in received]
    section.expect(giver not in after and len(gained) == 1, f"the kit went from {giver} to {gained}")
    for code in (giver, *gained):
        results = desk.told_of_results(staff, code, 3)
        section.expect(len(results) == 3, f"{code} was told of its results by {results}")
    if gained:
        phone.read_result(school, eyes, desk.link_in_mail(staff, gained[0], "/result/"), "own-result-next-in-order")
    desk.keep(school, f"{link}/letter", folder / "letter.pdf")
    public.prove(section, folder, public.download(visitor, folder))
    public.drop_files(visitor, eyes, folder)
