"""Every code of a refusal is given by some rule, and every refusal is a sentence that tells what to do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.release.changes import Changes, NoVersion, Reading, Unread, informed
from bot.release.command import Neighbours
from bot.release.decide import decide_start
from bot.release.ids import ReleaseKey
from bot.release.manifest import Manifest
from bot.release.people.directory import Directory
from bot.release.people.handoff import Duty
from bot.release.refusal import Code, Refused, sentences
from bot.release.stages.drill import StartDrill
from bot.release.stages.start import Locked, Start, StartFacts
from bot.runbook.model import Begin, Stage
from tests.release.given import (
    EVERYBODY,
    ana,
    asks,
    ben,
    beside,
    completed,
    dan,
    dee,
    drill,
    eli,
    gus,
    in_production,
    play,
    ready,
    refusal,
    runbook,
    start,
    start_facts,
    started,
    unread,
)

OF_THE_EDGES = {Code.UNKNOWN_RELEASE, Code.KEY_DIFFERS, Code.NOT_READ}
"""The coordinator knows which releases there are, and the forms what was typed and ticked."""


def refused(facts: StartFacts, command: Start | StartDrill | None = None) -> Refused:
    decision = decide_start(command or start(), facts)
    assert isinstance(decision, Refused)
    return decision


USUAL = start_facts()
BOTH = started(
    runbook(Stage(name="Check", owner="qa", begin=Begin.CAPTAIN, gates=(asks("Both", qa=1, security=1),)))
)


def uninformed(reading: Reading) -> Refused:
    """Return why a release is not started by what a repository says."""
    refused = informed(start(), reading, Directory())
    assert isinstance(refused, Refused)
    return refused


REFUSALS: dict[Code, Callable[[], Refused]] = {
    Code.ALREADY_ANSWERED: lambda: refusal(play(started(), ben.approves("QA")), ben.approves("QA")),
    Code.ALREADY_BEGUN: lambda: refusal(in_production(), dee.approves("Go")),
    Code.ALREADY_DONE: lambda: refusal(play(in_production(), dan.finishes("Deploy")), dan.finishes("Deploy")),
    Code.ALREADY_RELEASED: lambda: refused(replace(USUAL, released_as=ReleaseKey("checkout-6"))),
    Code.ANOTHER_ACTIVE: lambda: refused(replace(USUAL, active=ReleaseKey("checkout-7"))),
    Code.CANNOT_READ_PEOPLE: lambda: refusal(started(), unread("qa", ben.approves("QA"))),
    Code.ENDED: lambda: refusal(completed(), ana.cancels()),
    Code.GATES_NOT_MET: lambda: refusal(started(), ana.begins()),
    Code.KIND_UNKNOWN: lambda: refused(replace(USUAL, runbook=None, kinds=("normal",)), start(kind="hot")),
    Code.LINK_INVALID: lambda: refusal(started(), ana.attaches("ci.example/7")),
    Code.LOCKED: lambda: refused(
        replace(USUAL, locked=Locked(key=ReleaseKey("checkout-6"), reason="Orders are lost.", may_lift=()))
    ),
    Code.MANIFEST_INVALID: lambda: refused(USUAL, start(manifest=Manifest(paths=("a\nb",)))),
    Code.MANIFEST_SAME: lambda: refusal(started(), ana.changes("1.4.0")),
    Code.NO_DRILL: lambda: refused(USUAL, drill()),
    Code.NOT_ELIGIBLE: lambda: refusal(started(), ana.offers(ana, Duty.DEPUTY)),
    Code.NOT_ENOUGH_PEOPLE: lambda: refused(start_facts(members={**EVERYBODY, "qa": ()})),
    Code.NOT_NEWEST: lambda: refusal(
        completed(), beside(dan.rolls_back(), Neighbours(newest=ReleaseKey("checkout-9")))
    ),
    Code.NOTHING_TO_DO: lambda: refusal(started(), ben.withdraws("QA")),
    Code.NOTHING_TO_ROLL_BACK: lambda: refusal(started(), ana.rolls_back()),
    Code.ON_HOLD: lambda: refusal(play(ready(), gus.holds()), ana.begins()),
    Code.SEAT_NEEDED: lambda: refusal(
        play(BOTH, ben.approves("Both"), eli.approves("Both")),
        eli.takes_seat("Both", "qa"),
    ),
    Code.TIME_INVALID: lambda: refusal(started(), ben.holds(until=timedelta(days=-1))),
    Code.TOO_MANY: lambda: refusal(
        play(started(), *(ben.holds(f"Concern {n}.") for n in range(10))), ben.holds("One more.")
    ),
    Code.NOT_YET: lambda: refusal(ready(), ben.finishes("Tag the commit")),
    Code.NOT_YOURS: lambda: refusal(started(), dan.approves("QA")),
    Code.PRODUCTION_TOUCHED: lambda: refusal(in_production(), ana.cancels()),
    Code.REASON_MISSING: lambda: refusal(started(), ben.rejects("QA", "")),
    Code.RUNBOOK_BROKEN: lambda: refused(replace(USUAL, runbook=None, trouble="line 3: expected text")),
    Code.STALE: lambda: refusal(started(), ben.approves("Nothing")),
    Code.TEXT_TOO_LONG: lambda: refusal(started(), ana.cancels("r" * 501)),
    Code.TEXT_UNREADABLE: lambda: refusal(started(), ben.approves("QA", "\u202eenif")),
    Code.UNKNOWN_SERVICE: lambda: refused(replace(USUAL, runbook=None)),
    Code.VERSION_UNKNOWN: lambda: uninformed(NoVersion(known=("1.3.0",))),
    Code.NOTHING_CHANGED: lambda: uninformed(Changes(commit="abc1234", since="1.3.0", digests={})),
    Code.CHANGES_UNREAD: lambda: uninformed(Unread(because="git says: no")),
    Code.VERSION_INVALID: lambda: refused(USUAL, start("*")),
    Code.YOUR_OWN_RELEASE: lambda: refusal(started(), ana.approves("QA")),
}
SETTLED = (Code.ALREADY_ANSWERED, Code.ALREADY_DONE, Code.ENDED, Code.MANIFEST_SAME)


def test_every_code_is_given_by_a_rule() -> None:
    assert set(REFUSALS) == set(Code) - OF_THE_EDGES


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_has_its_code(code: Code) -> None:
    assert REFUSALS[code]().code is code


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_is_a_sentence(code: Code) -> None:
    refused = REFUSALS[code]()
    assert refused.because[0].isupper() or refused.because.startswith(("checkout", "“"))
    # What somebody else wrote may stand at its end, in quotes.
    assert refused.because.endswith((".", "”")) or code is Code.RUNBOOK_BROKEN
    text = f"{refused.because} {refused.instead}"
    assert "!" not in text
    assert "  " not in text


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_tells_what_to_do_or_whom_to_ask_unless_nothing_is_left_to_do(code: Code) -> None:
    refused = REFUSALS[code]()
    assert bool(refused.instead or refused.ask) is (code not in SETTLED)


def test_each_sentence_that_another_follows_ends_with_a_stop() -> None:
    assert (
        sentences("It is locked: “config missing”", "Mend it.") == "It is locked: “config missing”. Mend it."
    )
    assert sentences("It is locked: “It broke.”", "Mend it.") == "It is locked: “It broke.” Mend it."
    assert sentences("Already at maps.yaml:2", "Correct it", "") == "Already at maps.yaml:2. Correct it"
