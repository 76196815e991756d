"""Every code of a refusal is given by some rule, and every refusal is a sentence that tells what to do."""

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


def refused(command: Start, facts: StartFacts) -> Refused:
    decision = decide_start(command, facts)
    assert isinstance(decision, Refused)
    return decision


REFUSALS = (
    refusal(play(started(), ben.approves("QA")), ben.approves("QA")),
    refusal(in_production(), dee.approves("Go")),
    refusal(play(in_production(), dan.finishes("Deploy")), dan.finishes("Deploy")),
    refused(start(), replace(start_facts(), released_as=ReleaseKey("checkout-6"))),
    refused(start(), replace(start_facts(), active=ReleaseKey("checkout-7"))),
    refusal(started(), unread("qa", ben.approves("QA"))),
    refusal(completed(), ana.cancels()),
    refusal(started(), ana.begins()),
    refused(start(), start_facts(members={**EVERYBODY, "qa": ()})),
    refusal(ready(), ben.finishes("Tag the commit")),
    refusal(started(), dan.approves("QA")),
    refusal(in_production(), ana.cancels()),
    refusal(started(), ben.rejects("QA", "")),
    refused(start(), replace(start_facts(), runbook=None, trouble="line 3: expected text")),
    refusal(started(), ben.approves("Nothing")),
    refusal(started(), ana.cancels("r" * 501)),
    refused(start(service="chekout"), replace(start_facts(), runbook=None)),
    refused(start(version="*"), start_facts()),
    refusal(started(), ana.approves("QA")),
)


def test_every_code_is_given_by_a_rule() -> None:
    assert {refusal.code for refusal in REFUSALS} == set(Code) - OF_THE_COORDINATOR


@pytest.mark.parametrize("refused", REFUSALS, ids=lambda refused: refused.code)
def test_a_refusal_is_a_sentence(refused: Refused) -> None:
    assert refused.because[0].isupper() or refused.because.startswith(("checkout", "“"))
    assert refused.because[-1] in ".”" or refused.code is Code.RUNBOOK_BROKEN
    text = f"{refused.because} {refused.instead}"
    assert "!" not in text
    assert "  " not in text


@pytest.mark.parametrize("refused", REFUSALS, ids=lambda refused: refused.code)
def test_a_refusal_tells_what_to_do_or_whom_to_ask_unless_nothing_is_left_to_do(refused: Refused) -> None:
    settled = (Code.ALREADY_ANSWERED, Code.ALREADY_BEGUN, Code.ALREADY_DONE, Code.ENDED)
    assert bool(refused.instead or refused.ask) is (refused.code not in settled)
