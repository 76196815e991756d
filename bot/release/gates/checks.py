"""The checks that a gate needs: what was reported or read of them, and for how long it counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event, Told
from bot.release.ids import ROLLCALL, UserId
from bot.release.people.roles import people_trouble
from bot.release.reason import comment_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.replace import replace
from bot.release.state import State
from bot.runbook.gates.gate import Gate
from bot.runbook.model import Check
from bot.runbook.problems import nearest


class Outcome(StrEnum):
    """How a check went. Only one that passed can count; PENDING has neither passed nor failed yet."""

    PASSED = "passed"
    FAILED = "failed"
    PENDING = "pending"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was reported or read of a check last; `since` is from when on it has been so.

    `failing` is since when it has failed without passing in between, whatever of it was not known. Until
    `soaks`, where that is set, it must go on passing before it counts.
    """

    by: UserId
    outcome: Outcome
    at: datetime
    comment: str
    since: datetime
    soaks: datetime | None = None
    failing: datetime | None = None

    @property
    def passed(self) -> bool:
        """Whether it passed, which may not count yet."""
        return self.outcome is Outcome.PASSED

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
        said = release.reports.get(self.check, ())
        # Where everybody reports it, what others have said stands.
        others = tuple(one for one in said if one.by != self.by) if self._by_each(release) else ()
        before = next((one for one in said if one not in others), None)
        outcome = Outcome.PASSED if self.passed else Outcome.FAILED
        report = Report(
            by=self.by,
            outcome=outcome,
            at=self.at,
            comment=self.comment,
            since=self.at,
            failing=failing_since(before, outcome, self.at),
        )
        return replace(release, reports={**release.reports, self.check: (*others, report)})

    def _by_each(self, release: Release) -> bool:
        return release.runbook.check(self.check).each

    def told(self) -> Told:
        return Told(f"reported as {'passed' if self.passed else 'failed'}:", self.check, self.comment)


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
        reporters, said = release.reporters(check.name), release.reports.get(check.name, ())
        own = check.each and self.by in {one.by for one in said if not one.passed}
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
        report = last_report(release, check.name)
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


def last_report(release: Release, check: str) -> Report | None:
    """Return what was reported or read of a check last."""
    said = release.reports.get(check)
    return said[-1] if said else None


def is_read(release: Release, check: Check) -> bool:
    """Whether Rollcall reads a check itself, and can."""
    report = last_report(release, check.name)
    known = report is None or (report.was_read and report.outcome is not Outcome.UNKNOWN)
    return check.read is not None and known


def told_by_hand(release: Release, gate: Gate) -> tuple[str, ...]:
    """Return the checks of a gate that somebody can report now: those that Rollcall does not read itself."""
    checks = (release.runbook.check(name) for name in gate.checks)
    return tuple(check.name for check in checks if check.by and not is_read(release, check))


def known_check(release: Release, name: str) -> Check | Refused:
    """Return a check of the runbook by its name."""
    check = next((check for check in release.runbook.checks if check.name == name), None)
    if check is not None:
        return check
    names = [check.name for check in release.runbook.checks]
    near = _meant(name, names)
    return Refused(
        code=Code.STALE,
        because=f"The runbook of {release.key} has no check {name[:60]}.",
        instead=f"{near and f'Did you mean {near}? '}Its checks: {', '.join(names) or 'none'}.",
    )


def _meant(name: str, names: Sequence[str]) -> str:
    """Return the check that a name may be a typo of, or the beginning, or nothing."""
    begun = [one for one in names if name and one.lower().startswith(name.lower())]
    words = {one.split()[0]: one for one in reversed(names)}
    first = nearest(name, words)
    return nearest(name, names) or next(iter(begun), "") or (words[first] if first else "")


def by_hand(release: Release) -> Mapping[str, tuple[Report, ...]]:
    """Return the reports of what nobody but people can tell.

    What is read counts at the gates for which it was, and no others; so does what was said in its place.
    """
    told = {check.name for check in release.runbook.checks if check.read is None}
    return {check: said for check, said in release.reports.items() if check in told}
