"""A runbook in which others may say go than before: those before sign the change at the first gate."""

from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from bot.release.decide import decide_start, fold
from bot.release.gates.tree import GateStatus
from bot.release.ids import UserId
from bot.release.manifest import Manifest
from bot.release.people.directory import Directory
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.stages.start import Start, Started
from bot.release.state import State
from bot.runbook.gates.gate import When
from bot.runbook.model import Rollback, Runbook
from bot.runbook.roles.role import Duties
from tests.release.given import (
    CHECK,
    EVERYBODY,
    PRODUCTION,
    ana,
    asks,
    bea,
    ben,
    cleo,
    dan,
    eli,
    gate,
    gated,
    names,
    play,
    refusal,
    runbook,
    start,
    start_facts,
    steps,
    town,
)

SIGNING = "Who may approve"
BEFORE = gated(asks("QA", qa=2), asks("Go", security=1))
AFTER = gated(asks("QA", qa=1))


def begun(
    after: Runbook, before: Runbook | None, command: Start | None = None, directory: Directory | None = None
) -> Started:
    """Return how a release starts by a runbook, where the service was released by another before."""
    decision = decide_start(command or start(), start_facts(after, signed=before, directory=directory))
    assert not isinstance(decision, Refused), decision
    first = decision[0]
    assert isinstance(first, Started)
    return first


def release_after(after: Runbook, before: Runbook | None = BEFORE, command: Start | None = None) -> Release:
    decision = decide_start(command or start(), start_facts(after, signed=before))
    assert not isinstance(decision, Refused), decision
    return fold(decision)


def test_a_release_says_what_is_different_in_who_may_say_go() -> None:
    assert begun(AFTER, BEFORE).policy == snapshot(
        (
            "The gate Go of Only is gone; it needed 1 security.",
            "Needed at the gate QA of Only: 1 qa; before, 2 qa.",
        )
    )
    assert begun(AFTER, BEFORE).before == BEFORE


def test_the_change_is_signed_by_one_of_each_role_that_was_asked_before() -> None:
    release = release_after(AFTER)
    assert [(seat.role, seat.filled) for seat in gate(release, SIGNING).seats] == snapshot(
        [("qa (as before)", None), ("security (as before)", None)]
    )
    assert gate(release, SIGNING).asked == (bea.id, ben.id, eli.id, cleo.id)


def test_no_stage_begins_before_the_change_is_signed() -> None:
    release = play(release_after(AFTER), bea.approves("QA"))
    assert gate(release, "QA").status is GateStatus.MET
    assert release.state is State.AWAITING_APPROVAL
    assert not release.signed
    release = play(release, ben.approves(SIGNING), cleo.approves(SIGNING))
    assert release.state is State.IN_PROGRESS
    assert release.signed


def test_those_whom_the_new_runbook_asks_do_not_sign_it() -> None:
    after = gated(asks("Go", on_call=1))
    release = release_after(after, gated(asks("Go", security=1)))
    assert refusal(release, dan.approves(SIGNING)).code is Code.NOT_YOURS
    assert refusal(release, ana.approves(SIGNING)).code is Code.YOUR_OWN_RELEASE


def test_a_rejected_change_keeps_the_release() -> None:
    release = play(release_after(AFTER), bea.approves("QA"), ben.rejects(SIGNING, "Two people, please."))
    assert gate(release, SIGNING).status is GateStatus.REJECTED


def test_the_runbook_of_the_file_is_kept_beside_the_one_that_is_played() -> None:
    release = release_after(AFTER)
    assert release.filed == AFTER
    assert release.runbook != AFTER
    assert begun(AFTER, BEFORE).runbook_hash == AFTER.content_hash


def test_a_runbook_in_which_the_same_people_say_go_needs_no_signature() -> None:
    other = BEFORE.model_copy(update={"title": "Another title"})
    for before in (BEFORE, other, None):
        assert begun(BEFORE, before).policy == ()
        assert release_after(BEFORE, before).runbook == BEFORE
        assert release_after(BEFORE, before).signed
    work = CHECK.model_copy(update={"steps": steps("Tag", "Push")})
    assert begun(runbook(work, PRODUCTION), runbook()).policy == ()


def test_every_way_to_change_who_may_say_go_is_said() -> None:
    base = runbook(CHECK, PRODUCTION)
    live = PRODUCTION.model_copy(
        update={"gates": (asks("Go", on_call=1, qa=1, when=When(labels=("money",))),)}
    )
    changed = (
        runbook(CHECK, PRODUCTION, duties=Duties.WARN),
        runbook(CHECK, PRODUCTION, overrides="captain"),
        runbook(CHECK, PRODUCTION, lead="captain"),
        runbook(CHECK, live),
        runbook(CHECK, PRODUCTION, rollback=Rollback(gates=(asks("Back", qa=1),))),
        runbook(PRODUCTION),
    )
    assert [begun(after, base).policy for after in changed] == snapshot(
        [
            ("Separation of duties: warn; before, strict.",),
            ("Who may override: captain; before, nobody.",),
            ("Who may lead: captain; before, any full member.",),
            ("Asked at the gate Go of Production: releases with labels money; before, every release.",),
            ("The gate Back of rollback is new: 1 qa.",),
            ("The stage Check is gone, with its gates.",),
        ]
    )


def test_the_first_release_of_another_kind_says_what_is_different_in_it() -> None:
    hotfix = gated(asks("QA", qa=1), kind="hotfix", kinds=("normal", "hotfix"))
    first = begun(hotfix, BEFORE, start(kind="hotfix"))
    assert first.policy == snapshot(
        (
            "The gate Go of Only is gone; it needed 1 security.",
            "Needed at the gate QA of Only: 1 qa; before, 2 qa.",
        )
    )
    assert SIGNING in [gate.name for gate in first.release().runbook.stages[0].gates]


def test_a_release_does_not_start_while_those_who_sign_cannot_be_read() -> None:
    groups = {role: people for role, people in EVERYBODY.items() if role != "legal"}
    before = gated(asks("Go", security=1))
    renamed = before.model_copy(
        update={
            "roles": tuple(
                r.model_copy(update={"group": "legal"}) if r.name == "security" else r for r in before.roles
            )
        }
    )
    facts = start_facts(AFTER, signed=renamed, directory=replace(town(), groups=groups))
    decision = decide_start(start(), facts)
    assert decision == snapshot(
        Refused(
            code=Code.CANNOT_READ_PEOPLE,
            because="Slack has no user group “legal”, to which the runbook binds security (as before), and what is not there counts as no.",
            instead="Create it in Slack, or mend the runbook and start anew.",
        )
    )


def test_a_change_that_nobody_could_sign_does_not_start() -> None:
    facts = start_facts(AFTER, {**EVERYBODY, "security": ()}, signed=BEFORE)
    assert decide_start(start(), facts) == snapshot(
        Refused(
            code=Code.NOT_ENOUGH_PEOPLE,
            because="The gate Who may approve of Only could never be met: there are too few people in security (as before).",
            instead="Let somebody else start it, or add people to the role.",
        )
    )


def test_a_release_whose_manifest_changes_is_signed_anew() -> None:
    release = play(release_after(AFTER), ana.holds(), ben.approves(SIGNING), cleo.approves(SIGNING))
    changed = play(release, ana.changes("1.4.1"))
    assert gate(changed, SIGNING).status is GateStatus.WAITING


@pytest.mark.parametrize("duties", [Duties.WARN, Duties.OFF])
def test_who_starts_it_does_not_sign_that_starters_are_kept_apart_no_more(duties: Duties) -> None:
    before, after = gated(asks("Go", qa=1)), gated(asks("Go", qa=1), duties=duties)
    release = release_after(after, before, start(by=ben, manifest=Manifest(authors=(bea.id,))))
    assert gate(release, SIGNING).asked == (eli.id,)
    assert refusal(release, ben.approves(SIGNING)).code is Code.YOUR_OWN_RELEASE
    assert refusal(release, bea.approves(SIGNING)).code is Code.YOUR_OWN_RELEASE
    assert names(release, ben.approves("Go")) == ["Approved"]
    assert play(release, ben.approves("Go"), eli.approves(SIGNING)).state is State.IN_PROGRESS


def test_who_signed_and_becomes_an_author_is_set_aside_though_duties_are_off_now() -> None:
    before, after = gated(asks("Go", qa=1)), gated(asks("Go", qa=1), duties=Duties.OFF)
    release = play(release_after(after, before), ana.holds(), ben.approves(SIGNING), ben.approves("Go"))
    changed = play(release, ana.changes("1.4.0", Manifest(authors=(ben.id,), paths=("a",))))
    assert [(it.vote.by, it.because) for it in gate(changed, SIGNING).set_aside] == [
        (ben.id, "they wrote some of the changes")
    ]


def test_who_starts_it_signs_only_where_neither_runbook_keeps_starters_apart() -> None:
    before, after = gated(asks("Go", qa=1), duties=Duties.OFF), gated(asks("Go", qa=1))
    release = release_after(after, before, start(by=ben))
    assert refusal(release, ben.approves(SIGNING)).code is Code.YOUR_OWN_RELEASE
    still_off = gated(asks("Go", qa=2), duties=Duties.OFF)
    assert names(release_after(still_off, before, start(by=ben)), ben.approves(SIGNING)) == ["Approved"]


def test_a_change_of_who_may_override_is_not_signed_by_overriding_it() -> None:
    release = release_after(gated(asks("Go", qa=1), overrides="on-call"), gated(asks("Go", qa=1)))
    assert refusal(release, dan.overrides(SIGNING)) == snapshot(
        Refused(
            code=Code.NOT_YOURS,
            because="Who may approve has changed, and nobody passes that by: it is signed by those who could approve before.",
            instead="Let them sign, or put the runbook back as it was and start again.",
            ask=(
                UserId("bea"),
                UserId("ben"),
                UserId("eli"),
            ),
        )
    )
    overridden = play(release, dan.overrides("Go"))
    assert overridden.state is State.AWAITING_APPROVAL
    assert play(overridden, ben.approves(SIGNING)).state is State.IN_PROGRESS
