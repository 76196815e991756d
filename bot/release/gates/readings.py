"""Checks that Rollcall reads by itself: which, and what of a reading is news.

A reading that says the same as the one before is no event, so that the ledger holds how a check went and not
how often it was looked at. Only what counts is renewed, once half of its time is over.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event
from bot.release.gates.checks import Outcome, Report, failing_since, known_check, last_report
from bot.release.gates.result import passed_over
from bot.release.gates.seating import ways_of
from bot.release.ids import ROLLCALL
from bot.release.reason import comment_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.remembered import remembered
from bot.release.replace import replace
from bot.runbook.model import Check

SAID_BY_PEOPLE: Final = frozenset({Outcome.PASSED, Outcome.FAILED})
"""Only what a person could have said as well contradicts a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRead(Event):
    """Rollcall read how a check goes: otherwise than before, or it would soon have been too old to count."""

    check: str
    outcome: Outcome
    said: str = ""

    def change(self, release: Release) -> Release:
        before, soak = last_report(release, self.check), release.runbook.check(self.check).soak
        goes_on = before is not None and before.was_read and before.outcome is self.outcome
        since = before.since if before is not None and goes_on else self.at
        soaking = self.outcome is Outcome.PASSED and soak is not None and self.at < since + soak
        report = Report(
            by=self.by,
            outcome=self.outcome,
            at=self.at,
            comment=self.said,
            since=since,
            soaks=since + soak if soak and soaking else None,
            failing=failing_since(before, self.outcome, self.at),
        )
        return replace(release, reports={**release.reports, self.check: (report,)})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportReading(Command):
    """Say how a check went that was read at a moment for the gates of a stage, or why it could not be."""

    stage: int
    check: str
    outcome: Outcome
    read: datetime
    said: str = ""

    def decide(self, release: Release, facts: Facts) -> Decision:
        check = known_check(release, self.check)
        if isinstance(check, Refused):
            return check
        if trouble := self._cannot_be_told(release, check, facts) or comment_trouble(self.said):
            return trouble
        if not self._is_news(last_report(release, check.name), check, facts.now):
            return ()
        return (CheckRead(at=facts.now, by=self.by, check=check.name, outcome=self.outcome, said=self.said),)

    def _cannot_be_told(self, release: Release, check: Check, facts: Facts) -> Refused | None:
        if self.by != ROLLCALL:
            return Refused(code=Code.NOT_YOURS, because="What is read of a check is told by Rollcall alone.")
        if check.name not in to_be_read(release):
            return Refused(code=Code.STALE, because=f"{release.key} does not need {check.name} to be read.")
        if self.stage != release.stage or self.read < release.opened[release.stage]:
            where = release.stage_name(release.stage)
            return Refused(
                code=Code.STALE, because=f"{check.name} was read before the gates of {where} were open."
            )
        report = last_report(release, check.name)
        newer = report is not None and report.was_read and report.at > self.read
        if newer or facts.now - self.read >= check.every:
            return Refused(code=Code.STALE, because=f"This reading of {check.name} is too old by now.")
        return None

    def _is_news(self, report: Report | None, check: Check, now: datetime) -> bool:
        if report is None:
            return True
        if not report.was_read:
            return self.outcome in SAID_BY_PEOPLE and self.outcome is not report.outcome
        if self.outcome is not report.outcome or (report.soaks is not None and report.soaks <= now):
            return True
        wears = now + check.every - report.at > report.lasts(check) / 2
        return wears and (report.passed or self.said != report.comment)


@remembered
def to_be_read(release: Release) -> tuple[str, ...]:
    """Return the checks that Rollcall reads now: those that an open gate asks for, passed or not."""
    read = {check.name for check in release.runbook.checks if check.read is not None}
    if not read:
        return ()
    asking = (gate for gate in release.open_gates if passed_over(release, gate, release.stage) is None)
    asked = (
        check for gate in asking for way in ways_of(release, gate, release.stage) for check in way.checks
    )
    return tuple(dict.fromkeys(check for check in asked if check in read))
