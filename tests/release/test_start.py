"""Starting a release, and what stands against it."""

from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from bot.release.decide import decide_start, fold
from bot.release.ids import ChannelId, ReleaseKey, UserId
from bot.release.refusal import Code, Refused
from bot.release.start import Start, StartFacts
from bot.release.state import State
from bot.runbook.model import Begin, Stage
from tests.release.given import (
    CHECK,
    EVERYBODY,
    NINE,
    ana,
    asks,
    ben,
    cleo,
    eli,
    runbook,
    start,
    start_facts,
    started,
    steps,
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
    assert (release.state, release.stage, release.opened) == (State.AWAITING_APPROVAL, 0, (NINE,))
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
    assert len(refused(start(service="z" * 3_000), UNKNOWN).because) < 100


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
    ["", " ", "1.4 0", "-1", "_1", ".1", "1.4.0\n", "<!channel>", "@here", "1.4.0*", "١", "é", "9" * 65],
)
def test_a_version_of_other_letters_is_refused(version: str) -> None:
    assert refused(start(version), start_facts()).code is Code.VERSION_INVALID


def test_a_refused_version_is_told_what_a_version_is() -> None:
    assert refused(start("<!channel>"), start_facts()) == snapshot(
        Refused(
            code=Code.VERSION_INVALID,
            because=(
                "A version holds letters, digits and . _ + - / only, starts with a letter or digit,"
                " and has at most 64 characters."
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
    facts = replace(start_facts(), members={**EVERYBODY, "qa": None, "on-call": None})
    assert refused(start(), facts) == snapshot(
        Refused(
            code=Code.CANNOT_READ_PEOPLE,
            because=("Who is in qa, on-call cannot be read just now, and what cannot be read counts as no."),
            instead="Try again in a minute. If it stays so, check that the user group exists.",
        )
    )


def test_a_release_whose_gate_could_never_be_met_does_not_start() -> None:
    facts = start_facts(members={**EVERYBODY, "qa": (ben.id,)})
    assert refused(start(), facts) == snapshot(
        Refused(
            code=Code.NOT_ENOUGH_PEOPLE,
            because=(
                "The gate QA of Check could never be met: there are too few people in qa, as who starts"
                " a release approves none of it."
            ),
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


def test_a_later_stage_is_looked_at_too() -> None:
    facts = start_facts(members={**EVERYBODY, "on-call": ()})
    assert refused(start(), facts).because == snapshot(
        "The gate Go of Production could never be met: there are too few people in on-call, as who"
        " starts a release approves none of it."
    )


def test_a_role_that_nobody_has_counts_as_empty() -> None:
    facts = start_facts(members={"captain": (UserId("ana"),)})
    assert refused(start(), facts).code is Code.NOT_ENOUGH_PEOPLE
