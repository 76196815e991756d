"""Starting a release."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import Final

from bot.release.command import Decision, Facts
from bot.release.event import Event
from bot.release.gates.result import GateResult, gate_result
from bot.release.ids import ROLLCALL, ChannelId, ReleaseKey, UserId, WorkspaceId
from bot.release.manifest import NOTHING_KNOWN, Manifest, manifest_trouble
from bot.release.people.directory import Away, Directory
from bot.release.people.duties import Circle, kept_apart, people_of
from bot.release.people.hours import Hours
from bot.release.people.roles import About, guests_in, hours_in, known, read_members, standing_in, unread
from bot.release.reason import comment_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Members, Release
from bot.release.replace import replace
from bot.release.stages.recovery import Rehearsal
from bot.release.stages.withdrawn import Withdrawn
from bot.runbook.model import Runbook
from bot.runbook.policy import changes, signing
from bot.runbook.roles.role import Duties, Standing

NOTE_LIMIT: Final = 1_000
"""Characters. A section of a Slack message holds 3,000, and the note is shown in one with other things."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """The release that was rolled back and keeps its service locked: why, and who may lift that."""

    key: ReleaseKey
    reason: str
    may_lift: tuple[UserId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An earlier release of the same version, which was rolled back: when, and why."""

    key: ReleaseKey
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFacts:
    """What was read for one start, under the lock of the service.

    `runbook` is None when the service or the kind is unknown or its runbook does not parse; then `trouble`
    says what is wrong with it, or is empty. `signed` is the runbook that the service was released by last,
    as the people whom it asks have signed it. `active` is the service's open release, `released_as` the
    completed release that had the same version, `earlier` one of that version that was rolled back, `number`
    the next free number of the service, `withdrawn` what was rolled back since it was last released,
    `in_production` the version that was, and not rolled back, with its commit.
    Of a drill, `rehearsal` is the way back that there is; what else concerns releases only is nothing.
    """

    now: datetime
    services: tuple[str, ...]
    kinds: tuple[str, ...]
    runbook: Runbook | None
    trouble: str
    directory: Directory
    signed: Runbook | None
    active: ReleaseKey | None
    released_as: ReleaseKey | None
    locked: Locked | None
    earlier: Earlier | None
    number: int
    withdrawn: tuple[Withdrawn, ...] = ()
    in_production: tuple[str, str] = ("", "")
    rehearsal: Rehearsal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Event):
    """A release was started; it keeps the runbook's content and who was in its roles.

    `before` is the runbook by which the service was released last, if who may say go is different in it, and
    `policy` says how; those whom it asked sign the difference at the first gate. `captain` is who leads it,
    where a pipeline has begun it and not a person.
    """

    workspace: WorkspaceId
    key: ReleaseKey
    service: str
    version: str
    note: str
    channel: ChannelId
    runbook: Runbook
    runbook_hash: str
    members: Members
    manifest: Manifest = NOTHING_KNOWN
    deputies: Mapping[UserId, Away] = field(default_factory=dict)
    guests: tuple[UserId, ...] = ()
    hours: Mapping[UserId, Hours] = field(default_factory=dict)
    before: Runbook | None = None
    policy: tuple[str, ...] = ()
    earlier: Earlier | None = None
    withdrawn: tuple[Withdrawn, ...] = ()
    replaces: str = ""
    rehearsal: Rehearsal | None = None
    replaces_commit: str = ""
    captain: UserId | None = None

    def change(self, release: Release) -> Release:
        return replace(release, opened={0: self.at}, since=self.at)

    def release(self) -> Release:
        """Return the release before its first event."""
        return Release(
            workspace=self.workspace,
            key=self.key,
            service=self.service,
            version=self.version,
            note=self.note,
            manifest=self.manifest,
            runbook=signing(self.before, self.runbook) if self.before else self.runbook,
            filed=self.runbook,
            policy=self.policy,
            duties_before=self.before.duties if self.before else Duties.OFF,
            earlier=self.earlier,
            withdrawn=self.withdrawn,
            replaces=self.replaces,
            replaces_commit=self.replaces_commit,
            rehearsal=self.rehearsal,
            channel=self.channel,
            starter=self.captain or self.by,
            captain=self.captain or self.by,
            started_at=self.at,
            members=self.members,
            deputies=self.deputies,
            guests=self.guests,
            hours=self.hours,
            read_at=self.at,
            since=self.at,
            at=self.at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DutiesRelaxed(Event):
    """The runbook does not keep starter and authors apart from those who approve."""

    duties: Duties

    def change(self, release: Release) -> Release:
        return release


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Start a release of `version` of `service` in a channel; `same` where nothing in it need be new.

    What a pipeline has begun is started by Rollcall; somebody of those who lead then counts as its starter.
    """

    workspace: WorkspaceId
    by: UserId
    channel: ChannelId
    service: str
    version: str
    note: str = ""
    kind: str = "normal"
    manifest: Manifest = NOTHING_KNOWN
    same: bool = False

    def decide(self, facts: StartFacts) -> Decision:
        """Return the events that start the release, or why it cannot start."""
        if facts.runbook is None:
            return self._without_runbook(facts)
        return (
            self._bad_text()
            or self._taken(facts)
            or self._may_not(facts, facts.runbook)
            or self._begin(facts, facts.runbook)
        )

    def _without_runbook(self, facts: StartFacts) -> Refused:
        if facts.trouble:
            return Refused(
                code=Code.RUNBOOK_BROKEN,
                because=f"The runbook of {self.service} cannot be used: {facts.trouble}",
                instead="Correct the file, check it with rollcall lint, and start again.",
            )
        if facts.kinds:
            return Refused(
                code=Code.KIND_UNKNOWN,
                because=f"The runbook of {self.service} knows no kind {self.kind[:60]}.",
                instead=_meant(self.kind, facts.kinds) or f"Kinds: {', '.join(facts.kinds)}.",
            )
        return Refused(
            code=Code.UNKNOWN_SERVICE,
            because=f"No runbook names a service {self.service[:60]}.",
            instead=_meant(self.service, facts.services)
            or f"Services: {', '.join(facts.services) or 'none yet'}.",
        )

    def _bad_text(self) -> Refused | None:
        return manifest_trouble(self.version, self.manifest) or comment_trouble(self.note, NOTE_LIMIT)

    def _taken(self, facts: StartFacts) -> Refused | None:
        if facts.active:
            return Refused(
                code=Code.ANOTHER_ACTIVE,
                because=f"{facts.active} is still open, and one release at a time holds a service.",
                instead=f"Finish or cancel {facts.active} first.",
            )
        if facts.locked:
            key = facts.locked.key
            return Refused(
                code=Code.LOCKED,
                because=f"{self.service} is locked since {key} was rolled back: “{facts.locked.reason}”",
                instead=f"When it is mended, lift the lock in the thread of {key}, and say what was mended.",
                ask=facts.locked.may_lift,
            )
        if facts.released_as:
            return Refused(
                code=Code.ALREADY_RELEASED,
                because=f"{self.service} {self.version} was released as {facts.released_as}.",
                instead="Start the version that is new.",
            )
        return None

    def _may_not(self, facts: StartFacts, runbook: Runbook) -> Refused | None:
        pinned = signing(facts.signed, runbook) if facts.signed else runbook
        starter = self._starter(facts, runbook)
        if trouble := unread(pinned, self._about(starter), facts.directory, facts.now):
            return trouble
        if starter == ROLLCALL:
            return self._nobody_leads(runbook)
        standing = facts.directory.people.get(starter)
        if standing is not Standing.MEMBER:
            return Refused(
                code=Code.NOT_ELIGIBLE,
                because="A release is started by a full member of the workspace, not by"
                f" a {standing or Standing.STRANGER}.",
                instead="Ask a member to start it.",
            )
        lead = known(self._read(facts, pinned, starter)).get(runbook.lead or "", ())
        if runbook.lead is not None and starter not in lead:
            return Refused(
                code=Code.NOT_ELIGIBLE,
                because=f"Releases of {self.service} are led by people in {runbook.lead}.",
                instead="Ask one of them to start it.",
                ask=lead,
            )
        return None

    def _starter(self, facts: StartFacts, runbook: Runbook) -> UserId:
        """Return who starts it: of what a pipeline has begun, the first who may lead, or Rollcall."""
        if self.by != ROLLCALL:
            return self.by
        members = known(self._read(facts, runbook, ROLLCALL))
        people = [person for role in _leading(runbook) for person in members.get(role, ())]
        full = [p for p in people if facts.directory.people.get(p) is Standing.MEMBER]
        away = facts.directory.deputies(facts.now)
        return next((person for person in full if person not in away), next(iter(full), ROLLCALL))

    def _nobody_leads(self, runbook: Runbook) -> Refused:
        return Refused(
            code=Code.NOT_ENOUGH_PEOPLE,
            because=f"A pipeline has begun it, and nobody is in {' or '.join(_leading(runbook))} to lead it.",
            instead="Start it in Slack, and lead it.",
        )

    def _begin(self, facts: StartFacts, runbook: Runbook) -> Decision:
        started = self._started(facts, runbook)
        if trouble := _short_of_people(started.change(started.release())):
            return trouble
        if runbook.duties is Duties.STRICT:
            return (started,)
        return (started, DutiesRelaxed(at=facts.now, by=self.by, duties=runbook.duties))

    def _started(self, facts: StartFacts, runbook: Runbook) -> Started:
        policy = changes(facts.signed, runbook) if facts.signed else ()
        before = facts.signed if policy else None
        pinned = signing(before, runbook) if before else runbook
        starter = self._starter(facts, runbook)
        members = self._read(facts, pinned, starter)
        deputies = standing_in(pinned, members, (starter,), Facts(now=facts.now, directory=facts.directory))
        return Started(
            at=facts.now,
            by=self.by,
            workspace=self.workspace,
            key=ReleaseKey(f"{self.service}-{facts.number}"),
            service=self.service,
            version=self.version,
            note=self.note,
            channel=self.channel,
            runbook=runbook,
            runbook_hash=runbook.content_hash,
            members=known(members),
            manifest=self.manifest,
            deputies=deputies,
            guests=guests_in(members, facts.directory),
            hours=hours_in(members, deputies, (starter,), facts.directory),
            before=before,
            policy=policy,
            earlier=facts.earlier,
            withdrawn=facts.withdrawn,
            replaces=facts.in_production[0],
            replaces_commit=facts.in_production[1],
            rehearsal=facts.rehearsal,
            captain=None if starter == self.by else starter,
        )

    def _read(
        self, facts: StartFacts, runbook: Runbook, starter: UserId
    ) -> Mapping[str, tuple[UserId, ...] | None]:
        return read_members(runbook, self._about(starter), facts.directory, facts.now)

    def _about(self, starter: UserId) -> About:
        return About(starter=starter, manifest=self.manifest)


def _leading(runbook: Runbook) -> Sequence[str]:
    """Return the roles whose people may lead what nobody has started: that of the runbook, or the owners'."""
    return [runbook.lead] if runbook.lead else list(dict.fromkeys(stage.owner for stage in runbook.stages))


@dataclass(frozen=True, slots=True, kw_only=True)
class Short:
    """A gate that could not be met whoever acts, and the roles that are short of people who approve."""

    stage: str
    result: GateResult
    roles: tuple[str, ...]


def short_of_people(release: Release) -> Iterable[Short]:
    """Return the gates of all stages for which there are too few people."""
    for index in range(len(release.runbook.stages) + 1):
        for gate in release.stage_at(index).gates:
            result = gate_result(release, gate, index)
            roles = tuple(seats.role for seats in result.open if seats.missing)
            if (roles or result.unreportable) and not result.status.passes:
                yield Short(stage=release.stage_name(index), result=result, roles=roles)


def _short_of_people(release: Release) -> Refused | None:
    short = next(iter(short_of_people(release)), None)
    if short is None:
        return None
    lacks = ", and there ".join(
        [*_too_few(release, short.roles), *_no_reporter(release, short.result.unreportable)]
    )
    return Refused(
        code=Code.NOT_ENOUGH_PEOPLE,
        because=f"The gate {short.result.gate.name} of {short.stage} could never be met: there {lacks}.",
        instead="Let somebody else start it, or add people to the role.",
    )


def _too_few(release: Release, roles: Sequence[str]) -> Iterable[str]:
    kept = [p for role in roles for p in release.members.get(role, ()) if p in kept_apart(release)]
    why = ", as who starts a release or wrote some of it approves none of it" if kept else ""
    if roles:
        yield f"are too few people in {' and '.join(roles)}{why}"


def _no_reporter(release: Release, checks: Sequence[str]) -> Iterable[str]:
    for check in checks:
        yield f"is nobody in {release.runbook.check(check).by} to report the check {check}"


def locked_by(release: Release) -> Locked | None:
    """Return the lock that a release keeps on its service, if it does."""
    if release.lock is None:
        return None
    may_lift = people_of(release, Circle.LEAD, Circle.ROLLBACK)
    return Locked(key=release.key, reason=release.lock.reason, may_lift=may_lift)


def _meant(word: str, known_words: Sequence[str]) -> str:
    near = get_close_matches(word.lower(), known_words)
    return f"Did you mean {near[0]}?" if near else ""
