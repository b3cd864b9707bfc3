"""The rules of a receipt and the consignment's states."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stem_logistics.deliveries import rules
from stem_logistics.deliveries.rules import (
    Action,
    DamageReason,
    LineAnswer,
    MissingReason,
    ShippedLine,
    State,
)
from stem_logistics.deliveries.sentences import SENTENCES

LINE = ShippedLine("7", "Micro:bit V2", shipped=20, settled=5)


def said(problem: rules.ReceiptProblem) -> str:
    return SENTENCES[problem.slug] % problem.figures


def slugs(*answers: LineAnswer) -> list[str]:
    return [found.slug for answer in answers for found in rules.check_answer(LINE, answer)]


@st.composite
def shipped(draw: st.DrawFn, line: str = "1") -> ShippedLine:
    count = draw(st.integers(1, 60))
    return ShippedLine(line, draw(st.text(max_size=12)), count, draw(st.integers(0, count)))


@st.composite
def right_answer(draw: st.DrawFn, line: ShippedLine) -> LineAnswer:
    """Any answer that is right: the outstanding pieces cut into four parts, a reason wherever one is due."""
    cuts = sorted(draw(st.tuples(*[st.integers(0, line.outstanding)] * 3)))
    received, damaged, missing = cuts[0], cuts[1] - cuts[0], cuts[2] - cuts[1]
    note = draw(st.text(alphabet="αβγ δ", max_size=20)) + "ό"
    return LineAnswer(
        received,
        damaged,
        missing,
        line.outstanding - cuts[2],
        draw(st.sampled_from(DamageReason)) if damaged else "",
        draw(st.sampled_from(MissingReason)) if missing else "",
        note,
    )


@given(st.data())
def test_every_division_with_reasons_is_accepted(data: st.DataObject) -> None:
    """However the outstanding pieces are divided, an answer that adds up and has its reasons is right."""
    line = data.draw(shipped())
    assert rules.check_answer(line, data.draw(right_answer(line))) == []


@given(st.data(), st.sampled_from(["received", "damaged", "missing", "not_yet"]), st.integers(-5, 5))
def test_one_piece_too_many_or_few_is_refused(data: st.DataObject, which: str, change: int) -> None:
    """Any change of one number of a right answer is refused; the message has the line and the figures."""
    line = data.draw(shipped().filter(lambda line: line.outstanding > 0))
    right = data.draw(right_answer(line))
    numbers = {name: getattr(right, name) for name in ("received", "damaged", "missing", "not_yet")}
    numbers[which] += change
    wrong = LineAnswer(
        **numbers,
        damage_reason=right.damage_reason or "transport",
        missing_reason=right.missing_reason or "opened",
        note=right.note,
    )
    found = rules.check_answer(line, wrong)
    assert bool(found) == bool(change)
    for problem in found:
        assert problem.line == line.line
        assert line.label in said(problem)
        figure = numbers[which] if numbers[which] < 0 else sum(numbers.values())
        assert str(figure) in said(problem)


@given(st.data())
def test_parts_of_a_consignment_always_end(data: st.DataObject) -> None:
    """Right answers, part after part, account for every piece once; the state follows what is left."""
    lines = [data.draw(shipped(str(line))) for line in range(data.draw(st.integers(1, 4)))]
    state = State.DISPATCHED
    settled = {line.line: line.settled for line in lines}
    while any(line.outstanding for line in lines):
        answers = {line.line: data.draw(right_answer(line)) for line in lines if data.draw(st.booleans())}
        problems = rules.check_receipt(lines, answers)
        if not any(answer.settled for answer in answers.values()):
            assert [problem.slug for problem in problems] == [rules.NOTHING_ARRIVED]
            answers = rules.all_in_order(lines)
            problems = rules.check_receipt(lines, answers)
        assert problems == []
        state = rules.advance(state, rules.receipt_action(lines, answers))
        for line, answer in answers.items():
            settled[line] += answer.settled
        lines = [ShippedLine(line.line, line.label, line.shipped, settled[line.line]) for line in lines]
        assert (state is State.RECEIVED) == all(line.outstanding == 0 for line in lines)
        assert all(line.outstanding >= 0 for line in lines)


def test_reasons_are_asked_for_each_shortfall() -> None:
    """Damaged and missing pieces each need their own reason; one does not stand for the other."""
    assert slugs(LineAnswer(13, 1, 1)) == [rules.DAMAGE_NEEDS_REASON, rules.MISSING_NEEDS_REASON]
    assert slugs(LineAnswer(13, 1, 1, damage_reason="transport")) == [rules.MISSING_NEEDS_REASON]
    assert slugs(LineAnswer(14, 0, 1, missing_reason="transport")) == [rules.REASON_UNKNOWN]


def test_other_reason_needs_words() -> None:
    """ "Other" without a note says nothing, so it is refused; blanks are not a note."""
    assert slugs(LineAnswer(14, 1, 0, damage_reason="other", note="  ")) == [rules.OTHER_NEEDS_NOTE]
    assert slugs(LineAnswer(14, 1, 0, damage_reason="other", note="βράχηκε")) == []


def test_the_message_names_the_line_and_the_figures() -> None:
    """A person can see from the message alone which line is wrong and by how much."""
    (problem,) = rules.check_answer(LINE, LineAnswer(20, 0, 0))
    assert said(problem) == (
        "Micro:bit V2: 20 received, 0 damaged, 0 missing and 0 not yet arrived make 20, but 15 are expected. "
        "Change the numbers so that they add up to 15."
    )


def test_a_settled_line_takes_nothing_more() -> None:
    """A line that earlier receipts settled cannot be received again, but may be sent along as zeros."""
    done = ShippedLine("1", "3D", 1, 1)
    assert [found.slug for found in rules.check_answer(done, LineAnswer(1))] == [rules.ALREADY_SETTLED]
    assert rules.check_answer(done, LineAnswer()) == []


def test_a_foreign_line_is_refused() -> None:
    """An id that is not of this consignment is named, whatever else is right."""
    found = rules.check_receipt([LINE], {"7": LineAnswer(15), "99": LineAnswer(1)})
    assert [said(problem) for problem in found] == [
        "Line “99” is not part of this consignment. Open the link from the mail again."
    ]


def test_a_telephone_number_is_not_a_quantity() -> None:
    """A number that no consignment can hold is named as such, instead of a sum nobody can follow."""
    assert slugs(LineAnswer(2310123456)) == [rules.TOO_LARGE]


def test_receiver_is_named() -> None:
    """Name and role are both asked for, beside their own fields."""
    assert [(p.where, p.slug) for p in rules.check_receiver(" ", "\t")] == [
        ("receiver_name", rules.NAME_MISSING),
        ("receiver_role", rules.ROLE_MISSING),
    ]
    assert rules.check_receiver("Μ. Ανδρέου", "Διευθύντρια") == []
    assert [p.slug for p in rules.check_receiver("α" * 121, "β" * 121)] == [
        rules.NAME_TOO_LONG,
        rules.ROLE_TOO_LONG,
    ]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", Action)
def test_only_the_table_moves_a_consignment(state: State, action: Action) -> None:
    """Every pair that the table lacks is refused, and the refusal says what is possible instead."""
    if (state, action) in rules.TRANSITIONS:
        assert rules.advance(state, action) is rules.TRANSITIONS[state, action]
        return
    with pytest.raises(rules.TransitionNotPossible) as refused:
        rules.advance(state, action)
    assert refused.value.possible == rules.actions(state)
    assert action not in refused.value.possible


def test_every_state_is_reached_and_ends() -> None:
    """From packing every state can be reached; from every state that is not final, a final one."""

    def reach(start: State) -> set[State]:
        seen = {start}
        while more := {to for (origin, _), to in rules.TRANSITIONS.items() if origin in seen} - seen:
            seen |= more
        return seen

    assert reach(State.PACKING) == set(State)
    for state in State:
        assert reach(state) & rules.FINAL
        assert (rules.actions(state) == ()) == (state in rules.FINAL)
