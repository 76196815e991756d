"""Starting a release, and what stands against it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from inline_snapshot import snapshot

from bot.release.decide import decide_start, fold
from bot.release.ids import ROLLCALL, ChannelId, ReleaseKey, UserId
from bot.release.manifest import Manifest
from bot.release.people.directory import Away, Directory
from bot.release.refusal import Code, Refused
from bot.release.stages.start import Locked, Start, StartFacts
from bot.release.state import State
from bot.runbook.gates.gate import CheckPassed, Of, Risk, Seats, When
from bot.runbook.model import Begin, Check, Rollback, Runbook, Stage
from bot.runbook.roles.role import Role, Standing
from tests.release.given import (
    CHECK,
    EVERYBODY,
    NINE,
    ana,
    asks,
    away,
    bea,
    ben,
    cleo,
    dan,
    dee,
    eli,
    gated,
    gus,
    needs,
    play,
    refusal,
    runbook,
    standing,
    start,
    start_facts,
    started,
    started_with,
    steps,
    town,
)

UNKNOWN = replace(start_facts(), runbook=None)


def refused(command: Start, facts: StartFacts) -> Refused:
    decision = decide_start(command, facts)
    assert isinstance(decision, Refused)
    return decision


def test_a_release_starts_with_what_was_asked_for() -> None:
    release = started()
    assert (release.key, release.service, release.version) == ("checkout-1", "checkout", "1.4.0")
    assert (release.starter, release.captain, release.channel) == (ana.id, ana.id, ChannelId("releases"))
    assert (release.state, release.stage, release.opened) == (State.AWAITING_APPROVAL, 0, {0: NINE})
    assert release.members == EVERYBODY
    assert release.id == ("acme", "checkout-1")


def test_a_release_takes_the_next_number_of_its_service() -> None:
    decision = decide_start(start(), replace(start_facts(), number=42))
    assert not isinstance(decision, Refused)
    assert fold(decision).key == "checkout-42"


def test_a_release_pins_the_runbook_with_which_it_started() -> None:
    decision = decide_start(start(), start_facts())
    assert not isinstance(decision, Refused)
    assert decision[0].runbook_hash == runbook().content_hash  # type: ignore[attr-defined]


def test_a_release_of_stages_that_ask_for_nothing_completes_at_once() -> None:
    book = runbook(Stage(name="Build", owner="qa"), Stage(name="Deploy", owner="qa"))
    assert started(book).state is State.COMPLETED


def test_a_release_without_gates_waits_for_its_first_step() -> None:
    book = runbook(Stage(name="Build", owner="qa", steps=steps("Tag")))
    assert started(book).state is State.IN_PROGRESS


def test_a_release_without_gates_waits_for_the_go_where_the_stage_asks_for_it() -> None:
    book = runbook(Stage(name="Build", owner="qa", begin=Begin.CAPTAIN, steps=steps("Tag")))
    assert started(book).state is State.READY


def test_an_unknown_service_is_guessed() -> None:
    assert refused(start(service="chekout"), UNKNOWN) == snapshot(
        Refused(
            code=Code.UNKNOWN_SERVICE,
            because="No runbook names a service chekout.",
            instead="Did you mean checkout?",
        )
    )


def test_an_unknown_service_that_is_like_none_is_answered_with_the_list() -> None:
    assert refused(start(service="zzz"), UNKNOWN).instead == snapshot("Services: checkout, search.")
    nothing = replace(UNKNOWN, services=())
    assert refused(start(service="zzz"), nothing).instead == snapshot("Services: none yet.")


def test_a_very_long_service_does_not_flood_the_answer() -> None:
    assert refused(start(service="z" * 3_000), UNKNOWN).because.endswith(f" {'z' * 60}.")


def test_a_broken_runbook_is_refused_with_its_trouble() -> None:
    facts = replace(UNKNOWN, trouble="checkout.yaml:3: expected text, found a list")
    assert refused(start(), facts) == snapshot(
        Refused(
            code=Code.RUNBOOK_BROKEN,
            because=("The runbook of checkout cannot be used: checkout.yaml:3: expected text, found a list"),
            instead="Correct the file, check it with rollcall lint, and start again.",
        )
    )


@pytest.mark.parametrize("version", ["1", "1.4.0", "v1.4.0-rc.1+build/7", "2026_03_02", "9" * 64])
def test_a_version_of_usual_letters_is_taken(version: str) -> None:
    assert not isinstance(decide_start(start(version), start_facts()), Refused)


@pytest.mark.parametrize(
    "version",
    [
        "",
        " ",
        "1.4 0",
        "-1",
        "_1",
        ".1",
        "1.4.0\n",
        "<!channel>",
        "@here",
        "1.4.0*",
        "١",
        "é",
        "9" * 65,
        "1/../../etc",
        "1..2",
        "a//b",
        "release/./1.0",
        "1.0/.",
        "a/",
    ],
)
def test_a_version_of_other_letters_is_refused(version: str) -> None:
    assert refused(start(version), start_facts()).code is Code.VERSION_INVALID


def test_a_refused_version_is_told_what_a_version_is() -> None:
    assert refused(start("<!channel>"), start_facts()) == snapshot(
        Refused(
            code=Code.VERSION_INVALID,
            because=(
                "A version holds letters, digits and . _ + - / only, starts with a letter or digit, and has at most 64 characters. No .., // or /./ is in it, and no / or /. at its end."
            ),
            instead="For example: 1.4.0",
        )
    )


def test_a_note_holds_a_thousand_characters() -> None:
    assert not isinstance(decide_start(start(note="n" * 1_000), start_facts()), Refused)
    assert refused(start(note="n" * 1_001), start_facts()) == snapshot(
        Refused(
            code=Code.TEXT_TOO_LONG,
            because="The text has 1,001 characters; it holds 1,000.",
            instead="Shorten it, or put a link in its place.",
        )
    )


def test_a_note_holds_nothing_that_misleads() -> None:
    assert refused(start(note="\u202e0.4.1"), start_facts()).code is Code.TEXT_UNREADABLE


def test_one_release_at_a_time_holds_a_service() -> None:
    facts = replace(start_facts(), active=ReleaseKey("checkout-7"))
    assert refused(start(), facts) == snapshot(
        Refused(
            code=Code.ANOTHER_ACTIVE,
            because="checkout-7 is still open, and one release at a time holds a service.",
            instead="Finish or cancel checkout-7 first.",
        )
    )


def test_a_version_is_released_once() -> None:
    facts = replace(start_facts(), released_as=ReleaseKey("checkout-6"))
    assert refused(start(), facts) == snapshot(
        Refused(
            code=Code.ALREADY_RELEASED,
            because="checkout 1.4.0 was released as checkout-6.",
            instead="Start the version that is new.",
        )
    )


def test_a_release_does_not_start_while_its_people_cannot_be_read() -> None:
    groups = {role: people for role, people in EVERYBODY.items() if role not in ("qa", "on-call")}
    facts = start_facts(directory=replace(town(), groups=groups))
    assert refused(start(), facts) == snapshot(
        Refused(
            code=Code.CANNOT_READ_PEOPLE,
            because=(
                "Slack has no user group “qa” and no “on-call”, to which the runbook binds qa and on-call, and what is not there counts as no."
            ),
            instead="Create it in Slack, or mend the runbook and start anew.",
        )
    )


def test_a_release_whose_gate_could_never_be_met_does_not_start() -> None:
    facts = start_facts(members={**EVERYBODY, "qa": (ben.id,)})
    assert refused(start(), facts) == snapshot(
        Refused(
            code=Code.NOT_ENOUGH_PEOPLE,
            because=("The gate QA of Check could never be met: there are too few people in qa."),
            instead="Let somebody else start it, or add people to the role.",
        )
    )


def test_who_starts_a_release_is_not_counted_among_those_who_could_approve_it() -> None:
    facts = start_facts(members={**EVERYBODY, "security": (cleo.id,)})
    assert not isinstance(decide_start(start(by=ana), facts), Refused)
    assert refused(start(by=cleo), facts).code is Code.NOT_ENOUGH_PEOPLE


def test_somebody_in_two_roles_is_not_counted_twice() -> None:
    both = runbook(CHECK.model_copy(update={"gates": (asks("Both", qa=1, security=1),)}))
    facts = start_facts(both, {**EVERYBODY, "qa": (eli.id,), "security": (eli.id,)})
    assert refused(start(), facts).code is Code.NOT_ENOUGH_PEOPLE
    enough = start_facts(both, {**EVERYBODY, "qa": (eli.id,), "security": (cleo.id, eli.id)})
    assert not isinstance(decide_start(start(), enough), Refused)


def test_a_check_that_nobody_could_report_keeps_a_release_from_its_start() -> None:
    need = Of(parts=(CheckPassed(check="smoke"), Seats(role="qa", count=1)))
    book = gated(needs("Go", need), checks=(Check(name="smoke", by="on-call"),))
    assert refused(start(), start_facts(book, {**EVERYBODY, "on-call": ()})) == snapshot(
        Refused(
            code=Code.NOT_ENOUGH_PEOPLE,
            because="The gate Go of Only could never be met: there is nobody in on-call to report the check smoke.",
            instead="Let somebody else start it, or add people to the role.",
        )
    )
    nobody = start_facts(book, {**EVERYBODY, "on-call": (), "qa": ()})
    assert refused(start(), nobody).because == snapshot(
        "The gate Go of Only could never be met: there are too few people in qa, and there is nobody in on-call to report the check smoke."
    )
    either = gated(needs("Go", Of(parts=need.parts, count=1)), checks=book.checks)
    assert not isinstance(decide_start(start(), start_facts(either, {**EVERYBODY, "on-call": ()})), Refused)


def test_a_later_stage_is_looked_at_too() -> None:
    facts = start_facts(members={**EVERYBODY, "on-call": ()})
    assert refused(start(), facts).because == snapshot(
        "The gate Go of Production could never be met: there are too few people in on-call."
    )


def test_a_role_that_nobody_has_counts_as_empty() -> None:
    facts = start_facts(members={**EVERYBODY, "qa": (), "security": (), "on-call": ()})
    assert refused(start(), facts).code is Code.NOT_ENOUGH_PEOPLE


def test_a_release_does_not_start_while_nobody_can_be_read() -> None:
    alone = Runbook.model_validate(
        {
            "title": "One",
            "roles": (Role(name="captain", starter=True),),
            "stages": (Stage(name="Build", owner="captain", steps=steps("Tag")),),
        }
    )
    assert refused(start(), start_facts(alone, directory=Directory())) == snapshot(
        Refused(
            code=Code.CANNOT_READ_PEOPLE,
            because="Who is in the workspace cannot be read just now, and what cannot be read counts as no.",
            instead="Try again in a minute.",
        )
    )
    assert not isinstance(decide_start(start(), start_facts(alone)), Refused)


STANDINGS = [standing for standing in Standing if standing is not Standing.MEMBER]


@pytest.mark.parametrize("become", STANDINGS)
def test_a_release_is_started_by_a_full_member(become: Standing) -> None:
    facts = start_facts(directory=standing(ana, become)(town()))
    refusal = refused(start(), facts)
    assert (refusal.code, refusal.instead) == (Code.NOT_ELIGIBLE, "Ask a member to start it.")
    assert refusal.because.endswith(f"not by a {become}.")


def test_who_is_not_of_the_workspace_starts_nothing() -> None:
    people = {p: s for p, s in town().people.items() if p != ana.id}
    assert refused(start(), start_facts(directory=replace(town(), people=people))) == snapshot(
        Refused(
            code=Code.NOT_ELIGIBLE,
            because="A release is started by a full member of the workspace, not by a stranger.",
            instead="Ask a member to start it.",
        )
    )


def test_the_runbook_may_say_who_starts_a_release() -> None:
    facts = start_facts(runbook(lead="on-call"))
    assert refused(start(by=ana), facts) == snapshot(
        Refused(
            code=Code.NOT_ELIGIBLE,
            because="Releases of checkout are led by people in on-call.",
            instead="Ask one of them to start it.",
            ask=(UserId("dan"), UserId("dee")),
        )
    )
    assert not isinstance(decide_start(start(by=dan), facts), Refused)


def test_a_service_that_was_rolled_back_is_locked_with_the_reason() -> None:
    facts = replace(
        start_facts(),
        locked=Locked(key=ReleaseKey("checkout-7"), reason="Orders are lost.", may_lift=(ana.id,)),
    )
    assert refused(start(), facts) == snapshot(
        Refused(
            code=Code.LOCKED,
            because="checkout is locked since checkout-7 was rolled back: “Orders are lost.”",
            instead="When it is mended, lift the lock in the thread of checkout-7, and say what was mended.",
            ask=(ana.id,),
        )
    )


def test_an_unknown_kind_is_guessed_or_answered_with_those_there_are() -> None:
    facts = replace(UNKNOWN, kinds=("normal", "hotfix"))
    assert refused(start(kind="hotfx"), facts) == snapshot(
        Refused(
            code=Code.KIND_UNKNOWN,
            because="The runbook of checkout knows no kind hotfx.",
            instead="Did you mean hotfix?",
        )
    )
    assert refused(start(kind="zzz"), facts).instead == snapshot("Kinds: normal, hotfix.")
    assert refused(start(kind="z" * 3_000), facts).because.endswith(f" {'z' * 60}.")


def test_a_release_knows_what_is_in_it() -> None:
    manifest = Manifest(authors=(UserId("gus"),), labels=("money",), paths=("db/a",), risk=Risk.HIGH)
    assert started_with(start(manifest=manifest)).manifest == manifest


TOO_MUCH: dict[str, Manifest] = {
    "paths": Manifest(paths=tuple(f"a/{n}" for n in range(3_001))),
    "labels": Manifest(labels=tuple(f"a{n}" for n in range(41))),
    "authors": Manifest(authors=tuple(UserId(f"U{n}") for n in range(201))),
    "reviewers": Manifest(reviewers=tuple(UserId(f"U{n}") for n in range(201))),
}


@pytest.mark.parametrize("manifest", TOO_MUCH.values(), ids=TOO_MUCH)
def test_a_manifest_has_its_limits(manifest: Manifest) -> None:
    """Each of them is one too many."""
    assert refused(start(manifest=manifest), start_facts()).code is Code.MANIFEST_INVALID
    (long,) = (name for name in TOO_MUCH if getattr(manifest, name))
    fits = replace(manifest, **{long: getattr(manifest, long)[1:]})
    assert not isinstance(decide_start(start(manifest=fits), start_facts()), Refused)


def test_a_manifest_that_is_too_long_is_told_the_limit() -> None:
    assert refused(start(manifest=TOO_MUCH["paths"]), start_facts()) == snapshot(
        Refused(
            code=Code.MANIFEST_INVALID,
            because="It names 3,001 paths; a manifest holds 3,000.",
            instead="Name fewer.",
        )
    )


@pytest.mark.parametrize("odd", ["", "a\nb", "a\x00b", "\u202ea", "p" * 401])
def test_paths_and_labels_can_be_read(odd: str) -> None:
    for manifest in (Manifest(paths=("a", odd)), Manifest(labels=("a", odd))):
        assert refused(start(manifest=manifest), start_facts()).code is Code.MANIFEST_INVALID
    refusing = refused(start(manifest=Manifest(paths=("p" * 401,))), start_facts())
    assert refusing.because == f"A path or label of it cannot be read: '{'p' * 40}'."
    long = Manifest(paths=("p" * 400,))
    assert not isinstance(decide_start(start(manifest=long), start_facts()), Refused)


def test_a_gate_of_the_way_back_is_looked_at_too() -> None:
    back = Rollback(owner="on-call", gates=(asks("Back", security=2),))
    facts = start_facts(runbook(rollback=back), {**EVERYBODY, "security": (cleo.id,)})
    assert refused(start(), facts).because == snapshot(
        "The gate Back of rollback could never be met: there are too few people in security."
    )


def test_a_gate_that_is_not_needed_for_it_keeps_no_release_from_its_start() -> None:
    risky = asks("Risk", security=2, when=When(risk=(Risk.HIGH,)))
    facts = start_facts(gated(risky), {**EVERYBODY, "security": (cleo.id,)})
    assert not isinstance(decide_start(start(), facts), Refused)
    high = start(manifest=Manifest(risk=Risk.HIGH))
    assert refused(high, facts).code is Code.NOT_ENOUGH_PEOPLE


def test_one_way_to_meet_a_gate_is_enough() -> None:
    either = needs("Go", Of(count=1, parts=(Seats(role="security", count=2), Seats(role="qa", count=1))))
    facts = start_facts(gated(either), {**EVERYBODY, "security": ()})
    assert not isinstance(decide_start(start(), facts), Refused)
    facts = start_facts(gated(either), {**EVERYBODY, "security": (), "qa": ()})
    assert refused(start(), facts).because == snapshot(
        "The gate Go of Only could never be met: there are too few people in qa."
    )


def test_somebody_away_and_the_deputy_are_counted_as_one() -> None:
    members = {**EVERYBODY, "qa": (bea.id,)}
    absent = away(bea, gus, NINE + timedelta(days=3))
    facts = start_facts(gated(asks("QA", qa=2)), directory=absent(town(members)))
    assert refused(start(), facts).code is Code.NOT_ENOUGH_PEOPLE
    one = start_facts(gated(asks("QA", qa=1)), directory=absent(town(members)))
    assert not isinstance(decide_start(start(), one), Refused)


def test_a_release_knows_from_its_start_who_is_away() -> None:
    absent = away(bea, gus, NINE + timedelta(days=3))
    decision = decide_start(start(), start_facts(directory=absent(town())))
    assert not isinstance(decision, Refused)
    assert fold(decision).deputies == {bea.id: Away(deputy=gus.id, until=NINE + timedelta(days=3))}


def begun_by_a_pipeline() -> Start:
    return replace(start(), by=ROLLCALL)


def test_what_a_pipeline_has_begun_is_led_by_the_first_who_owns_a_stage() -> None:
    decision = decide_start(begun_by_a_pipeline(), start_facts())
    assert not isinstance(decision, Refused)
    release = fold(decision)
    assert decision[0].by == ROLLCALL
    assert release.captain == release.starter == bea.id
    # Who leads it counts as who has started it, in the roles and at the gates.
    assert release.members["captain"] == (bea.id,)
    assert play(release, ben.approves("QA"), cleo.approves("Security")).state is State.AWAITING_APPROVAL
    assert refusal(release, bea.approves("QA")).code is Code.YOUR_OWN_RELEASE


def test_what_a_pipeline_has_begun_is_led_by_the_role_that_leads_and_by_somebody_who_is_there() -> None:
    book = runbook(lead="on-call")
    assert started_with(begun_by_a_pipeline(), book).captain == dan.id
    there = town(away={dan.id: Away(deputy=ana.id, until=NINE + timedelta(days=1))})
    decision = decide_start(begun_by_a_pipeline(), start_facts(book, directory=there))
    assert not isinstance(decision, Refused)
    assert fold(decision).captain == dee.id


def test_what_a_pipeline_has_begun_is_led_by_no_guest() -> None:
    book = runbook(lead="on-call")
    directory = standing(dee, Standing.GUEST)(standing(dan, Standing.GUEST)(town()))
    assert refused(begun_by_a_pipeline(), start_facts(book, directory=directory)) == snapshot(
        Refused(
            code=Code.NOT_ENOUGH_PEOPLE,
            because="A pipeline has begun it, and nobody is in on-call to lead it.",
            instead="Start it in Slack, and lead it.",
        )
    )


def test_what_a_pipeline_has_begun_is_not_started_while_nobody_can_be_read() -> None:
    facts = start_facts(directory=Directory())
    assert refused(begun_by_a_pipeline(), facts).code is Code.CANNOT_READ_PEOPLE


def test_a_guest_who_is_admitted_to_the_role_leads_nothing_either() -> None:
    helpers = Role(name="helpers", group="on-call", admits=(Standing.GUEST,))
    book = runbook(lead="helpers", roles=(helpers,), duties="off")
    directory = standing(dan, Standing.GUEST)(town())
    decision = decide_start(begun_by_a_pipeline(), start_facts(book, directory=directory))
    assert not isinstance(decision, Refused)
    assert fold(decision).captain == dee.id
