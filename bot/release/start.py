"""Starting a release."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Final

from bot.release.command import Decision
from bot.release.event import Event
from bot.release.gates import roles_of_people, seat_roles
from bot.release.ids import ChannelId, ReleaseKey, UserId, WorkspaceId
from bot.release.members import cannot_read_people, known
from bot.release.reason import comment_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Members, Release
from bot.release.seats import fill_seats
from bot.runbook.model import Gate, Runbook

VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+/-]{0,63}", re.ASCII)
NOTE_LIMIT: Final = 1_000
"""Characters. A section of a Slack message holds 3,000, and the note is shown in one with other things."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFacts:
    """What was read for one start, under the lock of the service.

    `runbook` is None when the service is unknown or its runbook does not parse; then `trouble` says what is
    wrong with it, or is empty. `active` is the service's open release, `released_as` the completed release
    that had the same version, `number` the next free number of the service.
    """

    now: datetime
    services: tuple[str, ...]
    runbook: Runbook | None
    trouble: str
    members: Mapping[str, tuple[UserId, ...] | None]
    active: ReleaseKey | None
    released_as: ReleaseKey | None
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Event):
    """A release was started; it keeps the runbook's content and who was in its roles."""

    workspace: WorkspaceId
    key: ReleaseKey
    service: str
    version: str
    note: str
    channel: ChannelId
    runbook: Runbook
    runbook_hash: str
    members: Members

    def change(self, release: Release) -> Release:
        return replace(release, opened=(self.at,), since=self.at)

    def release(self) -> Release:
        """Return the release before its first event."""
        return Release(
            workspace=self.workspace,
            key=self.key,
            service=self.service,
            version=self.version,
            note=self.note,
            runbook=self.runbook,
            channel=self.channel,
            starter=self.by,
            captain=self.by,
            started_at=self.at,
            members=self.members,
            since=self.at,
            at=self.at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Start a release of `version` of `service` in a channel."""

    workspace: WorkspaceId
    by: UserId
    channel: ChannelId
    service: str
    version: str
    note: str = ""

    def decide(self, facts: StartFacts) -> Decision:
        """Return the event that starts the release, or why it cannot start."""
        if facts.runbook is None:
            return self._without_runbook(facts)
        return self._bad_text() or self._taken(facts) or self._short_of_people(facts) or self._begin(facts)

    def _without_runbook(self, facts: StartFacts) -> Refused:
        if facts.trouble:
            return Refused(
                code=Code.RUNBOOK_BROKEN,
                because=f"The runbook of {self.service} cannot be used: {facts.trouble}",
                instead="Correct the file, check it with rollcall lint, and start again.",
            )
        near = get_close_matches(self.service.lower(), facts.services, n=1)
        known = ", ".join(facts.services) or "none yet"
        return Refused(
            code=Code.UNKNOWN_SERVICE,
            because=f"No runbook names a service {self.service[:60]}.",
            instead=f"Did you mean {near[0]}?" if near else f"Services: {known}.",
        )

    def _bad_text(self) -> Refused | None:
        if not VERSION.fullmatch(self.version):
            return Refused(
                code=Code.VERSION_INVALID,
                because="A version holds letters, digits and . _ + - / only, starts with a letter or digit,"
                " and has at most 64 characters.",
                instead="For example: 1.4.0",
            )
        return comment_trouble(self.note, NOTE_LIMIT)

    def _taken(self, facts: StartFacts) -> Refused | None:
        if facts.active:
            return Refused(
                code=Code.ANOTHER_ACTIVE,
                because=f"{facts.active} is still open, and one release at a time holds a service.",
                instead=f"Finish or cancel {facts.active} first.",
            )
        if facts.released_as:
            return Refused(
                code=Code.ALREADY_RELEASED,
                because=f"{self.service} {self.version} was released as {facts.released_as}.",
                instead="Start the version that is new.",
            )
        return None

    def _short_of_people(self, facts: StartFacts) -> Refused | None:
        if None in facts.members.values():
            return cannot_read_people(facts.members)
        assert facts.runbook is not None
        for stage in facts.runbook.stages:
            for gate in stage.gates:
                if missing := unfillable(gate, known(facts.members), self.by):
                    return Refused(
                        code=Code.NOT_ENOUGH_PEOPLE,
                        because=f"The gate {gate.name} of {stage.name} could never be met: there are"
                        f" too few people in {' and '.join(missing)}, as who starts a release approves none"
                        " of it.",
                        instead="Let somebody else start it, or add people to the role.",
                    )
        return None

    def _begin(self, facts: StartFacts) -> Decision:
        assert facts.runbook is not None
        started = Started(
            at=facts.now,
            by=self.by,
            workspace=self.workspace,
            key=ReleaseKey(f"{self.service}-{facts.number}"),
            service=self.service,
            version=self.version,
            note=self.note,
            channel=self.channel,
            runbook=facts.runbook,
            runbook_hash=facts.runbook.content_hash,
            members=known(facts.members),
        )
        return (started,)


def unfillable(gate: Gate, members: Members, starter: UserId) -> tuple[str, ...]:
    """Return the roles of the seats that stay empty even if everybody who may approves."""
    places = seat_roles(gate)
    sitting = fill_seats(places, roles_of_people(gate, members, starter))
    empty = (role for role, person in zip(places, sitting, strict=True) if person is None)
    return tuple(dict.fromkeys(empty))
