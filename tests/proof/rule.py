"""The rule of allocation: random waves against a reference written from its text, and outcomes that were altered."""

import json
import os
import random
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from stem_logistics.allocation import verify
from tests.allocation.cases import random_document
from tests.allocation.reference import Reference
from tests.allocation.support import CROSSED, encoded, outcome_of
from tests.allocation.test_verify import changes, crossed_outcome, refusal
from tests.proof.section import Scale, Section, by_scale

ALTERED_EACH = 12
CHUNK = 50
FIRST_SEED = 1_000_000  # none of the unit tests' own


def run(scale: Scale) -> Section:
    """The show."""
    waves, seconds = by_scale(scale, 30, 600, 20_000), by_scale(scale, 10, 40, 300)
    section = Section(
        "The rule, against brute force",
        "On any wave the solver's outcome equals, byte for byte, that of a reference that tries everything; the "
        "independent verifier accepts it, and refuses it with any single fact altered.",
    )
    total: Counter[str] = Counter()
    until = time.time() + seconds
    chunks = [range(FIRST_SEED + start, FIRST_SEED + min(start + CHUNK, waves)) for start in range(0, waves, CHUNK)]
    with ProcessPoolExecutor(max_workers=1 if scale == "tiny" else os.cpu_count()) as workers:
        for counted, failures in workers.map(compare, chunks, [until] * len(chunks)):
            total += counted
            section.failures += failures
    verify.Wave(encoded(CROSSED)).certificate(crossed_outcome())
    section.expect("allocation" in refusal(CROSSED, crossed_outcome()), "the crossed outcome is not refused")
    section.expect(total["waves"] >= min(waves, 20), f"only {total['waves']} waves were reached in {seconds} s")
    section.figures = {
        "random waves": total["waves"],
        "applicants in them": total["applicants"],
        "reasons compared": total["reasons"],
        "altered outcomes refused": total["refused"],
        "the crossed example": "passes its cut-offs, is refused",
    }
    section.ran = (
        f"up to {waves:,} random waves within {seconds} s on all cores: ties, overlapping reserves, caps of nought, no "
        f"stock, university blocks, submissions that supersede each other; of each, {ALTERED_EACH} outcomes with one "
        "fact altered."
    )
    return section


def compare(seeds: range, until: float) -> tuple[Counter[str], list[str]]:
    """Compare some waves; what was counted, and what did not hold."""
    counted: Counter[str] = Counter()
    failures: list[str] = []
    for seed in seeds:
        if time.time() > until:
            break
        rng = random.Random(seed)
        document = random_document(rng, most=18)
        raw = outcome_of(document)
        counted["waves"] += 1
        counted["applicants"] += len(document["applicants"])
        counted["reasons"] += len(json.loads(raw)["reasons"])
        if raw != Reference(document, seed).outcome():
            failures.append(f"wave {seed}: the solver differs from the reference")
        if said := refusal(document, raw):
            failures.append(f"wave {seed}: the verifier refuses the true outcome: {said}")
        every, wave = list(changes(raw)), verify.Wave(encoded(document))
        for what, altered in rng.sample(every, min(ALTERED_EACH, len(every))):
            counted["refused"] += 1
            if not refusal(wave, altered()):
                failures.append(f"wave {seed}: accepted with {what}")
    return counted, failures
