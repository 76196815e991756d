"""The one door: every command of every surface goes through here.

Lock the release, gather the facts, decide, append, commit; and only then is the command answered. A refusal
and "that was counted already" are decided under the same lock as a success, so all answers fit one order.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from bot.clock import Clock
from bot.ledger import own
from bot.ledger.database import Database
from bot.ledger.ledger import Ledger, Standing
from bot.ledger.progress.answers import Answered, Delivery, recall, remember, renew
from bot.release.changes import Reading, Wanted, informed
from bot.release.command import Command, Decision, Facts
from bot.release.decide import decide, decide_start, fold
from bot.release.ids import KEY, ReleaseId, ReleaseKey, UserId, WorkspaceId
from bot.release.manifest import VERSION
from bot.release.people.directory import Directory
from bot.release.people.hours import Hours
from bot.release.people.own import OwnCommand
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.stages.drill import StartDrill, drills_of
from bot.release.stages.revision import ChangeManifest
from bot.release.stages.start import Earlier, Locked, Start, StartFacts, locked_by
from bot.release.stages.withdrawn import Withdrawn, withdrawn_with
from bot.runbook.files.read import Runbooks
from bot.runbook.model import DRILL, NORMAL, Runbook
from bot.runbook.problems import RunbookError, UnknownKind, UnknownService

WITHDRAWN_LIMIT: Final = 3
"""Releases that were rolled back, of which the next one of the service tells."""


class People(Protocol):
    """Who the people of a workspace are."""

    def seen(self) -> Directory:
        """Return the people as they were read last. Does no I/O."""
        ...


class Sources(Protocol):
    """Where it is read what is in a version of a service."""

    async def read(self, wanted: Wanted) -> Reading:
        """Return what is in a version. It answers quickly, as a person waits for it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Yes: the release as it stands after the command. `again` when this delivery was counted before."""

    release: Release
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Yes, to something that a person says of themselves."""


Given = Start | StartDrill | Command
Answer = Accepted | Refused


class Coordinator:
    """Decide commands, one at a time for each release, and keep what they bring about."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        runbooks: Runbooks,
        people: People,
        sources: Sources,
        clock: Clock,
        changed: Callable[[ReleaseId], None],
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._runbooks = runbooks
        self._people = people
        self._sources = sources
        self._clock = clock
        self._changed = changed

    async def handle(self, command: Given, delivery: Delivery | None = None) -> Answer:
        """Answer a command once what it brings about is durable. The same delivery has one effect.

        A command without a delivery comes from the clock, or from what follows the ledger outside, such as a
        run, a reading or a deployment. It has one effect by itself: a second one finds nothing left to do.
        """
        reading = await self._reading(command)
        try:
            answer = await self._durably(command, delivery, reading)
        except IntegrityError:
            # The same delivery was answered at the same moment by another replica; that answer holds.
            answer = await self._durably(command, delivery, reading)
        if isinstance(answer, Accepted):
            self._changed(answer.release.id)
        return answer

    async def note(self, command: OwnCommand) -> Noted | Refused:
        """Answer what a person says of themselves once it is durable; said twice, it has one effect."""
        return await self._database.write(lambda connection: self._note(connection, command))

    async def first(self, workspace: WorkspaceId, delivery: Delivery, within: timedelta) -> bool:
        """Return whether something is told for the first time within a while; from then on it is not."""
        now = self._clock.now()
        return await self._database.write(lambda c: renew(c, workspace, delivery, now, within))

    async def preview(self, command: Start, *, any_version: bool = False) -> Release | Refused:
        """Return the release that a start would give, or why it would not; nothing is kept of it.

        Where it is about `any_version`, it is not looked up what is in it.
        """
        reading = None if any_version else await self._reading(command)
        decision = await self._database.read(
            lambda connection: self._decide_start(connection, command, reading, lock=False)
        )
        return decision if isinstance(decision, Refused) else fold(decision)

    async def hours_of(self, workspace: WorkspaceId, person: UserId) -> Hours:
        """Return when a person is at work; in UTC where it is not known."""
        directory = await self._database.read(lambda connection: self._directory(connection, workspace))
        return directory.hours_of(person)

    async def facts(self, release: Release) -> Facts:
        """Return what a decision about a release would go by just now, for answers that change nothing."""
        return await self._database.read(lambda connection: self._facts(connection, release))

    async def refuses(self, command: Command) -> Refused | None:
        """Return why a command would be refused just now, or None; nothing is kept of it."""
        return await self._database.read(lambda connection: self._refuses(connection, command))

    async def _reading(self, command: Given) -> Reading:
        """Return what is in the version that a command names, before anything is locked for it."""
        if not isinstance(command, Start | ChangeManifest) or not VERSION.fullmatch(command.version):
            return None
        service = command.service if isinstance(command, Start) else service_of(command.release)
        if service not in self._runbooks.services():
            return None
        wanted = await self._database.read(lambda c: self._wanted(c, command, service))
        return await self._sources.read(wanted)

    def _wanted(self, connection: Connection, command: Start | ChangeManifest, service: str) -> Wanted:
        """Return what is to be known of a version, and of which repository.

        What a release is changed to is new since the same as what it was started with, and where the runbook
        says with which it was started.
        """
        last, _ = self._ledger.of_service(connection, command.workspace, service)
        before, commit = (last.version, last.manifest.commit) if last else (None, "")
        runbook: Runbook | None
        if isinstance(command, Start):
            runbook, _, _ = self._runbook(service, command.kind)
        else:
            fits = KEY.fullmatch(command.release)
            id_ = ReleaseId(command.workspace, command.release)
            release = self._ledger.find(connection, id_) if fits else None
            runbook = release.runbook if release else None
            if release and release.manifest.commit and release.manifest.since != before:
                before, commit = release.manifest.since, ""
        repository = (runbook.repository if runbook else None) or ""
        return Wanted(
            service=service, version=command.version, repository=repository, before=before, commit=commit
        )

    async def _durably(self, command: Given, delivery: Delivery | None, reading: Reading) -> Answer:
        if delivery is None:
            return await self._database.write(lambda c: self._decide(c, command, reading))
        return await self._database.write(lambda c: self._answer(c, command, delivery, reading))

    def _answer(
        self,
        connection: Connection,
        command: Given,
        delivery: Delivery,
        reading: Reading,
    ) -> Answer:
        if answered := recall(connection, command.workspace, delivery):
            return self._once_more(connection, command.workspace, answered)
        answer = self._decide(connection, command, reading)
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

    def _decide_start(
        self, connection: Connection, command: Start, reading: Reading, *, lock: bool
    ) -> Decision:
        starting = self._start_facts(connection, command, lock=lock)
        decision = decide_start(command, starting)
        tickets = starting.runbook.tickets if starting.runbook else None
        known = informed(command, reading, starting.directory, tickets=tickets)
        if known is command or _whatever_is_in_it(decision):
            return decision
        return known if isinstance(known, Refused) else decide_start(known, starting)

    def _decide(self, connection: Connection, command: Given, reading: Reading) -> Answer:
        if isinstance(command, StartDrill):
            return self._keep(connection, None, decide_start(command, self._drill_facts(connection, command)))
        if isinstance(command, Start):
            return self._keep(connection, None, self._decide_start(connection, command, reading, lock=True))
        id_ = ReleaseId(command.workspace, command.release)
        if not KEY.fullmatch(id_.key):
            return unknown_release(id_.key)
        if command.asks_neighbours:
            # The service is locked before the release, as at a start, so that no two wait for each other.
            self._ledger.lock_service(connection, id_.workspace, service_of(id_.key))
        release = self._ledger.lock(connection, id_)
        if not release:
            return unknown_release(id_.key)
        facts = self._facts(connection, release)
        if command.asks_neighbours:
            # Not before the release is locked, too: it may have been completed meanwhile, and be the newest.
            # A version that is none may be no text that a database takes.
            named = command.version if isinstance(command, ChangeManifest) else ""
            version = named if VERSION.fullmatch(named) else ""
            facts = replace(facts, neighbours=self._ledger.neighbours(connection, release, version))
        return self._keep(connection, release, self._decision(release, command, facts, reading))

    def _decision(self, release: Release, command: Command, facts: Facts, reading: Reading) -> Decision:
        decision = decide(release, command, facts)
        if not isinstance(command, ChangeManifest) or isinstance(decision, Refused):
            return decision
        known = informed(command, reading, facts.directory, release.manifest, release.runbook.tickets)
        return known if isinstance(known, Refused) else decide(release, known, facts)

    def _note(self, connection: Connection, command: OwnCommand) -> Noted | Refused:
        own.lock(connection, command.workspace)
        event = command.decide(self._directory(connection, command.workspace), self._clock.now())
        if isinstance(event, Refused):
            return event
        own.append(connection, command.workspace, event)
        return Noted()

    def _keep(self, connection: Connection, before: Release | None, decision: Decision) -> Answer:
        if isinstance(decision, Refused):
            return decision
        if not decision:
            assert before is not None
            self._ledger.look_later(connection, before, self._clock.now())
            return Accepted(release=before)
        return Accepted(release=self._ledger.append(connection, before, decision))

    def _refuses(self, connection: Connection, command: Command) -> Refused | None:
        fits = KEY.fullmatch(command.release)
        release = (
            self._ledger.find(connection, ReleaseId(command.workspace, command.release)) if fits else None
        )
        if release is None:
            return unknown_release(command.release)
        facts = self._facts(connection, release)
        if command.asks_neighbours:
            facts = replace(facts, neighbours=self._ledger.neighbours(connection, release))
        decision = decide(release, command, facts)
        return decision if isinstance(decision, Refused) else None

    def _facts(self, connection: Connection, release: Release) -> Facts:
        # A clock that stands still or was set back must not put an event before one that it follows.
        now = max(self._clock.now(), release.at + timedelta(microseconds=1))
        return Facts(now=now, directory=self._directory(connection, release.workspace))

    def _directory(self, connection: Connection, workspace: WorkspaceId) -> Directory:
        return self._people.seen().as_told(own.said(connection, workspace))

    def _start_facts(self, connection: Connection, command: Start, *, lock: bool) -> StartFacts:
        runbook, kinds, trouble = self._runbook(command.service, command.kind)
        fit = runbook is not None and VERSION.fullmatch(command.version)
        if fit and lock:
            # Before anything is read: two starts of one service take turns.
            self._ledger.enter_service(connection, command.workspace, command.service)
            self._ledger.lock_service(connection, command.workspace, command.service)
        # A version that is none may be no text that a database takes.
        standing = self._standing(connection, command) if fit else Standing()
        return StartFacts(
            now=self._clock.now(),
            services=() if trouble else self._runbooks.services(),
            kinds=kinds,
            runbook=runbook,
            trouble=trouble,
            directory=self._directory(connection, command.workspace),
            signed=self._filed(connection, command, standing.signed),
            active=standing.active,
            released_as=standing.released_as,
            locked=self._lock(connection, command, standing.locked),
            earlier=self._earlier(connection, command, standing.rolled_back),
            number=standing.number,
            withdrawn=self._withdrawn(connection, command) if fit else (),
            in_production=self._in_production(connection, command) if fit else ("", ""),
        )

    def _drill_facts(self, connection: Connection, command: StartDrill) -> StartFacts:
        runbook, kinds, trouble = self._runbook(command.service, NORMAL)
        service = drills_of(command.service)
        if runbook:
            self._ledger.enter_service(connection, command.workspace, service)
            self._ledger.lock_service(connection, command.workspace, service)
        place = command.workspace, service
        standing = self._ledger.standing(connection, *place, "", DRILL) if runbook else Standing()
        way_back = self._ledger.rehearsal(connection, command.workspace, command.service) if runbook else None
        return StartFacts(
            now=self._clock.now(),
            services=() if trouble else self._runbooks.services(),
            kinds=kinds,
            runbook=runbook,
            trouble=trouble,
            directory=self._directory(connection, command.workspace),
            signed=None,
            active=standing.active,
            released_as=None,
            locked=None,
            earlier=None,
            number=standing.number,
            rehearsal=way_back,
        )

    def _standing(self, connection: Connection, command: Start) -> Standing:
        place = command.workspace, command.service
        return self._ledger.standing(connection, *place, command.version, command.kind)

    def _filed(self, connection: Connection, command: Start, key: ReleaseKey | None) -> Runbook | None:
        found = key and self._ledger.find(connection, ReleaseId(command.workspace, key))
        return found.filed if found else None

    def _lock(self, connection: Connection, command: Start, key: ReleaseKey | None) -> Locked | None:
        found = key and self._ledger.find(connection, ReleaseId(command.workspace, key))
        return locked_by(found) if found else None

    def _earlier(self, connection: Connection, command: Start, key: ReleaseKey | None) -> Earlier | None:
        found = key and self._ledger.find(connection, ReleaseId(command.workspace, key))
        return Earlier(key=found.key, at=found.since, reason=found.ended_because) if found else None

    def _withdrawn(self, connection: Connection, command: Start) -> tuple[Withdrawn, ...]:
        found = self._ledger.rolled_back(connection, command.workspace, command.service, WITHDRAWN_LIMIT)
        return tuple(map(withdrawn_with, found))

    def _in_production(self, connection: Connection, command: Start) -> tuple[str, str]:
        last = self._ledger.completed(connection, command.workspace, command.service, 1)
        return next(((one.version, one.manifest.commit) for one in last), ("", ""))

    def _runbook(self, service: str, kind: str) -> tuple[Runbook | None, tuple[str, ...], str]:
        """Return the runbook, or the kinds that there are when the kind is unknown, or what is wrong.

        Who runs Rollcall reads in the log what is wrong.
        """
        try:
            return self._runbooks.for_service(service, kind), (), ""
        except UnknownService:
            return None, (), ""
        except UnknownKind as unknown:
            return None, unknown.kinds, ""
        except RunbookError as error:
            self._runbooks.log_once(error.problems)
            return None, (), str(error)


def _whatever_is_in_it(decision: Decision) -> bool:
    """Return whether a start is refused anyway: that matters more than what is in the version.

    Too few people there may be only as long as nobody knows who wrote or reviewed it.
    """
    return isinstance(decision, Refused) and decision.code is not Code.NOT_ENOUGH_PEOPLE


def service_of(key: ReleaseKey) -> str:
    """Return the service of a release by its key."""
    return key.rpartition("-")[0]


def unknown_release(key: ReleaseKey) -> Refused:
    """Refuse because no release has this key."""
    return Refused(
        code=Code.UNKNOWN_RELEASE,
        because=f"There is no release {key[:60]}.",
        instead="The list of releases shows what is open.",
    )
