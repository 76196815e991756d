"""A story that brings about every kind of event there is; it made the golden ledger."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from bot.release.command import Command
from bot.release.gates.answers import Abstain, Approve, Withdraw
from bot.release.gates.checks import Outcome, ReportCheck
from bot.release.gates.evidence import AttachEvidence
from bot.release.gates.override import Override
from bot.release.gates.readings import ReportReading
from bot.release.gates.review import SignReview
from bot.release.gates.seat import TakeSeat
from bot.release.gates.settle import ResolveRejection
from bot.release.ids import ROLLCALL, ReleaseId, ReleaseKey
from bot.release.manifest import Manifest
from bot.release.people.handoff import AcceptDuty, DeclineDuty, Duty, OfferDuty, TakeLead, fingerprint
from bot.release.people.hours import Hours
from bot.release.people.leaving import JoinChannel, LeaveChannel
from bot.release.stages.failure import FailStep, RetryStep, SkipStep
from bot.release.stages.going_back import VetoRollback
from bot.release.stages.holds import KeepHold, LiftHold, PlaceHold
from bot.release.stages.revision import ChangeManifest
from bot.release.stages.runs import ReportRunBegan, ReportRunEnded, ReportRunHeldUp
from bot.release.stages.start import Start
from bot.release.stages.steps import FinishStep
from bot.runbook.gates.gate import SIGNING
from tests.ledger.world import (
    ANA,
    BEN,
    CHECKOUT,
    CLEO,
    DAN,
    EVE,
    TEAM,
    Replica,
    StillClock,
    Town,
    act,
    approve,
    attend,
    begin,
    cancel,
    come_back,
    finish,
    go_away,
    put_off,
    reject,
    roll_back,
    set_hours,
    start,
    unlock,
)

RUNBOOK = """\
title: checkout
service: checkout
duties: {duties}
roles:
  captain: {{starter: true}}
  qa: {{group: qa}}
  security: {{group: security}}
checks:
  scan: {{by: security, fresh: 2h}}
  health: {{read: {{url: "https://shop.example/health?v={{version}}", expect: 200}}}}
overrides: security
review: {{within: 4h}}
stages:
  - name: staging
    owner: captain
    gates:
      - name: QA
        approvals: {{qa: 1, security: 1}}
        expires: 3h
    steps:
      - do: Deploy to staging
      - do: Run the smoke tests
  - name: production
    owner: security
    production: true
    begin: captain
    gates:
      - name: Go or no-go
        needs: [{{security: 1}}, {{any: [{{check: scan}}, {{check: health}}]}}]
    steps:
      - do: Deploy to production
reminders: {{after: 1h, every: 4h, limit: 2}}
handoffs: {handoffs}
rollback: {rollback}
"""
TIMES: Final = '{at: ["09:00", "17:00"], timezone: Europe/Berlin}'
SHIFT: Final = '{shifts: [{begins: "09:00", timezone: Europe/Berlin, role: qa}]}'

BY_HAND: Final = "{steps: [do: Put the version before back in place]}"
BY_COMMAND: Final = (
    """{automatic: 30m, steps: [{do: Restore it, run: {command: [restore, "{before}"], within: 15m}}]}"""
)

SECOND, THIRD, FOURTH = (ReleaseKey(f"checkout-{number}") for number in (2, 3, 4))
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SMOKE: Final = "Run the smoke tests"
DEPLOY: Final = "Deploy to production"
CHANGED: Final = Manifest(
    authors=(EVE,),
    reviewers=(BEN,),
    labels=("schéma",),
    paths=("db/1.sql", "web/läden/korb.py"),
    digests=(("db/1.sql", "1d0a1c3"),),
)


async def tell(replica: Replica, town: Town, clock: StillClock) -> None:
    """Bring about every kind of event: a release is completed, one cancelled, one rolled back, one is open."""
    # The last release changes who may say go, so those who could before sign that at its first gate.
    write_runbook(replica.runbooks, duties="warn")
    await _completed(replica, town, clock)
    await _tells(replica, clock, start("1.1.0"), cancel(key=SECOND))
    write_runbook(replica.runbooks, duties="strict", rollback=BY_COMMAND)
    await _rolled_back(replica, clock)
    write_runbook(replica.runbooks, duties="strict", handoffs=SHIFT)
    await _tells(replica, clock, start("1.2.0"), reject(BEN, key=FOURTH))
    town.groups["qa"] = (CLEO,)
    await _tells(replica, clock, act(Withdraw, BEN, FOURTH, stage=0, gate="QA"))
    # Ben is asked again, and has put off being reminded.
    town.groups["qa"] = (BEN, CLEO)
    await replica.notes(put_off(BEN, clock.now() + 24 * HOUR + 10 * MINUTE))
    # A shift begins, is asked to take over, is asked once more, and does not come.
    for wait in (24 * HOUR, HOUR / 2, HOUR / 2):
        await _tells(replica, clock, wait, attend(key=FOURTH))
    # Nobody was reminded while Rollcall was down, and now those who are asked are at home.
    now = clock.now()
    hours = Hours(zone="UTC", begins=now.time(), ends=(now + HOUR).time(), days=tuple(range(7)))
    town.hours = dict.fromkeys((ANA, BEN, CLEO, DAN), hours)
    await _tells(replica, clock, attend(key=FOURTH), 26 * HOUR, attend(key=FOURTH))


def write_runbook(folder: Path, *, duties: str, handoffs: str = TIMES, rollback: str = BY_HAND) -> None:
    text = RUNBOOK.format(duties=duties, handoffs=handoffs, rollback=rollback)
    (folder / "checkout.yaml").write_text(text, encoding="utf-8")


async def _tells(replica: Replica, clock: StillClock, *acts: Start | Command | timedelta) -> None:
    """People do one thing after the other; between two there may be a time that passes."""
    for one in acts:
        if isinstance(one, timedelta):
            clock.advance(seconds=one.total_seconds())
        else:
            await replica.accepts(one)


async def _completed(replica: Replica, town: Town, clock: StillClock) -> None:
    tells = partial(_tells, replica, clock)
    await tells(start(note="Für alle: „fertig“ \u2028 <b>&amp;</b> 🚀"))
    later = clock.now() + 2 * HOUR
    await tells(
        MINUTE,
        act(PlaceHold, BEN, reason="The dashboards are red.", until=later),
        act(KeepHold, BEN, number=1, until=later - HOUR),
        HOUR,
        attend(),  # A reminder is due, and the question whether the hold is still needed.
        act(LiftHold, ANA, number=1, reason="They are green again."),
        act(Abstain, CLEO, stage=0, gate="QA"),
        act(Withdraw, CLEO, stage=0, gate="QA", comment="I looked again."),
        reject(BEN, comment='Not "yet" \\ naïve'),
        act(ResolveRejection, ANA, stage=0, gate="QA", person=BEN, comment="It is a flaky test."),
        approve(CLEO),
        act(TakeSeat, CLEO, stage=0, gate="QA", role="security"),
        4 * HOUR,
        attend(),  # That approval is too old by now.
        approve(CLEO),
        act(ChangeManifest, ANA, version="1.0.1", manifest=CHANGED),
        approve(BEN),
        approve(CLEO, comment="e\u0301 is not \u00e9"),
    )
    await tells(
        act(FailStep, ANA, stage=0, step="Deploy to staging", attempt=1, reason="The disk is full."),
        act(RetryStep, ANA, stage=0, step="Deploy to staging", attempt=1),
        act(FailStep, ANA, stage=0, step="Deploy to staging", attempt=2, reason="It still is."),
        act(SkipStep, ANA, stage=0, step="Deploy to staging", attempt=2, reason="It was there already."),
        act(FinishStep, ANA, stage=0, step=SMOKE),
        act(ReportCheck, DAN, check="scan", passed=True),
        approve(DAN, stage=1),
        act(Withdraw, DAN, stage=1, gate="Go or no-go"),
        ReportReading(
            workspace=TEAM,
            release=CHECKOUT,
            by=ROLLCALL,
            stage=1,
            check="health",
            outcome=Outcome.FAILED,
            said="answered 503",
            read=clock.now() + timedelta(seconds=1),
        ),
        2 * HOUR,
        attend(),  # The report of the check is too old by now.
        act(Override, DAN, stage=1, gate="Go or no-go", reason="Payments are down."),
    )
    await tells(
        act(OfferDuty, ANA, duty=Duty.CAPTAIN, to=BEN, note="I go home."),
        act(DeclineDuty, BEN, duty=Duty.CAPTAIN, comment="So do I."),
        act(OfferDuty, ANA, duty=Duty.SHADOW, to=EVE),
        HOUR,
        attend(),  # Nobody answered that offer.
        act(OfferDuty, ANA, duty=Duty.DEPUTY, to=CLEO),
    )
    found = await replica.database.read(lambda c: replica.ledger.find(c, ReleaseId(TEAM, CHECKOUT)))
    assert found is not None
    await tells(
        act(AcceptDuty, CLEO, duty=Duty.DEPUTY, read=fingerprint(found)),
        act(LeaveChannel, ANA),
        act(TakeLead, CLEO),
        act(JoinChannel, ANA),
    )
    town.groups["security"] = (CLEO,)
    found = await replica.database.read(lambda c: replica.ledger.find(c, ReleaseId(TEAM, CHECKOUT)))
    assert found is not None
    await tells(
        MINUTE,
        begin(CLEO),
        finish(CLEO, 1),
        4 * HOUR,
        attend(),  # The review is due.
        act(AttachEvidence, EVE, link="https://ci.example/7", comment="The load test."),
        act(SignReview, BEN, comment="It was right."),
        act(SignReview, CLEO),
    )
    town.groups["security"] = (CLEO, DAN)


async def _rolled_back(replica: Replica, clock: StillClock) -> None:
    tells, third = partial(_tells, replica, clock), partial(act, key=THIRD)
    await replica.notes(go_away(BEN, EVE, clock.now() + timedelta(days=3)))
    await tells(
        HOUR,
        start("1.1.0"),
        third(Approve, CLEO, stage=0, gate=SIGNING),
        third(Approve, DAN, stage=0, gate=SIGNING),
        approve(EVE, key=THIRD, comment="For Ben."),
        approve(DAN, key=THIRD),
        finish(ANA, 0, THIRD),
        third(FinishStep, ANA, stage=0, step=SMOKE),
        third(ReportCheck, DAN, check="scan", passed=True, comment="https://ci.example/7"),
        approve(DAN, key=THIRD, stage=1),
        begin(key=THIRD),
        MINUTE,
        third(FailStep, DAN, stage=1, step=DEPLOY, attempt=1, reason="The pods do not start."),
        third(VetoRollback, DAN, reason="I look at it."),
        third(RetryStep, DAN, stage=1, step=DEPLOY, attempt=1),
        third(FailStep, DAN, stage=1, step=DEPLOY, attempt=2, reason="They still do not."),
        third(RetryStep, DAN, stage=1, step=DEPLOY, attempt=2),  # It is not to go back by itself any more.
        roll_back(DAN, THIRD),
        act(
            ReportRunHeldUp,
            ROLLCALL,
            THIRD,
            number=1,
            older=SECOND,
            older_number=3,
            link="https://ci.example/7",
        ),
        act(ReportRunBegan, ROLLCALL, THIRD, number=1, link="https://ci.example/8"),
        MINUTE,
        act(ReportRunEnded, ROLLCALL, THIRD, number=1, passed=True, said="1.0.1 is there."),
        unlock(key=THIRD),
    )
    await replica.notes(come_back(BEN))
    await replica.notes(set_hours(BEN, 20, 4, "01"))
