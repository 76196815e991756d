"""Every code of a refusal is given by some rule, and every refusal is a sentence that tells what to do."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.release.decide import decide_start
from bot.release.ids import ReleaseKey
from bot.release.refusal import Code, Refused
from bot.release.start import Start, StartFacts
from tests.release.given import (
    EVERYBODY,
    ana,
    ben,
    completed,
    dan,
    dee,
    in_production,
    play,
    ready,
    refusal,
    start,
    start_facts,
    started,
    unread,
)

OF_THE_COORDINATOR = {Code.UNKNOWN_RELEASE}


def refused(facts: StartFacts, command: Start | None = None) -> Refused:
    decision = decide_start(command or start(), facts)
    assert isinstance(decision, Refused)
    return decision


USUAL = start_facts()
REFUSALS: dict[Code, Callable[[], Refused]] = {
    Code.ALREADY_ANSWERED: lambda: refusal(play(started(), ben.approves("QA")), ben.approves("QA")),
    Code.ALREADY_BEGUN: lambda: refusal(in_production(), dee.approves("Go")),
    Code.ALREADY_DONE: lambda: refusal(play(in_production(), dan.finishes("Deploy")), dan.finishes("Deploy")),
    Code.ALREADY_RELEASED: lambda: refused(replace(USUAL, released_as=ReleaseKey("checkout-6"))),
    Code.ANOTHER_ACTIVE: lambda: refused(replace(USUAL, active=ReleaseKey("checkout-7"))),
    Code.CANNOT_READ_PEOPLE: lambda: refusal(started(), unread("qa", ben.approves("QA"))),
    Code.ENDED: lambda: refusal(completed(), ana.cancels()),
    Code.GATES_NOT_MET: lambda: refusal(started(), ana.begins()),
    Code.NOT_ENOUGH_PEOPLE: lambda: refused(replace(USUAL, members={**EVERYBODY, "qa": ()})),
    Code.NOT_YET: lambda: refusal(ready(), ben.finishes("Tag the commit")),
    Code.NOT_YOURS: lambda: refusal(started(), dan.approves("QA")),
    Code.PRODUCTION_TOUCHED: lambda: refusal(in_production(), ana.cancels()),
    Code.REASON_MISSING: lambda: refusal(started(), ben.rejects("QA", "")),
    Code.RUNBOOK_BROKEN: lambda: refused(replace(USUAL, runbook=None, trouble="line 3: expected text")),
    Code.STALE: lambda: refusal(started(), ben.approves("Nothing")),
    Code.TEXT_TOO_LONG: lambda: refusal(started(), ana.cancels("r" * 501)),
    Code.TEXT_UNREADABLE: lambda: refusal(started(), ben.approves("QA", "\u202eenif")),
    Code.UNKNOWN_SERVICE: lambda: refused(replace(USUAL, runbook=None)),
    Code.VERSION_INVALID: lambda: refused(USUAL, start("*")),
    Code.YOUR_OWN_RELEASE: lambda: refusal(started(), ana.approves("QA")),
}
SETTLED = (Code.ALREADY_ANSWERED, Code.ALREADY_BEGUN, Code.ALREADY_DONE, Code.ENDED)


def test_every_code_is_given_by_a_rule() -> None:
    assert set(REFUSALS) == set(Code) - OF_THE_COORDINATOR


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_has_its_code(code: Code) -> None:
    assert REFUSALS[code]().code is code


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_is_a_sentence(code: Code) -> None:
    refused = REFUSALS[code]()
    assert refused.because[0].isupper() or refused.because.startswith(("checkout", "“"))
    assert refused.because.endswith(".") or code is Code.RUNBOOK_BROKEN
    text = f"{refused.because} {refused.instead}"
    assert "!" not in text
    assert "  " not in text


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_tells_what_to_do_or_whom_to_ask_unless_nothing_is_left_to_do(code: Code) -> None:
    refused = REFUSALS[code]()
    assert bool(refused.instead or refused.ask) is (code not in SETTLED)
