"""Jobs, mail and the audit record: done once in effect, told truthfully, provable."""

import asyncio
import email
import email.policy
import socket
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from stem_logistics import audit, files, jobs, mail, runtime
from stem_logistics.accounts.policy import Grant, Principal
from stem_logistics.accounts.service import create_account
from stem_logistics.db.engine import execute, fetch_value, unit_of_work
from stem_logistics.errors import DomainError, Invalid, NotFound
from stem_logistics.jobs import Progress, job_handler
from stem_logistics.settings import Settings
from tests.support import acting_as


@job_handler("test-count")
async def count(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    total = payload["total"]
    if payload.get("refuse"):
        raise Invalid("mail-address-unusable", address="x")
    if payload.get("crash"):
        raise ZeroDivisionError
    await progress.report(total, total)
    return {"counted": total}


async def test_a_job_runs_once_and_keeps_its_result(service: Settings) -> None:
    """The same key queues once; ten workers at once run it once."""
    first = await jobs.enqueue("test-count", {"total": 7}, idempotency_key="k")
    assert await jobs.enqueue("test-count", {"total": 7}, idempotency_key="k") == first
    ran = await asyncio.gather(*(jobs.run_next() for _ in range(5)))
    assert sum(ran) == 1
    job = await jobs.get(first)
    assert (job.state, job.done, job.total, job.result) == ("done", 7, 7, {"counted": 7})


async def test_a_refused_job_tells_why_and_a_crashed_one_is_tried_again(service: Settings) -> None:
    """A refusal ends the job with its slug; a fault puts it back, and after three it is failed."""
    refused = await jobs.enqueue("test-count", {"total": 1, "refuse": True})
    assert await jobs.run_next()
    job = await jobs.get(refused)
    assert job.state == "failed"
    assert job.error is not None
    assert job.error["slug"] == "mail-address-unusable"
    crashed = await jobs.enqueue("test-count", {"total": 1, "crash": True})
    for attempt in range(3):
        await execute("UPDATE job SET run_after = now() WHERE id = $1", crashed)
        assert await jobs.run_next(), attempt
    assert (await jobs.get(crashed)).state == "failed"


async def test_work_of_somebody_who_left_is_not_done_by_the_system(service: Settings) -> None:
    """A job whose account was shut meanwhile is refused: it must not run with the system's own, wider rights."""
    number = await create_account("left@nso.example", "Left", "correct horse battery", [Grant("staff", "country")])
    with acting_as(Principal("account", number)):
        job_id = await jobs.enqueue("test-count", {"total": 1})
    await execute("UPDATE account SET active = false WHERE id = $1", number)
    assert await jobs.run_next()
    job = await jobs.get(job_id)
    assert (job.state, (job.error or {})["slug"]) == ("failed", "job-owner-left")


async def test_a_job_whose_worker_died_is_taken_again(service: Settings) -> None:
    """A running job whose lease has run out is done by another worker."""
    job_id = await jobs.enqueue("test-count", {"total": 2})
    await execute("UPDATE job SET state = 'running', attempts = 1, locked_until = now() - interval '1s'")
    assert await jobs.run_next()
    assert (await jobs.get(job_id)).state == "done"


class Inbox:
    def __init__(self) -> None:
        self.messages: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.messages.append(envelope.content)
        return "250 OK"


async def test_mail_leaves_the_outbox_once_with_its_attachment(service: Settings) -> None:
    """A posted message reaches a real SMTP server once, in Greek, with its attachment whole."""
    inbox = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        runtime.start(service.model_copy(update={"mail_mode": "smtp", "smtp_host": "127.0.0.1", "smtp_port": port}))
        digest = await files.store("περιεχόμενο".encode(), "text/plain")
        for _ in range(2):
            await mail.post(
                "school@school.example",
                "Παραλαβή",
                "Το δέμα έφτασε.",
                attachments=[("α.txt", digest)],
                idempotency_key="once",
            )
        assert await mail.deliver_next()
        assert not await mail.deliver_next()
    finally:
        controller.stop()
    assert len(inbox.messages) == 1
    message: Any = email.message_from_bytes(inbox.messages[0], policy=email.policy.default)
    assert message["subject"] == "Παραλαβή"
    parts = list(message.walk())
    assert "Το δέμα έφτασε." in str(parts[1].get_payload(decode=True), "utf-8")
    assert parts[2].get_payload(decode=True) == "περιεχόμενο".encode()


async def test_mail_waits_while_the_server_is_away(service: Settings) -> None:
    """A message that cannot be sent stays queued, later, with the reason."""
    runtime.start(service.model_copy(update={"mail_mode": "smtp", "smtp_host": "127.0.0.1", "smtp_port": 1}))
    message = await mail.post("school@school.example", "x", "y")
    assert await mail.deliver_next()
    assert not await mail.deliver_next()
    state = await fetch_value("SELECT state || ' ' || attempts FROM mail_message WHERE id = $1", message)
    assert state == "queued 1"


@pytest.mark.parametrize("subject", ["a\nBcc: x@y.example", "a\r\nb"])
async def test_a_forged_header_is_refused(service: Settings, subject: str) -> None:
    """A line break in a header is refused, not cleaned."""
    with pytest.raises(DomainError):
        await mail.post("school@school.example", subject, "x")


async def test_the_audit_chain_shows_a_change(service: Settings) -> None:
    """Changes are sealed in a chain that holds; a row altered behind the product's back breaks it."""
    account = await create_account("a@nso.example", "A", "a long enough password", [])
    assert await audit.seal() == 1
    async with unit_of_work():
        await audit.record("account-renamed", "account", account)
    assert await audit.seal() == 1
    assert await audit.verify() == (2, None)
    await execute("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only")
    await execute("UPDATE audit_entry SET why = 'altered' WHERE id = (SELECT min(id) FROM audit_entry)")
    assert await audit.verify() == (0, 1)


async def test_a_rolled_back_change_leaves_no_entry(service: Settings) -> None:
    """The record and the change stand or fall together."""

    async def fail() -> None:
        async with unit_of_work():
            await audit.record("account-renamed", "account", 1)
            raise NotFound("not-found")

    with pytest.raises(NotFound):
        await fail()
    assert await fetch_value("SELECT count(*) FROM audit_entry") == 0
