"""What counts only for a time: approvals at a gate that says so, and what is known of checks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.release.event import Event
from bot.release.ids import ROLLCALL, UserId
from bot.release.release import Release, Verdict, Vote
from bot.release.replace import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalExpired(Event):
    """An approval was older than its gate lets it be, so its giver is asked again."""

    stage: int
    gate: str
    person: UserId

    def change(self, release: Release) -> Release:
        vote = release.vote(self.stage, self.gate, self.person)
        return release if vote is None else release.voiding(self.at, {vote: "it is too old by now"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckExpired(Event):
    """The report of a check is older than it may be: that of a person, where everybody reports it."""

    check: str
    person: UserId | None = None

    def change(self, release: Release) -> Release:
        reports = dict(release.reports)
        said = reports.pop(self.check)
        if self.person is not None and (others := tuple(one for one in said if one.by != self.person)):
            reports[self.check] = others
        expired = {**release.expired, (self.check, self.person): self.at}
        return replace(release, reports=reports, expired=expired)


def expired(release: Release, now: datetime) -> Iterable[Event]:
    """Return the events by which what is too old at `now` ceases to count."""
    for vote, ends in _approvals(release):
        if ends <= now:
            yield ApprovalExpired(at=now, by=ROLLCALL, stage=vote.stage, gate=vote.gate, person=vote.by)
    for check, person, ends in _reports(release):
        if ends <= now:
            yield CheckExpired(at=now, by=ROLLCALL, check=check, person=person)


def next_expiry(release: Release) -> datetime | None:
    """Return when something that counts now will be too old next."""
    ends = [end for _, end in _approvals(release)] + [end for *_, end in _reports(release)]
    return min(ends, default=None)


def _approvals(release: Release) -> Iterable[tuple[Vote, datetime]]:
    """Return the approvals at gates that are still open and let them expire, each with its end."""
    if release.state.ended:
        return
    for vote in release.votes:
        is_open = vote.stage >= release.stage and vote.stage not in release.began
        if is_open and vote.verdict is Verdict.APPROVED:
            gate = release.gate(vote.stage, vote.gate)
            if gate is not None and gate.expires:
                yield vote, vote.at + gate.expires


def _reports(release: Release) -> Iterable[tuple[str, UserId | None, datetime]]:
    """Return the reports that grow too old, each with its end: of each person, where everybody reports."""
    if release.state.ended:
        return
    for check in release.runbook.checks:
        for report in release.reports.get(check.name, ()):
            if report.was_read and report.passed:
                yield check.name, None, report.at + report.lasts(check)
            elif check.fresh and not report.was_read:
                # What was read and counts for nothing stands until the next reading.
                yield check.name, report.by if check.each else None, report.at + check.fresh
