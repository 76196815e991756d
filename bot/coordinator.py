"""The one door: every command of every surface goes through here.

Lock the release, gather the facts, decide, append, commit; and only then is the command answered. A refusal
and "that was counted already" are decided under the same lock as a success, so all answers fit one order.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from bot.clock import Clock
from bot.ledger.answers import Answered, Delivery, recall, remember
from bot.ledger.database import Database
from bot.ledger.ledger import Ledger, Standing
from bot.release.command import Command, Decision, Facts
from bot.release.decide import decide, decide_start
from bot.release.ids import KEY, ReleaseId, ReleaseKey, UserId, WorkspaceId
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.start import VERSION, Start, StartFacts
from bot.runbook.model import Role, Runbook
from bot.runbook.problems import RunbookError, UnknownService
from bot.runbook.read import Runbooks


class Directory(Protocol):
    """Who the people of a workspace are."""

    def people_in(self, role: Role) -> tuple[UserId, ...] | None:
        """Return who may fill a seat of `role`, sorted; None when that cannot be read. Does no I/O."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Yes: the release as it stands after the command. `again` when this delivery was counted before."""

    release: Release
    again: bool = False


Answer = Accepted | Refused


class Coordinator:
    """Decide commands, one at a time for each release, and keep what they bring about."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        runbooks: Runbooks,
        directory: Directory,
        clock: Clock,
        changed: Callable[[ReleaseId], None],
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._runbooks = runbooks
        self._directory = directory
        self._clock = clock
        self._changed = changed

    async def handle(self, command: Start | Command, delivery: Delivery | None = None) -> Answer:
        """Answer a command once what it brings about is durable. The same delivery has one effect.

        A command without a delivery comes from the clock: what it brings about depends on the release alone,
        so a second one finds nothing left to do.
        """
        try:
            answer = await self._durably(command, delivery)
        except IntegrityError:
            # The same delivery was answered at the same moment by another replica; that answer holds.
            answer = await self._durably(command, delivery)
        if isinstance(answer, Accepted):
            self._changed(answer.release.id)
        return answer

    async def _durably(self, command: Start | Command, delivery: Delivery | None) -> Answer:
        if delivery is None:
            return await self._database.write(lambda connection: self._decide(connection, command))
        return await self._database.write(lambda connection: self._answer(connection, command, delivery))

    def _answer(self, connection: Connection, command: Start | Command, delivery: Delivery) -> Answer:
        if answered := recall(connection, command.workspace, delivery):
            return self._once_more(connection, command.workspace, answered)
        answer = self._decide(connection, command)
        release = answer.release.key if isinstance(answer, Accepted) else None
        refusal = answer if isinstance(answer, Refused) else None
        answered = Answered(release=release, refusal=refusal)
        remember(connection, command.workspace, delivery, self._clock.now(), answered)
        return answer

    def _once_more(self, connection: Connection, workspace: WorkspaceId, answered: Answered) -> Answer:
        if answered.release is None:
            assert answered.refusal is not None
            return answered.refusal
        release = self._ledger.find(connection, ReleaseId(workspace, answered.release))
        assert release is not None
        return Accepted(release=release, again=True)

    def _decide(self, connection: Connection, command: Start | Command) -> Answer:
        if isinstance(command, Start):
            return self._keep(connection, None, decide_start(command, self._start_facts(connection, command)))
        known = KEY.fullmatch(command.release)
        release = known and self._ledger.lock(connection, ReleaseId(command.workspace, command.release))
        if not release:
            return unknown_release(command.release)
        return self._keep(connection, release, decide(release, command, self._facts(release)))

    def _keep(self, connection: Connection, before: Release | None, decision: Decision) -> Answer:
        if isinstance(decision, Refused):
            return decision
        if not decision:
            assert before is not None
            return Accepted(release=before)
        return Accepted(release=self._ledger.append(connection, before, decision))

    def _facts(self, release: Release) -> Facts:
        # A clock that stands still or was set back must not put an event before one that it follows.
        now = max(self._clock.now(), release.at + timedelta(microseconds=1))
        return Facts(now=now, members=self._members(release.runbook, release.starter))

    def _start_facts(self, connection: Connection, command: Start) -> StartFacts:
        runbook, trouble = self._runbook(command.service)
        fit = VERSION.fullmatch(command.version)
        standing = self._standing(connection, command) if runbook and fit else Standing()
        return StartFacts(
            now=self._clock.now(),
            services=() if trouble else self._runbooks.services(),
            runbook=runbook,
            trouble=trouble,
            members=self._members(runbook, command.by) if runbook else {},
            active=standing.active,
            released_as=standing.released_as,
            number=standing.number,
        )

    def _standing(self, connection: Connection, command: Start) -> Standing:
        return self._ledger.lock_service(connection, command.workspace, command.service, command.version)

    def _runbook(self, service: str) -> tuple[Runbook | None, str]:
        try:
            return self._runbooks.for_service(service), ""
        except UnknownService:
            return None, ""
        except RunbookError as error:
            return None, str(error)

    def _members(self, runbook: Runbook, starter: UserId) -> Mapping[str, tuple[UserId, ...] | None]:
        return {
            role.name: (starter,) if role.starter else self._directory.people_in(role)
            for role in runbook.roles
        }


def unknown_release(key: ReleaseKey) -> Refused:
    """Refuse because no release has this key."""
    return Refused(
        code=Code.UNKNOWN_RELEASE,
        because=f"There is no release {key[:60]}.",
        instead="The list of releases shows what is open.",
    )
