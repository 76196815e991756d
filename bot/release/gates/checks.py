"""The checks that a gate needs: what was reported or read of them, and for how long it counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event
from bot.release.ids import ROLLCALL, UserId
from bot.release.people.duties import there
from bot.release.people.roles import people_trouble
from bot.release.reason import comment_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.replace import replace
from bot.release.state import State
from bot.runbook.model import Check


class Outcome(StrEnum):
    """How a check went. Only one that passed can count; PENDING has neither passed nor failed yet."""

    PASSED = "passed"
    FAILED = "failed"
    PENDING = "pending"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReport:
    """What one person said last of a check that everybody in its role reports; `failing` is since when they
    have said that it failed."""

    by: UserId
    passed: bool
    at: datetime
    comment: str
    failing: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was reported or read of a check last; `since` is from when on it has been so.

    `failing` is since when it has failed without passing in between, whatever of it was not known. Until
    `soaks`, where that is set, it must go on passing before it counts. Where everybody in a role
    reports it, `each` has what each said last, in that order, and the rest is of the last who said no.
    """

    check: str
    outcome: Outcome
    by: UserId
    at: datetime
    comment: str
    since: datetime
    soaks: datetime | None = None
    failing: datetime | None = None
    each: tuple[PersonReport, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it passed, which may not count yet."""
        return self.outcome is Outcome.PASSED

    @property
    def counts(self) -> bool:
        """Whether the gates that need the check may be passed by it."""
        return self.passed and self.soaks is None

    def lasts(self, check: Check) -> timedelta:
        """Return for how long what was read stands, which is shorter while it soaks."""
        return check.lasts if self.soaks is None else check.soaks_on

    @property
    def was_read(self) -> bool:
        """Whether Rollcall has read it, and nobody has reported it by hand."""
        return self.by == ROLLCALL


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReported(Event):
    """A check passed or failed, for what is to be released now."""

    check: str
    passed: bool
    comment: str = ""

    def change(self, release: Release) -> Release:
        before = release.reports.get(self.check)
        outcome = Outcome.PASSED if self.passed else Outcome.FAILED
        report = Report(
            check=self.check,
            outcome=outcome,
            by=self.by,
            at=self.at,
            comment=self.comment,
            since=self.at,
            failing=failing_since(before, outcome, self.at),
        )
        if release.runbook.check(self.check).each:
            report = self._with_others(before)
        return replace(release, reports={**release.reports, self.check: report})

    def _with_others(self, before: Report | None) -> Report:
        """Return the report together with those of others."""
        others = before.each if before else ()
        mine = next((one.failing for one in others if one.by == self.by), None)
        report = PersonReport(
            by=self.by,
            passed=self.passed,
            at=self.at,
            comment=self.comment,
            failing=None if self.passed else mine or self.at,
        )
        return together(self.check, (*(one for one in others if one.by != self.by), report))

    def told(self) -> tuple[str, str]:
        return f"reported as {'passed' if self.passed else 'failed'}:", self.check


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCheck(Command):
    """Say how a check went, as somebody in the role that reports it."""

    check: str
    passed: bool
    comment: str = ""

    def decide(self, release: Release, facts: Facts) -> Decision:
        check = known_check(release, self.check)
        if isinstance(check, Refused):
            return check
        return self._may_not(release, check, facts) or comment_trouble(self.comment) or self._reported(facts)

    def _may_not(self, release: Release, check: Check, facts: Facts) -> Refused | None:
        if trouble := people_trouble(release, facts):
            return trouble
        reporters, before = release.reporters(check.name), release.reports.get(check.name)
        own = before is not None and self.by in {one.by for one in before.each if not one.passed}
        if self.by not in reporters and not own:
            whom = f"people in {check.by}" if check.by else "Rollcall, which reads it itself"
            return Refused(
                code=Code.NOT_YOURS,
                because=f"{check.name} is reported by {whom}.",
                ask=reporters,
            )
        if release.state is State.ROLLING_BACK and not self._asked(release):
            return Refused(code=Code.STALE, because=f"{release.key} is rolled back, so no check counts.")
        return self._is_read(release, check)

    def _asked(self, release: Release) -> bool:
        return any(self.check in gate.checks for gate in release.open_gates)

    def _is_read(self, release: Release, check: Check) -> Refused | None:
        """Refuse to say by hand what Rollcall reads, unless it cannot."""
        if not is_read(release, check):
            return None
        report = release.reports.get(check.name)
        how = f"says {report.outcome}" if report else "has not been read yet"
        return Refused(
            code=Code.STALE,
            because=f"Rollcall reads {check.name} itself, and it {how}.",
            instead="It is reported by hand only where it cannot be read.",
        )

    def _reported(self, facts: Facts) -> Decision:
        return (
            CheckReported(
                at=facts.now, by=self.by, check=self.check, passed=self.passed, comment=self.comment
            ),
        )


def failing_since(before: Report | None, outcome: Outcome, at: datetime) -> datetime | None:
    """Return since when a check has failed without passing in between, once it is said how it goes now."""
    if outcome is Outcome.PASSED:
        return None
    if before is not None and before.failing is not None:
        return before.failing
    return at if outcome is Outcome.FAILED else None


def together(check: str, each: tuple[PersonReport, ...]) -> Report:
    """Return as one what several people have reported: it has failed as soon as one of them says so.

    Whether somebody is missing is for `report_at`, so it has not passed before.
    """
    failed = [one for one in each if not one.passed]
    last = (failed or each)[-1]
    failing = min((one.failing or one.at for one in failed), default=None)
    return Report(
        check=check,
        outcome=Outcome.FAILED if failed else Outcome.PENDING,
        by=last.by,
        at=last.at,
        comment=last.comment,
        since=failing or last.at,
        failing=failing,
        each=each,
    )


def report_at(release: Release, check: str, stage: int) -> Report | None:
    """Return what is said of a check, as it counts at the gates of a stage.

    What everybody in a role reports has passed when all who are in it say so, and has failed as soon as one
    does. A no keeps its weight when its giver leaves the role: nothing is let through by a change of people.
    """
    report, rule = release.reports_at(stage).get(check), release.runbook.check(check)
    if report is None or rule.by is None or not rule.each:
        return report
    asked = release.members_at(stage).get(rule.by, ())
    each = tuple(one for one in report.each if one.by in asked or not one.passed)
    if not each:
        return None
    whole = together(check, each)
    if whole.outcome is Outcome.FAILED or not asked or len(each) < len(asked):
        return whole
    return replace(whole, outcome=Outcome.PASSED)


def is_read(release: Release, check: Check) -> bool:
    """Whether Rollcall reads a check itself, and can."""
    report = release.reports.get(check.name)
    known = report is None or (report.was_read and report.outcome is not Outcome.UNKNOWN)
    return check.read is not None and known


def asked_to_report(release: Release, check: str) -> tuple[UserId, ...]:
    """Return who is asked to report a check that has not passed: nobody while Rollcall reads it.

    Of what everybody reports, those are asked who have not said that it passed.
    """
    if is_read(release, release.runbook.check(check)):
        return ()
    report = release.reports.get(check)
    each = report.each if report else ()
    content = {one.by for one in each if one.passed}
    contrary = there(release, (one.by for one in each if not one.passed))
    waiting = (person for person in release.reporters(check) if person not in content)
    return tuple(dict.fromkeys((*waiting, *contrary)))


def known_check(release: Release, name: str) -> Check | Refused:
    """Return a check of the runbook by its name."""
    check = next((check for check in release.runbook.checks if check.name == name), None)
    if check is not None:
        return check
    known = ", ".join(check.name for check in release.runbook.checks) or "none"
    return Refused(
        code=Code.STALE,
        because=f"The runbook of {release.key} has no check {name[:60]}.",
        instead=f"Its checks: {known}.",
    )


def stands(release: Release, check: str, stage: int) -> str:
    """Return how a check stands at the gates of a stage, in words that follow its name."""
    report, rule = report_at(release, check, stage), release.runbook.check(check)
    if report is None:
        return "has not been read yet" if rule.read else "has not been reported"
    if rule.each and rule.by:
        how = "failed" if report.outcome is Outcome.FAILED else "passed"
        alike = sum(one.passed is (how == "passed") for one in report.each)
        everybody = {*release.members_at(stage).get(rule.by, ()), *(one.by for one in report.each)}
        return f"{how} for {alike} of {len(everybody)}"
    match report.outcome:
        case Outcome.PASSED:
            return "passed" if report.counts else "passes, but not for long enough yet"
        case Outcome.FAILED:
            return "failed"
        case Outcome.PENDING:
            return "is not done yet"
        case Outcome.UNKNOWN:
            return "cannot be read"
        case _:
            assert_never(report.outcome)


def by_hand(release: Release) -> Mapping[str, Report]:
    """Return the reports of what nobody but people can tell.

    What is read counts at the gates for which it was, and no others; so does what was said in its place.
    """
    told = {check.name for check in release.runbook.checks if check.read is None}
    return {check: report for check, report in release.reports.items() if check in told}
