"""What schools do with a telephone in the show of a whole selection: apply, change, come late, appeal, give back."""

import time
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.acting import fill, press, says
from tests.e2e.eyes import Eyes

PROJECT = "Μετεωρολογικός σταθμός στην αυλή"


def begin(page: Page, eyes: Eyes, link: str) -> None:
    """A school opens its link, answers two questions and puts the telephone away."""
    page.goto(link)
    eyes.look(page, "application-begin")
    press(page, "Apply")
    eyes.look(page, "application-kits")
    page.locator('main input[name="answer"]').first.check()
    press(page, "Continue")
    eyes.look(page, "application-second-choice")


def go_on(page: Page, link: str) -> None:
    """… and goes on later: at the question it had left."""
    page.goto(link)
    says(page, "δεν την έχετε στείλει")
    press(page, "Go on")
    assert page.url.endswith("/steps/choice-2"), page.url


def answer_all(page: Page, eyes: Eyes | None, act: Path, *, post: str = "head", project: str = PROJECT) -> None:
    """From whichever question is open to the last page, signed by the head with the act attached."""
    for _at in range(12):
        step = page.url.rsplit("/", 1)[-1]
        if step == "check":
            break
        if step.startswith("choice-"):
            none = page.locator("main #answer-none")
            (none if none.count() else page.locator('main input[name="answer"]').first).check()
        elif step == "project":
            fill(page, {"answer": project})
        elif step.startswith("condition-"):
            fill(page, {"answer": "yes"})
        if eyes is not None and not step.startswith("choice-"):
            eyes.look(page, f"application-{step}")
        press(page, "Continue")
    if eyes is not None:
        eyes.look(page, "application-unsigned")
    press(page, "To the signature")
    sign(page, eyes, act, post=post)


def sign(page: Page, eyes: Eyes | None, act: Path, *, post: str = "head") -> None:
    """The head signs; the act is attached."""
    fill(page, {"name": "Μαρία Παπαδοπούλου", "post": post, "act_number": "12/2026"})
    page.set_input_files('main [name="act"]', act)
    if eyes is not None:
        eyes.look(page, "application-signature")
    fill(page, {"agreed": True})
    press(page, "Sign")


def send(page: Page, eyes: Eyes | None) -> None:
    """The application is sent; the page says so."""
    if eyes is not None:
        eyes.look(page, "application-check")
    press(page, "Send the application")
    says(page, "Λάβαμε την αίτησή σας")
    if eyes is not None:
        eyes.look(page, "application-sent")


def add_evidence(page: Page, eyes: Eyes, link: str, document: Path) -> None:
    """Two prizes that the NSO does not know, each with its document."""
    for reference in ("912", "913"):
        page.goto(f"{link}/evidence")
        fill(page, {"kind": "national-prize", "year": "2025", "reference": reference, "title": PROJECT, "rank": "1"})
        fill(page, {"teacher": f"T-{reference}", "stem": True})
        page.set_input_files('main [name="document"]', document)
        if reference == "912":
            eyes.look(page, "application-evidence-form")
        press(page, "Add evidence")
        says(page, "δεν ελέγχθηκε ακόμη", reference)


def two_tabs(first: Page, second: Page, eyes: Eyes, link: str) -> None:
    """The same question answered on two screens: the second is told, and loses nothing."""
    first.goto(f"{link}/steps/project")
    second.goto(f"{link}/steps/project")
    fill(first, {"answer": "Από το κινητό"})
    press(first, "Continue")
    fill(second, {"answer": "Από τον υπολογιστή"})
    press(second, "Continue")
    says(second, "άλλη οθόνη", "Από το κινητό")
    assert second.locator('main [name="answer"]').input_value() == "Από τον υπολογιστή"
    eyes.look(second, "application-two-tabs")
    press(second, "Continue")


def change(page: Page, link: str, act: Path) -> None:
    """What was sent is changed: signed and sent anew."""
    page.goto(f"{link}/check")
    press(page, "To the signature")
    sign(page, None, act)
    send(page, None)


def correct(page: Page, eyes: Eyes, link: str, act: Path) -> None:
    """A school that was asked for a correction reads what, and makes it."""
    page.goto(link)
    says(page, "συμπληρώστε τον")
    eyes.look(page, "application-to-correct")
    page.goto(f"{link}/steps/project")
    fill(page, {"answer": "Το έξυπνο θερμοκήπιο"})
    press(page, "Continue")
    page.goto(f"{link}/steps/sign")
    sign(page, None, act)
    send(page, None)


def withdraw(page: Page, eyes: Eyes, link: str) -> None:
    """A school withdraws its application by itself."""
    page.goto(link)
    page.locator("main details").last.locator("summary").click()
    fill(page, {"why": "Το τμήμα καταργήθηκε."})
    page.locator('main form[action$="/withdraw"] button').click()
    eyes.look(page, "application-withdrawn-by-school")


def press_at(page: Page, moment: float, words: str) -> None:
    """Press a button at a moment of this machine's clock, which is the server's too."""
    time.sleep(max(0.0, moment - time.time()))
    press(page, words)


def come_late(page: Page, eyes: Eyes) -> None:
    """A second after the deadline: refused, with the deadline and the server's clock."""
    says(page, "έληξε")
    eyes.look(page, "application-late")


def read_result(page: Page, eyes: Eyes, link: str, name: str) -> str:
    """A school reads its result; the sentence it came for."""
    page.goto(link)
    expect(page.locator("main .lead").first).to_be_visible()
    eyes.look(page, name)
    return page.locator("main .lead").first.inner_text()


def appeal(page: Page, eyes: Eyes | None, link: str, point: str, body: str, document: Path | None) -> None:
    """An appeal on a named point, with its document."""
    page.goto(link)
    press(page, "File an appeal")
    fill(page, {"point": point, "body": body})
    if document is not None:
        page.set_input_files('main [name="documents"]', document)
    if eyes is not None:
        eyes.look(page, "appeal-form")
    press(page, "File the appeal")
    expect(page.locator("#appeals")).to_be_visible()
    if eyes is not None:
        eyes.look(page, "appeal-filed")


def give_back(page: Page, eyes: Eyes, link: str) -> None:
    """A school that received gives its kit back."""
    page.goto(link)
    press(page, "Give the kit back")
    fill(page, {"why": "Το σχολείο δεν έχει ασφαλή χώρο.", "sure": True})
    eyes.look(page, "give-back")
    press(page, "Give it back")
    page.wait_for_url("**/result/*")
    expect(page.locator("main h1")).to_be_visible()
    eyes.look(page, "gave-back")


def facts_in_first_view(page: Page, words: Mapping[str, str], height: int = 740) -> list[str]:
    """What of a page is not answered before a finger moves."""
    missing = []
    for what, text in words.items():
        box = page.locator("main").get_by_text(text).first.bounding_box()
        if box is None or box["y"] + box["height"] > height:
            missing.append(what)
    return missing
