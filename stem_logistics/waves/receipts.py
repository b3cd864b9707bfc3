"""The receipt of a submission: its facts as a file, a document that names the file's digest, and the mail with both."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from stem_logistics import audit, files, mail, runtime
from stem_logistics.deliveries.documents.render import render
from stem_logistics.waves import application_queries, application_steps, draft_queries
from stem_logistics.waves.application_steps import Answers
from stem_logistics.waves.applications import Submitted
from stem_logistics.waves.rules_document import WaveRules
from stem_logistics.waves.service import Wave
from stem_logistics.waves.words import EVIDENCE, POSTS, missing_words, word
from stem_logistics.web.formats import format_date, format_datetime, local
from stem_logistics.web.i18n import gettext, use_locale

FOLDER = Path(__file__).parent / "documents"
SCHEMA = "application/1"


async def confirm_submission(
    wave: Wave, school: Mapping[str, Any], rules: WaveRules, done: Submitted, answers: Answers
) -> None:
    """Make, keep and mail the receipt of a submission, inside the unit of work that took it."""
    pieces = await application_queries.evidence_of_school(school["id"])
    moment = await draft_queries.submitted_at(done.id)
    facts = _facts(wave, school, rules, done, answers, pieces) | {"received_at": local(moment).isoformat()}
    content = json.dumps(facts, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"
    digest = hashlib.sha256(content).hexdigest()
    name = f"{wave.slug}-{school['code']}-{done.submission}"
    with use_locale("el"):
        missing = [str(each) for each in missing_words(rules, facts["missing"], "el")]
        shown = _shown(wave, rules, facts, pieces, missing)
        shown |= {
            "number": name,
            "moment": format_datetime(moment),
            "facts_digest": digest,
            "facts_name": f"{name}.json",
        }
        document = render("application.typ", shown, moment, folder=FOLDER)
        facts_file = await files.store(content, "application/json")
        document_file = await files.store(document, "application/pdf")
        await draft_queries.add_receipt(done.id, facts_file, document_file, application_steps.whole_of(answers))
        if "@" in school["email"]:
            await mail.post(
                school["email"],
                gettext("We have your application to %(wave)s", wave=wave.title("el")),
                _body(wave, school, shown, missing),
                about=("wave", wave.id),
                institution_id=school["id"],
                attachments=[(f"{name}.pdf", document_file), (f"{name}.json", facts_file)],
                idempotency_key=f"application-receipt-{done.id}",
            )
    await audit.record("application-receipt-made", "application", done.id, wave=wave.slug, facts=digest)


def _facts(
    wave: Wave,
    school: Mapping[str, Any],
    rules: WaveRules,
    done: Submitted,
    answers: Answers,
    pieces: list[dict[str, Any]],
) -> dict[str, Any]:
    """What was submitted, as it can be held against what the service keeps."""
    kits = application_steps.suitable_kits(rules, school)
    entry = application_steps.entry_of(rules, kits, answers, school["code"])
    signed = application_steps.is_signed(answers)
    return {
        "schema": SCHEMA,
        "wave": wave.slug,
        "school_code": school["code"],
        "school": school["name"],
        "department": school["kind"] == "department",
        "submission": done.submission,
        "preferences": list(entry.preferences),
        "units": rules.block_size if school["kind"] == "department" else 1,
        "project_title": entry.project_title,
        "declarations": dict(entry.declarations),
        "signature": {
            "name": answers.get("sign.name", ""),
            "post": answers.get("sign.post", ""),
            "act_number": answers.get("sign.act_number", ""),
            "act_on": answers.get("sign.act_on", ""),
            "act_sha256": answers.get("sign.act", ""),
        }
        if signed
        else None,
        "evidence": [
            {"kind": p["kind"], "reference": p["reference"], "year": p["year"], "teacher": p["teacher"]} for p in pieces
        ],
        "missing": application_steps.missing_of(rules, entry.preferences, entry.declarations),
    }


def _shown(
    wave: Wave, rules: WaveRules, facts: Mapping[str, Any], pieces: list[dict[str, Any]], missing: list[str]
) -> dict[str, Any]:
    """The same facts in the words of the document."""
    settings = runtime.settings()
    signature = facts["signature"] or {}
    titles = {kit.slug: kit.title.el for kit in rules.kits}
    units = facts["units"]
    act = " · ".join(
        each for each in (signature.get("act_number", ""), format_day(signature.get("act_on", ""))) if each
    )
    return {
        "sender": {
            "name": settings.organisation,
            "lines": [line.strip() for line in settings.organisation_address.split("|") if line.strip()],
        },
        "wave": wave.title("el"),
        "code_label": "Κωδικός τμήματος" if facts["department"] else "Κωδικός Σχολικής Μονάδας",
        "code": facts["school_code"],
        "school": facts["school"],
        "project": facts["project_title"],
        "kits": [f"{units} × {titles[kit]}" if units > 1 else titles[kit] for kit in facts["preferences"]],
        "conditions": [
            {"title": c.title.el, "answer": "ναι" if facts["declarations"].get(c.slug) else "όχι"}
            for c in rules.conditions
            if c.source == "declared"
        ],
        "evidence": [
            " · ".join(str(x) for x in (word(EVIDENCE, p["kind"]), p["year"], p["title"] or p["reference"]))
            for p in pieces
        ],
        "signed_name": signature.get("name", ""),
        "signed_post": str(word(POSTS, signature["post"])) if signature else "",
        "act": act,
        "act_digest": signature.get("act_sha256", ""),
        "missing": missing,
    }


def format_day(text: str) -> str:
    """An ISO date as people write it; nothing for nothing."""
    return format_date(date.fromisoformat(text)) if text else ""


def _body(wave: Wave, school: Mapping[str, Any], shown: Mapping[str, Any], missing: list[str]) -> str:
    """The mail, so that it says all that matters without its attachments."""
    lines = [
        gettext(
            "To: %(school)s\n\nWe have your application to %(wave)s. It arrived on %(moment)s.",
            school=school["name"],
            wave=wave.title("el"),
            moment=shown["moment"],
        ),
        "\n".join(
            [gettext("Kits, the most wanted first:"), *(f"{n}. {kit}" for n, kit in enumerate(shown["kits"], 1))]
        ),
    ]
    if missing:
        lines.append("\n".join([gettext("Still missing, without it you take no part:"), *(f"- {m}" for m in missing)]))
    lines.append(
        gettext(
            "You may change it until %(deadline)s by the same link. What you sent is attached; its fingerprint"
            " (SHA-256) is:\n%(digest)s\n\nNational Support Organisation eTwinning",
            deadline=format_datetime(wave.deadline_at),
            digest=shown["facts_digest"],
        )
    )
    return "\n\n".join(lines)
