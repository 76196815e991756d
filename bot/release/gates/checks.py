"""The checks that a gate needs: what was reported of them, and for how long it counts."""

from dataclasses import dataclass
from datetime import datetime

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event
from bot.release.ids import UserId
from bot.release.people.roles import people_trouble
from bot.release.reason import comment_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.replace import replace
from bot.release.state import State
from bot.runbook.model import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was reported of a check last."""

    check: str
    passed: bool
    by: UserId
    at: datetime
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReported(Event):
    """A check passed or failed, for what is to be released now."""

    check: str
    passed: bool
    comment: str = ""

    def change(self, release: Release) -> Release:
        report = Report(check=self.check, passed=self.passed, by=self.by, at=self.at, comment=self.comment)
        return replace(release, reports={**release.reports, self.check: report})

    def told(self) -> tuple[str, str]:
        return f"reported as {'passed' if self.passed else 'failed'}:", self.check


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCheck(Command):
    """Say how a check went, as somebody in the role that reports it."""

    check: str
    passed: bool
    comment: str = ""

    def decide(self, release: Release, facts: Facts) -> Decision:
        check = next((check for check in release.runbook.checks if check.name == self.check), None)
        if check is None:
            return self._unknown(release)
        return self._may_not(release, check, facts) or comment_trouble(self.comment) or self._reported(facts)

    def _unknown(self, release: Release) -> Refused:
        known = ", ".join(check.name for check in release.runbook.checks) or "none"
        return Refused(
            code=Code.STALE,
            because=f"The runbook of {release.key} has no check {self.check[:60]}.",
            instead=f"Its checks: {known}.",
        )

    def _may_not(self, release: Release, check: Check, facts: Facts) -> Refused | None:
        if trouble := people_trouble(release, facts):
            return trouble
        reporters = release.reporters(check.name)
        if self.by not in reporters:
            return Refused(
                code=Code.NOT_YOURS,
                because=f"{check.name} is reported by people in {check.by}.",
                ask=reporters,
            )
        if release.state is State.ROLLING_BACK and not self._asked(release):
            return Refused(code=Code.STALE, because=f"{release.key} is rolled back, so no check counts.")
        return None

    def _asked(self, release: Release) -> bool:
        return any(self.check in gate.checks for gate in release.open_gates)

    def _reported(self, facts: Facts) -> Decision:
        return (
            CheckReported(
                at=facts.now, by=self.by, check=self.check, passed=self.passed, comment=self.comment
            ),
        )
