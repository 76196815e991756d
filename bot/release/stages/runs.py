"""The runs of a release: a step that is done by a pipeline, from when it is asked for to how it ended.

What asks for a run is the release itself, once it is the turn of its step. What becomes of it is told by
Rollcall, which has seen it; nobody else can say so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, assert_never

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event
from bot.release.ids import ROLLCALL, ReleaseKey
from bot.release.reason import comment_trouble, is_link
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.replace import replace
from bot.release.stages.failure import StepFailed
from bot.release.stages.holds import on_hold
from bot.release.stages.steps import StepDone
from bot.runbook.runs import BEFORE, BEFORE_COMMIT, COMMIT, Provider, filled
from bot.runbook.runs import Run as Written
from bot.runbook.values import duration

_MUST_BE_KNOWN: Final = {
    BEFORE: "The version before",
    BEFORE_COMMIT: "The commit of the version before",
    COMMIT: "The commit",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be run, with all fields filled: by which provider, what of it, and with which words.

    A workflow and a pipeline are in a repository, are run at a branch or tag, and are given values by name. A
    webhook is named by its address.
    """

    by: Provider
    name: str
    words: tuple[str, ...] = ()
    repository: str = ""
    ref: str = ""
    inputs: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """How it is told in a line."""
        at = [f"at {self.ref}"] if self.ref else []
        return " ".join([self.name, *self.words, *at, *(f"{name}={value}" for name, value in self.inputs)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a step at an attempt: what is run, until when it has time, and how it ended.

    `number` counts all runs of the release, from 1. `link` leads to where it can be watched. `said` is the
    last that it said of itself, or why it could not be started. `behind` is what it waits for before it
    begins, where that does not stop.
    """

    number: int
    stage: int
    step: str
    attempt: int
    order: Order
    at: datetime
    until: datetime
    began: datetime | None = None
    link: str = ""
    ended: datetime | None = None
    passed: bool = False
    said: str = ""
    behind: "Behind | None" = None

    @property
    def held_up_by(self) -> "Behind | None":
        """The older run that keeps it from beginning, if one does."""
        return None if self.began or self.ended else self.behind


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """An older run of the service that is to stop and does not, since when, and where it can be seen."""

    release: ReleaseKey
    number: int
    since: datetime
    link: str = ""

    @property
    def text(self) -> str:
        """How it is named in a line."""
        return f"run {self.number} of {self.release}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAsked(Event):
    """It is the turn of a step that is run."""

    stage: int
    step: str
    attempt: int
    order: Order
    until: datetime

    def change(self, release: Release) -> Release:
        run = Run(
            number=len(release.runs) + 1,
            stage=self.stage,
            step=self.step,
            attempt=self.attempt,
            order=self.order,
            at=self.at,
            until=self.until,
        )
        return replace(release, runs=(*release.runs, run))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHeldUp(Event):
    """A run cannot begin yet: an older run of the service is to stop, and does not."""

    number: int
    older: ReleaseKey
    older_number: int
    link: str = ""

    def change(self, release: Release) -> Release:
        behind = Behind(release=self.older, number=self.older_number, since=self.at, link=self.link)
        return _with(release, replace(release.runs[self.number - 1], behind=behind))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBegan(Event):
    """A run was started, or it became known later where it can be watched."""

    number: int
    link: str = ""

    def change(self, release: Release) -> Release:
        run = release.runs[self.number - 1]
        return _with(release, replace(run, began=run.began or self.at, link=self.link))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(Event):
    """A run has ended, or could not be started."""

    number: int
    passed: bool
    said: str = ""

    def change(self, release: Release) -> Release:
        run = release.runs[self.number - 1]
        return _with(release, replace(run, ended=self.at, passed=self.passed, said=self.said))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRunHeldUp(Command):
    """Say that a run cannot begin, as an older run of the service does not stop."""

    number: int
    older: ReleaseKey
    older_number: int
    link: str = ""

    def decide(self, release: Release, facts: Facts) -> Decision:
        if trouble := _cannot_be_told(release, self.number, self):
            return trouble
        run = release.runs[self.number - 1]
        known = run.behind and (run.behind.release, run.behind.number)
        if run.began or known == (self.older, self.older_number):
            return _known_already(self.number)
        return (
            RunHeldUp(
                at=facts.now,
                by=self.by,
                number=self.number,
                older=self.older,
                older_number=self.older_number,
                link=self.link if is_link(self.link) else "",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRunBegan(Command):
    """Say that a run was started, and where it can be watched."""

    number: int
    link: str = ""

    def decide(self, release: Release, facts: Facts) -> Decision:
        if trouble := _cannot_be_told(release, self.number, self):
            return trouble
        # A run goes on where its address cannot be shown.
        link = self.link if is_link(self.link) else ""
        run = release.runs[self.number - 1]
        if run.began and (run.link or not link):
            return _known_already(self.number)
        return (RunBegan(at=facts.now, by=self.by, number=self.number, link=link),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRunEnded(Command):
    """Say how a run ended, and what it said last."""

    number: int
    passed: bool
    said: str = ""

    def decide(self, release: Release, facts: Facts) -> Decision:
        return (
            _cannot_be_told(release, self.number, self)
            or comment_trouble(self.said)
            or (RunEnded(at=facts.now, by=self.by, number=self.number, passed=self.passed, said=self.said),)
        )


def what_runs(release: Release, now: datetime) -> Event | None:
    """Return what follows for the step that is next, where it is run: it is asked for, done, or has failed.

    While a hold is open no run is asked for, and the step of one that has passed is not done; what has failed
    has failed.
    """
    if release.failure is not None or (step := release.open_steps[0]).run is None:
        return None
    run = release.run
    if run is None:
        return None if on_hold(release) else _asked(release, now)
    if run.ended is None:
        return None
    if not run.passed:
        return _failed(release, run.said or "It failed, and did not say why.", now)
    return None if on_hold(release) else StepDone(at=now, by=ROLLCALL, stage=release.stage, step=step.do)


def overdue_run(release: Release, now: datetime) -> StepFailed | None:
    """Return the failure of the step whose run has had its time; the run is then no longer wanted."""
    run = release.run
    if run is None or run.ended is not None or run.until > now:
        return None
    time = duration(run.until - run.at)
    if older := run.held_up_by:
        return _failed(release, f"It could not begin within {time}: {older.text} did not stop.", now)
    return _failed(release, f"It did not end within {time}, so it is stopped.", now)


def run_time(release: Release) -> datetime | None:
    """Return when the run that is under way has had its time."""
    run = release.run
    return run.until if run and run.ended is None else None


def _asked(release: Release, now: datetime) -> Event:
    step, stage = release.open_steps[0], release.current
    assert step.run is not None
    before, before_commit = release.going_back_to
    values = {
        "version": release.version,
        COMMIT: release.manifest.commit,
        BEFORE: before,
        BEFORE_COMMIT: before_commit,
        "service": release.service,
        "release": release.key,
        "stage": stage.name,
        "environment": stage.where,
    }
    for field, what in _MUST_BE_KNOWN.items():
        if field in step.run.fields and not values[field]:
            return _failed(release, f"{what} is not known, so nothing was run.", now)
    return RunAsked(
        at=now,
        by=ROLLCALL,
        stage=release.stage,
        step=step.do,
        attempt=release.attempt,
        order=_order(step.run, release.runbook.repository or "", values),
        until=now + step.run.within,
    )


def _order(run: Written, repository: str, values: Mapping[str, str]) -> Order:
    """Return what a runbook says is to be run, with the values of a release in place of its fields."""
    inputs = tuple((one.name, filled(one.value, values)) for one in run.inputs)
    match run.by:
        case Provider.COMMAND:
            name, *words = (filled(word, values) for word in run.command or ())
            return Order(by=run.by, name=name, words=tuple(words))
        case Provider.WORKFLOW:
            ref = filled(run.ref or "", values)
            return Order(by=run.by, name=run.workflow or "", repository=repository, ref=ref, inputs=inputs)
        case Provider.PIPELINE:
            ref = filled(run.pipeline or "", values)
            return Order(by=run.by, name=run.by.value, repository=repository, ref=ref, inputs=inputs)
        case Provider.WEBHOOK:
            return Order(by=run.by, name=run.webhook or "", inputs=inputs)
        case _:
            assert_never(run.by)


def _failed(release: Release, reason: str, now: datetime) -> StepFailed:
    return StepFailed(
        at=now,
        by=ROLLCALL,
        stage=release.stage,
        step=release.open_steps[0].do,
        attempt=release.attempt,
        reason=reason,
    )


def _cannot_be_told(release: Release, number: int, command: Command) -> Refused | None:
    if command.by != ROLLCALL:
        return Refused(code=Code.NOT_YOURS, because="What becomes of a run is told by Rollcall alone.")
    if not 1 <= number <= len(release.runs):
        return Refused(code=Code.STALE, because=f"{release.key} has no run {number}.")
    return _known_already(number) if release.runs[number - 1].ended else None


def _known_already(number: int) -> Refused:
    return Refused(code=Code.ALREADY_DONE, because=f"That of run {number} is known already.")


def _with(release: Release, run: Run) -> Release:
    runs = release.runs
    return replace(release, runs=(*runs[: run.number - 1], run, *runs[run.number :]))
