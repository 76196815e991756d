"""What a newer runbook changes in who may say go is said in sentences, and signed by those who could before."""

import pytest
from hypothesis import given, settings

from bot.runbook.files.read import read_runbook
from bot.runbook.gates.gate import CheckPassed, Gate, Of, Risk, Seats, When
from bot.runbook.model import Runbook
from bot.runbook.policy import changes, said, signing
from bot.runbook.roles.role import Role
from tests.runbook.given import APPROVED, GATE, HEAD, SHIPPED, STAGE, Write
from tests.runbook.test_model import runbooks

CHECKED = APPROVED + "checks: {smoke: {by: qa}}\n"
QA = "        approvals: {qa: 1}\n"


@pytest.mark.parametrize(
    ("before", "after", "sentences"),
    [
        ("title: Standard", "title: Other", ()),
        ("{starter: true}", "{group: leads}", ("The role captain: the group leads; before, the starter.",)),
        (
            "{users: [U0BEN, U0BEA]}",
            "{first_of: [U0BEN], admits: [guest, bot]}",
            (
                "The role pair: the first there of U0BEN and each guest of it and each bot of it; before, "
                "U0BEN, U0BEA.",
            ),
        ),
        (
            "{users: [U0BEN, U0BEA]}",
            "{rotation: {timezone: UTC, starting: 2026-01-05, people: [U0BEN]}}",
            ("The role pair: in turns U0BEN; before, U0BEN, U0BEA.",),
        ),
        (
            "  pair: {users",
            "  two: {users",
            ("The role two is new: U0BEN, U0BEA.", "The role pair is gone; it was U0BEN, U0BEA."),
        ),
        ("checks:", "duties: warn\nchecks:", ("Separation of duties: warn; before, strict.",)),
        ("checks:", "lead: qa\nchecks:", ("Who may lead: qa; before, any full member.",)),
        ("checks:", "overrides: pair\nchecks:", ("Who may override: pair; before, nobody.",)),
        (
            "checks:",
            "review: {always: true, role: qa}\nchecks:",
            ("The review: 2 qa within 1d after every release; before, 2 people within 1d after an override.",),
        ),
        ("{by: qa}", "{by: pair}", ("Who reports the check smoke: pair; before, qa.",)),
        (
            "{by: qa}",
            "{by: qa, each: true}",
            ("Who reports the check smoke: everybody in qa; before, qa.",),
        ),
        (
            "{smoke: {by: qa}}",
            "{load: {by: qa}}",
            ("The check load is new: qa reports it.", "The check smoke is gone; qa reported it."),
        ),
        (
            QA,
            "        needs: {any: [{qa: 2}, {pair: 1}]}\n",
            ("Needed at the gate QA of staging: 2 qa or 1 pair; before, 1 qa.",),
        ),
        (
            QA,
            f"{QA}        when: {{risk: [low, high], paths: db/}}\n",
            (
                "Asked at the gate QA of staging: releases with paths db/ and risk low or high; before, every "
                "release.",
            ),
        ),
        (
            QA,
            f"{QA}        expires: 4h\n",
            ("How long an approval counts at the gate QA of staging: 4h; before, to the end.",),
        ),
        ("- name: QA", "- name: Tests", (
            "The gate Tests of staging is new: 1 qa.", "The gate QA of staging is gone; it needed 1 qa."
        )),
        (
            "checks:",
            "  - {name: live, owner: qa, gates: [{name: Go, needs: {pair: 1}}]}\nchecks:",
            ("The stage live is new.", "The gate Go of live is new: 1 pair."),
        ),
        ("- name: staging", "- name: stage", (
            "The stage stage is new.", "The gate QA of stage is new: 1 qa.",
            "The stage staging is gone, with its gates.",
        )),
        (
            "checks:",
            "rollback: {gates: [{name: Go, needs: {pair: 1}}]}\nchecks:",
            ("The gate Go of rollback is new: 1 pair.",),
        ),
        (
            "    owner: captain\n",
            "    owner: captain\n    environment: live\n",
            ("The environment of staging: live; before, staging.",),
        ),
        (
            "    owner: captain\n",
            "    owner: captain\n    production: true\n    begin: captain\n",
            (
                "The go for staging: from the captain or captain, and it changes production; before, not asked, "
                "and it leaves production.",
            ),
        ),
        (
            "{smoke: {by: qa}}",
            "{smoke: {by: qa, fresh: 2h}}",
            ("How long the check smoke counts: 2h; before, to the end.",),
        ),
        (
            "{smoke: {by: qa}}",
            "{smoke: {read: {url: https://a.example/h, expect: 204}, every: 2m, soak: 1h}}",
            (
                "Who reports the check smoke: nobody; before, qa.",
                "Where the check smoke is read: https://a.example/h, expecting 204; before, nowhere.",
                "How often the check smoke is read: 2m; before, 1m.",
                "How long the check smoke soaks: 1h; before, not at all.",
            ),
        ),
        (
            "{smoke: {by: qa}}",
            "{smoke: {by: qa}, load: {by: qa, read: {prometheus: up, server: https://p.example, at_least: 1}}}",
            ("The check load is new: Rollcall (up at least 1, at https://p.example) or qa reports it.",),
        ),
        ("checks:", "reminders: {after: 2h}\noffers: 1h\nchecks:", ()),
        (QA, f"{QA}    steps: [do: Deploy]\n", ()),
    ],
)  # fmt: skip
def test_what_changes_in_who_may_say_go_is_said(
    before: str, after: str, sentences: tuple[str, ...], write: Write
) -> None:
    assert before in CHECKED
    was, now = read_runbook(write(CHECKED)), read_runbook(write(CHECKED.replace(before, after)))
    assert changes(was, now) == sentences


def test_a_change_that_its_words_do_not_show_is_said_all_the_same(write: Write) -> None:
    def owned(path: str) -> Runbook:
        return read_runbook(write(STAGE.replace("{group: qa}", f"{{codeowners: '{path} @dba'}}")))

    assert changes(owned("/db/"), owned("/sql/")) == (
        "The role qa: the owners of the changed paths, but not as before.",
    )


def test_all_of_a_gate_that_matters_for_who_may_say_go_is_compared() -> None:
    """Whoever gives a gate another field says here that it changes nobody's say, or compares it."""
    assert {*Gate.model_fields} == {"name", "needs", "when", "expires", "remind"}


def test_another_order_of_the_stages_is_said(write: Write) -> None:
    one, two = "  - {name: one, owner: qa}\n", "  - {name: two, owner: qa}\n"
    was, now = (read_runbook(write(HEAD + stages)) for stages in (one + two, two + one))
    assert changes(was, now) == ("The order of the stages: two, one; before, one, two.",)


def test_those_who_were_asked_on_the_way_back_or_for_a_check_sign_too(write: Write) -> None:
    back = "rollback: {gates: [{name: Back, needs: {pair: 1}}]}\n"
    before = read_runbook(write(STAGE + back))
    assert signing(before, read_runbook(write(STAGE))).stages[0].gates[0].roles == ("pair (as before)",)
    checked = GATE + "        needs: [{check: smoke}]\nchecks: {smoke: {by: qa}}\n"
    after = read_runbook(write(STAGE))
    assert signing(read_runbook(write(checked)), after).stages[0].gates[0].roles == ("qa (as before)",)


def test_a_need_is_said_in_words() -> None:
    qa, smoke = Seats(role="qa", count=1), CheckPassed(check="smoke")
    some = Of(count=2, parts=(qa, smoke, Of(parts=(qa, smoke))))
    need = Of(parts=(some, Of(parts=(qa,), when=When(risk=(Risk.HIGH,)))))
    assert said(need) == (
        "(2 of: 1 qa, the check smoke, (1 qa and the check smoke)) and 1 qa for releases with risk high"
    )


def test_those_who_were_asked_before_sign_the_change(write: Write) -> None:
    before = read_runbook(write(APPROVED.replace("{qa: 1}", "{qa: 2, pair: 1}")))
    after = read_runbook(write(APPROVED.replace("{group: qa}", "{group: interns}")))
    signed = signing(before, after)
    first, own = signed.stages[0].gates
    assert first == Gate(
        name="Who may approve",
        needs=Of(parts=(Seats(role="qa (as before)", count=1), Seats(role="pair (as before)", count=1))),
    )
    assert own == after.stages[0].gates[0]
    assert signed.roles == (
        *after.roles,
        Role(name="qa (as before)", group="qa"),
        Role(name="pair (as before)", users=("U0BEN", "U0BEA")),
    )


def test_nobody_signs_where_nothing_changed_or_nobody_was_asked(write: Write) -> None:
    asked, not_asked = read_runbook(write(APPROVED)), read_runbook(write(STAGE))
    other = read_runbook(write(APPROVED.replace("title: Standard", "title: Other")))
    assert signing(asked, other) is other
    assert signing(not_asked, asked) is asked


def test_who_may_not_approve_any_more_does_not_sign(write: Write) -> None:
    before = read_runbook(write(APPROVED.replace("{qa: 1}", "{captain: 1}") + "duties: off\n"))
    after = read_runbook(write(APPROVED))
    assert signing(before, after) is after


def test_one_person_in_two_roles_signs_once(write: Write) -> None:
    text = APPROVED.replace("{group: qa}", "{users: [U0BEN]}").replace("[U0BEN, U0BEA]", "[U0BEN]")
    text += "      - {name: Pair, approvals: {pair: 1}}\n"
    signed = signing(read_runbook(write(text)), read_runbook(write(STAGE)))
    assert signed.stages[0].gates[0].roles == ("qa (as before)",)


def test_the_runbooks_that_come_with_rollcall_are_signed_by_who_they_ask() -> None:
    checkout, payments = (read_runbook(SHIPPED / f"{name}.yaml") for name in ("checkout", "payments"))
    assert signing(checkout, payments).stages[0].gates[0].roles == (
        "qa (as before)",
        "security (as before)",
    )


@pytest.mark.proof
@settings(deadline=None, max_examples=30)
@given(runbooks(), runbooks())
def test_any_change_can_be_said_and_signed(before: Runbook, after: Runbook) -> None:
    assert changes(before, before) == ()
    sentences = changes(before, after)
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in sentences)
    assert signing(before, after).way_back == after.way_back
    assert signing(before, before) is before
