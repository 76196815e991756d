"""Changing what is in a release: who may, until when, whom it asks again, and whose word carries over."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from bot.release.command import Neighbours
from bot.release.gates.tree import GateStatus
from bot.release.ids import ReleaseKey, UserId
from bot.release.manifest import Manifest, Pull
from bot.release.outlook.why import Deed, why
from bot.release.people.handoff import Duty
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.stages.revision import AskedAgain, ManifestChanged
from bot.release.state import State
from bot.release.waiting import Awaited, waiting_on
from bot.runbook.gates.gate import Risk, When
from bot.runbook.model import Begin, Check, Rollback, Runbook, Stage
from bot.runbook.roles.role import Role
from tests.release.given import (
    EVERYBODY,
    NINE,
    PRODUCTION,
    Act,
    Person,
    ana,
    asks,
    bea,
    ben,
    beside,
    cleo,
    completed,
    dan,
    dee,
    eli,
    events,
    gate,
    gated,
    gus,
    in_production,
    later,
    meanwhile,
    names,
    play,
    ready,
    refusal,
    runbook,
    shown,
    start,
    started,
    started_with,
    steps,
    unread,
)

FIRST = Manifest(
    authors=(gus.id,), paths=("db/a", "web/a"), digests=(("db/a", "0db0a00"), ("web/a", "0eb0a00"))
)
OTHER_WEB = replace(FIRST, paths=("db/a", "web/b"), digests=(("db/a", "0db0a00"), ("web/b", "0eb0b00")))
OTHER_DB = replace(FIRST, paths=("db/b", "web/a"), digests=(("db/b", "0db0b00"), ("web/a", "0eb0a00")))
DB = When(paths=("db/**",))


def both(*more: object) -> Runbook:
    """Return a runbook with a gate for what is below `db`, and one for everything."""
    return gated(asks("DB", security=1, when=DB), asks("QA", qa=2), begin=Begin.CAPTAIN)


def approved() -> Release:
    """Return a release that everybody has approved who was asked."""
    release = started_with(start(manifest=FIRST), both())
    return play(release, cleo.approves("DB"), ben.approves("QA"), bea.approves("QA"))


def asked_again(release: Release, act: Act) -> dict[str, str]:
    """Return whom a change asks again, and why."""
    changed = next(event for event in events(release, act) if isinstance(event, ManifestChanged))
    return {one.person: one.because for one in changed.asked_again}


def test_a_change_is_kept_with_whom_it_asks_again() -> None:
    made = events(approved(), ana.changes("1.4.1", OTHER_DB))
    assert made[0] == ManifestChanged(
        at=NINE,
        by=ana.id,
        version="1.4.1",
        manifest=OTHER_DB,
        asked_again=(
            AskedAgain(
                stage=0,
                gate="DB",
                person=cleo.id,
                because="it was for 1.4.0; since then db/a and 1 more have changed",
            ),
            AskedAgain(
                stage=0,
                gate="QA",
                person=ben.id,
                because="it was for 1.4.0; since then db/a and 1 more have changed",
            ),
            AskedAgain(
                stage=0,
                gate="QA",
                person=bea.id,
                because="it was for 1.4.0; since then db/a and 1 more have changed",
            ),
        ),
    )


def test_what_was_approved_for_something_else_does_not_count() -> None:
    release = play(approved(), ana.changes("1.4.1", OTHER_DB))
    assert (release.version, release.manifest) == ("1.4.1", OTHER_DB)
    assert release.state is State.AWAITING_APPROVAL
    assert gate(release, "QA").asked == (bea.id, ben.id, eli.id)
    assert play(release, ben.approves("QA")).votes[-1].version == "1.4.1"


def test_who_is_asked_about_other_paths_is_not_asked_again() -> None:
    release = play(approved(), ana.changes("1.4.1", OTHER_WEB))
    assert asked_again(approved(), ana.changes("1.4.1", OTHER_WEB)).keys() == {ben.id, bea.id}
    assert [(vote.by, vote.version, vote.carried) for vote in release.votes] == [(cleo.id, "1.4.0", "1.4.1")]
    assert gate(release, "DB").status is GateStatus.MET


def test_one_path_more_or_less_is_a_change_of_it() -> None:
    more = replace(
        FIRST,
        paths=("db/a", "db/c", "web/a"),
        digests=(*FIRST.digests[:1], ("db/c", "0db0c00"), *FIRST.digests[1:]),
    )
    assert asked_again(approved(), ana.changes("1.4.1", more)) == snapshot(
        {
            "cleo": "it was for 1.4.0; since then db/c has changed",
            "ben": "it was for 1.4.0; since then db/c has changed",
            "bea": "it was for 1.4.0; since then db/c has changed",
        }
    )
    less = replace(FIRST, paths=("db/a",), digests=FIRST.digests[:1])
    assert asked_again(approved(), ana.changes("1.4.1", less)) == snapshot(
        {
            "ben": "it was for 1.4.0; since then web/a has changed",
            "bea": "it was for 1.4.0; since then web/a has changed",
        }
    )


def test_another_version_of_the_same_paths_asks_everybody_again() -> None:
    assert asked_again(approved(), ana.changes("1.4.1")) == snapshot(
        {
            "cleo": "it was for 1.4.0; since then what goes out has changed, and nothing tells where",
            "ben": "it was for 1.4.0; since then what goes out has changed, and nothing tells where",
            "bea": "it was for 1.4.0; since then what goes out has changed, and nothing tells where",
        }
    )


def test_a_path_whose_hash_has_changed_asks_those_whom_it_concerns() -> None:
    """The same paths are listed: the hashes alone tell which has changed."""
    web = replace(FIRST, digests=(("db/a", "0db0a00"), ("web/a", "0eb0a01")))
    assert asked_again(approved(), ana.changes("1.4.1", web)).keys() == {ben.id, bea.id}
    assert asked_again(approved(), ana.changes("1.4.0", web)).keys() == {ben.id, bea.id}
    db = replace(FIRST, digests=(("db/a", "0db0a01"), ("web/a", "0eb0a00")))
    assert asked_again(approved(), ana.changes("1.4.1", db))[cleo.id] == snapshot(
        "it was for 1.4.0; since then db/a has changed"
    )


def test_a_path_whose_hash_is_not_known_may_have_changed_in_another_version() -> None:
    """Who approved what is below db is asked again, though only what is below web is known to be different."""
    unknown = replace(OTHER_WEB, digests=())
    assert asked_again(approved(), ana.changes("1.4.1", unknown)).keys() == {cleo.id, ben.id, bea.id}
    once = started_with(start(manifest=replace(FIRST, digests=())), both())
    once = play(once, cleo.approves("DB"), ben.approves("QA"))
    assert asked_again(once, ana.changes("1.4.1", unknown)).keys() == {cleo.id, ben.id}
    assert asked_again(once, ana.changes("1.4.1", OTHER_WEB)).keys() == {cleo.id, ben.id}
    assert asked_again(once, ana.changes("1.4.0", unknown)).keys() == {ben.id}


def test_another_risk_asks_everybody_again() -> None:
    risky = replace(OTHER_WEB, risk=Risk.HIGH)
    assert asked_again(approved(), ana.changes("1.4.1", risky)) == snapshot(
        {
            "cleo": "it was for 1.4.0; since then the risk has become high",
            "ben": "it was for 1.4.0; since then the risk has become high",
            "bea": "it was for 1.4.0; since then the risk has become high",
        }
    )


@pytest.mark.parametrize(
    "manifest",
    [
        replace(FIRST, authors=(gus.id, dan.id)),
        replace(FIRST, reviewers=(gus.id,)),
        replace(FIRST, labels=("money",)),
    ],
    ids=["authors", "reviewers", "labels"],
)
def test_what_else_has_changed_asks_everybody_again_where_no_path_tells(manifest: Manifest) -> None:
    assert asked_again(approved(), ana.changes("1.4.0", manifest)).keys() == {cleo.id, ben.id, bea.id}


def test_what_it_was_for_is_the_version_that_it_was_carried_over_to() -> None:
    release = play(approved(), ana.changes("1.4.1", OTHER_WEB))
    again = ana.changes("1.4.2", replace(OTHER_WEB, paths=("db/b", "web/b"), digests=()))
    assert asked_again(release, again)[cleo.id] == snapshot(
        "it was for 1.4.1; since then db/a and 1 more have changed"
    )


def test_who_owns_none_of_the_changed_paths_is_not_asked_again() -> None:
    ben_, bea_ = Person(UserId("U0BEN")), Person(UserId("U0BEA"))
    owners = Role(name="owners", codeowners="/db/ @U0BEN\n/web/ @U0BEA\n")
    book = gated(asks("Owners", owners=2), begin=Begin.CAPTAIN, roles=(owners,))
    members = {**EVERYBODY, "owners": (bea_.id, ben_.id)}
    release = started_with(start(manifest=FIRST), book, members)
    release = play(release, ben_.approves("Owners"), bea_.approves("Owners"))
    assert release.state is State.READY
    assert asked_again(release, ana.changes("1.4.1", OTHER_WEB)).keys() == {bea_.id}
    assert asked_again(release, ana.changes("1.4.1", OTHER_DB)).keys() == {ben_.id}


def test_who_owns_a_path_as_one_of_a_group_is_asked_again() -> None:
    """Who was in the group when a person approved is not known for each path."""
    owners = Role(name="owners", codeowners="/db/ @acme/qa\n/web/ @acme/security\n")
    book = gated(asks("Owners", owners=2), begin=Begin.CAPTAIN, roles=(owners,))
    release = started_with(start(manifest=FIRST), book)
    release = play(release, ben.approves("Owners"), cleo.approves("Owners"))
    assert asked_again(release, ana.changes("1.4.1", OTHER_WEB)).keys() == {ben.id, cleo.id}


def test_who_owns_a_path_with_others_is_asked_again() -> None:
    eli_ = Person(UserId("U0ELI"))
    owners = Role(name="owners", codeowners="/web/ @U0ELI @U0DAN\n")
    book = gated(asks("Owners", owners=1), begin=Begin.CAPTAIN, roles=(owners,))
    members = {**EVERYBODY, "owners": (eli_.id, UserId("U0DAN"))}
    release = play(started_with(start(manifest=FIRST), book, members), eli_.approves("Owners"))
    assert asked_again(release, ana.changes("1.4.1", OTHER_WEB)).keys() == {eli_.id}


def test_who_approves_as_somebody_else_too_is_asked_again_of_everything() -> None:
    eli_ = Person(UserId("U0ELI"))
    owners = Role(name="owners", codeowners="/db/ @U0ELI\n")
    book = gated(asks("Both", owners=1, qa=1), begin=Begin.CAPTAIN, roles=(owners,))
    members = {**EVERYBODY, "owners": (eli_.id,), "qa": (ben.id, eli_.id)}
    release = play(started_with(start(manifest=FIRST), book, members), eli_.approves("Both"))
    assert asked_again(release, ana.changes("1.4.1", OTHER_WEB)).keys() == {eli_.id}


def test_a_rejection_and_an_abstention_stay() -> None:
    release = play(started_with(start(manifest=FIRST), both()), ben.rejects("QA"), bea.abstains("QA"))
    assert asked_again(release, ana.changes("1.4.1", OTHER_DB)) == {}
    changed = play(release, ana.changes("1.4.1", OTHER_DB))
    assert gate(changed, "QA").status is GateStatus.REJECTED
    assert [vote.by for vote in gate(changed, "QA").abstained] == [bea.id]


def test_a_rejection_stays_also_when_its_giver_has_become_an_author() -> None:
    release = play(started_with(start(manifest=FIRST), both()), ben.rejects("QA"))
    changed = play(release, ana.changes("1.4.1", replace(OTHER_DB, authors=(ben.id,))))
    assert gate(changed, "QA").status is GateStatus.REJECTED


def test_after_a_change_each_step_is_at_its_first_attempt_again() -> None:
    release = play(ready(), ana.begins(), ben.fails("Tag the commit"), ben.retries("Tag the commit"))
    changed = play(release, ana.changes("1.4.1"), ben.approves("QA"), bea.approves("QA"))
    begun = play(changed, cleo.approves("Security"), ana.begins())
    assert names(begun, ben.finishes("Tag the commit", attempt=1))[0] == "StepDone"


def test_a_change_leads_back_to_the_first_stage() -> None:
    release = play(ready(), ana.begins(), later(ben.finishes("Tag the commit"), hours=1))
    assert release.stage == 1
    changed = play(release, later(ana.changes("1.4.1"), hours=1))
    assert (changed.state, changed.stage, changed.opened) == (State.AWAITING_APPROVAL, 0, {0: changed.at})
    assert (dict(changed.began), changed.done, changed.reminders) == ({}, (), ())
    assert changed.since == changed.at


BEFORE_PRODUCTION: dict[str, Callable[[], Release]] = {
    "awaiting approval": started,
    "ready": ready,
    "in progress": lambda: play(ready(), ana.begins()),
    "failed": lambda: play(ready(), ana.begins(), ben.fails("Tag the commit")),
}


@pytest.mark.parametrize("release", BEFORE_PRODUCTION.values(), ids=BEFORE_PRODUCTION)
def test_a_release_is_changed_in_every_state_before_production(release: Callable[[], Release]) -> None:
    changed = play(release(), ana.changes("1.4.1"))
    assert (changed.version, changed.state, changed.failure) == ("1.4.1", State.AWAITING_APPROVAL, None)


def test_what_carries_over_lets_a_stage_begin_at_once() -> None:
    book = gated(asks("DB", security=1, when=DB))
    release = play(started_with(start(manifest=FIRST), book), ana.holds(), cleo.approves("DB"))
    assert names(release, ana.changes("1.4.1", OTHER_WEB)) == ["ManifestChanged", "GatesMet"]
    changed = play(release, ana.changes("1.4.1", OTHER_WEB))
    assert names(changed, ana.lifts()) == ["HoldLifted", "StageBegan"]


def test_a_gate_that_is_needed_only_now_is_waited_for() -> None:
    book = gated(asks("DB", security=1, when=DB), asks("QA", qa=1), begin=Begin.CAPTAIN)
    release = started_with(start(manifest=Manifest(paths=("web/a",))), book)
    assert gate(release, "DB").status is GateStatus.NOT_NEEDED
    release = play(release, ana.changes("1.4.1", FIRST))
    assert gate(release, "DB").status is GateStatus.WAITING


def test_people_who_follow_from_the_manifest_are_read_at_once() -> None:
    reviewers = Role(name="reviewers", reviewers=True)
    book = gated(asks("DB", reviewers=1, when=DB), asks("QA", qa=1), roles=(reviewers,))
    release = started_with(start(manifest=replace(FIRST, reviewers=(ben.id,))), book)
    release = play(release, ben.approves("DB"))
    act = ana.changes("1.4.1", replace(OTHER_WEB, reviewers=(cleo.id,)))
    assert names(release, act) == ["ManifestChanged", "MembersRead"]
    changed = play(release, act)
    assert changed.members["reviewers"] == (cleo.id,)
    assert gate(changed, "DB").status is GateStatus.WAITING


def test_a_stage_does_not_begin_on_what_carries_over_while_people_cannot_be_read() -> None:
    book = gated(asks("DB", security=1, when=DB))
    release = play(started_with(start(manifest=FIRST), book), ana.holds(), cleo.approves("DB"), ana.lifts())
    assert release.state is State.IN_PROGRESS
    waiting = play(started_with(start(manifest=FIRST), book), ana.holds(), cleo.approves("DB"))
    assert names(waiting, unread("security", ana.lifts())) == ["HoldLifted"]


@pytest.mark.parametrize(
    "release",
    [in_production, lambda: play(in_production(), dan.fails("Deploy"))],
    ids=["in progress", "failed"],
)
def test_what_has_touched_production_is_not_changed(release: Callable[[], Release]) -> None:
    assert refusal(release(), ana.changes("1.4.1")) == snapshot(
        Refused(
            code=Code.PRODUCTION_TOUCHED,
            because="checkout-1 has begun production, so production may be changed already, and what was approved is what went there.",
            instead="Bring its steps to an end, or roll it back.",
        )
    )


def test_what_waits_for_a_stage_after_production_is_not_changed() -> None:
    canary = Stage(name="Canary", owner="qa", production=True, steps=steps("Deploy to one"))
    rest = Stage(name="All", owner="qa", gates=(asks("All", qa=1),), steps=steps("Deploy to all"))
    release = play(started(runbook(canary, rest)), ben.finishes("Deploy to one"))
    assert refusal(release, ana.changes("1.4.1")).code is Code.PRODUCTION_TOUCHED


def test_what_is_rolled_back_is_not_changed() -> None:
    back = Rollback(gates=(asks("Back", qa=1),))
    release = play(started(gated(rollback=back)), ana.rolls_back())
    assert refusal(release, ana.changes("1.4.1")).because == snapshot(
        "checkout-1 has begun production, so production may be changed already, and it is rolled back."
    )


def test_what_has_ended_is_not_changed() -> None:
    assert refusal(completed(), ana.changes("1.4.1")).code is Code.ENDED


def test_the_same_manifest_is_no_change() -> None:
    assert refusal(approved(), ana.changes("1.4.0", FIRST)) == snapshot(
        Refused(code=Code.MANIFEST_SAME, because="checkout-1 is 1.4.0 with just this manifest already.")
    )


@pytest.mark.parametrize("person", [ben, dan, gus])
def test_nobody_but_who_leads_or_started_changes_what_goes_out(person: Person) -> None:
    assert refusal(approved(), person.changes("1.4.1")) == snapshot(
        Refused(
            code=Code.NOT_YOURS,
            because="Changing what goes out is for the captain or deputy, or whoever started it.",
            ask=(ana.id,),
        )
    )


def test_who_started_it_changes_it_also_when_another_leads() -> None:
    release = play(approved(), ana.offers(dan), dan.accepts())
    assert play(release, ana.changes("1.4.1")).version == "1.4.1"
    assert play(release, dan.changes("1.4.1")).version == "1.4.1"
    deputy = play(approved(), ana.offers(dee, Duty.DEPUTY), dee.accepts(Duty.DEPUTY))
    assert play(deputy, dee.changes("1.4.1")).version == "1.4.1"


def test_a_version_and_a_manifest_that_cannot_be_held_are_refused() -> None:
    assert refusal(approved(), ana.changes("*")).code is Code.VERSION_INVALID
    odd = Manifest(paths=("a\nb",))
    assert refusal(approved(), ana.changes("1.4.1", odd)).code is Code.MANIFEST_INVALID


@pytest.mark.parametrize(
    "digests",
    [(("db/b", "0db0b00"),), (("db/a", "0db"),), (("db/a", "latest!"),)],
    ids=["of another", "short", "none"],
)
def test_a_hash_that_is_none_or_of_nothing_listed_is_refused(digests: tuple[tuple[str, str], ...]) -> None:
    refused = refusal(approved(), ana.changes("1.4.1", replace(FIRST, digests=digests)))
    assert refused.code is Code.MANIFEST_INVALID
    assert refused.because == f"What it says of {digests[0][0]!r} is no hash of a path that it lists."
    far = replace(FIRST, digests=(("p" * 400, "0db0b00"),))
    assert f" '{'p' * 40}' " in refusal(approved(), ana.changes("1.4.1", far)).because


def test_every_change_is_kept() -> None:
    release = play(approved(), ana.changes("1.4.1", OTHER_DB), ana.changes("1.4.2", OTHER_WEB))
    assert [change.version for change in release.revisions] == ["1.4.1", "1.4.2"]


def test_a_change_back_to_what_was_does_not_bring_approvals_back() -> None:
    release = play(approved(), ana.changes("1.4.1", OTHER_DB), ana.changes("1.4.0", FIRST))
    assert release.votes == ()
    assert release.bound == approved().bound


def test_who_has_left_the_role_before_is_taken_in_first() -> None:
    act = meanwhile(ben.leaves("qa"), ana.changes("1.4.1", OTHER_WEB))
    assert names(approved(), act)[:2] == ["MembersRead", "ManifestChanged"]


def test_a_vote_for_a_later_stage_carries_over_to_it() -> None:
    book = runbook(
        Stage(name="Check", owner="qa", steps=steps("Tag")),
        Stage(
            name="Live",
            owner="qa",
            gates=(asks("DB", security=1, when=DB), asks("QA", qa=1)),
            steps=steps("Go"),
        ),
    )
    release = play(started_with(start(manifest=FIRST), book), ben.finishes("Tag"), cleo.approves("DB"))
    release = play(release, ana.changes("1.4.1", OTHER_WEB))
    assert (release.stage, release.state) == (0, State.IN_PROGRESS)
    release = play(release, ben.finishes("Tag"))
    assert gate(release, "DB").status is GateStatus.MET
    assert play(release, ben.approves("QA")).state is State.IN_PROGRESS


ABOUT_WHAT_GOES_OUT: tuple[tuple[Release, Act], ...] = (
    (started(), ben.approves("QA")),
    (started(), ben.rejects("QA")),
    (started(gated(asks("Go", qa=1), overrides="security")), cleo.overrides("Go")),
    (started(gated(checks=(Check(name="load", by="qa"),), begin=Begin.CAPTAIN)), ben.reports("load")),
    (started(gated(begin=Begin.CAPTAIN)), ana.begins()),
    (started(runbook(Stage(name="First", owner="qa", steps=steps("Tag")), PRODUCTION)), ben.finishes("Tag")),
    (started(), ana.changes("2.0.1")),
)


@pytest.mark.parametrize(("release", "act"), ABOUT_WHAT_GOES_OUT)
def test_what_was_shown_before_a_change_is_not_taken_for_what_goes_out_now(
    release: Release, act: Act
) -> None:
    changed = play(release, ana.changes("2.0.0"))
    assert refusal(changed, shown(release, act)) == Refused(
        code=Code.STALE,
        because="What checkout-1 is to release has changed since this was shown to you.",
        instead="Look at its newest messages, and answer to what goes out now.",
    )
    assert play(changed, shown(changed, act)) == play(changed, act)


def test_what_goes_out_again_as_it_was_shown_is_what_was_shown() -> None:
    first = started()
    again = play(first, ana.changes("2.0.0"), ana.changes("1.4.0"))
    assert play(again, shown(first, ben.approves("QA"))).vote(0, "QA", ben.id) is not None


def test_a_gate_that_is_not_needed_any_more_still_stops_what_was_rejected_there() -> None:
    labelled = Manifest(labels=("db",))
    book = gated(asks("DB", when=When(labels=("db",)), security=1), asks("G", qa=1))
    release = play(started_with(start(manifest=labelled), book), cleo.rejects("DB"))
    release = play(release, ana.changes("1.4.0", Manifest()), ben.approves("G"))
    assert release.state is State.AWAITING_APPROVAL
    assert [(w.kind, w.on) for w in waiting_on(release)] == [(Awaited.REJECTION, (cleo.id, ana.id))]
    assert [(act.deed, act.on) for act in why(release).acts] == [(Deed.WITHDRAW, (cleo.id, ana.id))]
    for act in (cleo.withdraws("DB"), ana.settles("DB", cleo)):
        assert play(release, act).state is State.IN_PROGRESS


def test_other_labels_ask_everybody_again_whatever_paths_there_are_beside() -> None:
    book = gated(asks("DB", when=DB, security=1), asks("Rest", qa=1))
    release = play(started_with(start(manifest=FIRST), book), cleo.approves("DB"))
    beside = replace(FIRST, labels=("irreversible",), paths=(*FIRST.paths, "z"))
    assert play(release, ana.changes("1.4.0", beside)).votes == ()


def test_a_gate_that_is_not_needed_any_more_is_not_kept_open_by_who_abstained() -> None:
    book = gated(asks("DB", when=When(labels=("db",)), security=1), asks("G", qa=1))
    release = play(started_with(start(manifest=Manifest(labels=("db",))), book), cleo.abstains("DB"))
    changed = play(release, ana.changes("1.4.0", Manifest()))
    assert gate(changed, "DB").status is GateStatus.NOT_NEEDED


def test_what_is_only_told_anew_of_the_same_is_no_change() -> None:
    release = play(started(), ben.approves("QA"))
    pull = Pull(number=7, title="Search", link="https://x.example/7")
    told = replace(release.manifest, pulls=(pull,), tickets=("SHOP-1",), untold="why")
    assert refusal(release, ana.changes(release.version, told)).code is Code.MANIFEST_SAME
    assert (
        names(release, ana.changes(release.version, replace(told, commit="abc1234")))[0] == "ManifestChanged"
    )


def test_what_was_released_already_does_not_go_out_once_more() -> None:
    released = beside(ana.changes("1.3.0"), Neighbours(released_as=ReleaseKey("checkout-0")))
    assert refusal(started(), released) == snapshot(
        Refused(
            code=Code.ALREADY_RELEASED,
            because="checkout 1.3.0 was released as checkout-0.",
            instead="Name the version that is new, or cancel the release.",
        )
    )
