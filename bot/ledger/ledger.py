"""The ledger: append the events of a release, and read releases back."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Final

import sqlalchemy
from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, insert, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.ledger.codec import NO_EVENT, chained, decode, encode
from bot.ledger.progress import readings, runs, tellings
from bot.ledger.tables import events, releases, rooms, services
from bot.release.attention import attention_at
from bot.release.command import Neighbours
from bot.release.decide import fold
from bot.release.event import Event
from bot.release.ids import ChannelId, ReleaseId, ReleaseKey, WorkspaceId
from bot.release.release import Release
from bot.release.stages.drill import drills_of
from bot.release.stages.recovery import Recoveries, Recovery, Rehearsal, recovery
from bot.release.state import State
from bot.runbook.model import DRILL

LOOK_AGAIN: Final = timedelta(minutes=5)
KEPT: Final = 512
"""How many folded releases are kept, so that a click need not read the events of its release again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event at its place in the chain of its release."""

    seq: int
    event: Event
    body: str
    prev: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A release as it is listed."""

    id: ReleaseId
    service: str
    version: str
    state: State
    channel: ChannelId
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a service stands: its open release, its completed one of some version, and its next number.

    `rolled_back` is the newest of that version that was rolled back, `locked` the one that was and keeps the
    service locked, `signed` the newest one of a kind whose runbook was signed.
    """

    active: ReleaseKey | None = None
    released_as: ReleaseKey | None = None
    rolled_back: ReleaseKey | None = None
    locked: ReleaseKey | None = None
    signed: ReleaseKey | None = None
    number: int = 1


# Every click runs these, and building a statement costs more than running it.
_HERE: Final = and_(releases.c.workspace == bindparam("in_workspace"), releases.c.release == bindparam("of"))
_HEAD: Final = select(releases.c.head).where(_HERE)
_LOCK: Final = _HEAD.with_for_update()
_APPEND: Final = insert(events)
_PROJECTED: Final = (
    "service",
    "version",
    "kind",
    "state",
    "channel",
    "started_at",
    "ended_at",
    "signed",
    "locked",
    "attention_at",
    "seq",
    "head",
)
_UPDATE: Final = update(releases).where(_HERE).values({column: bindparam(column) for column in _PROJECTED})

# By the number in the key: one release at a time holds a service, and a clock may stand still or be set back.
_NEWEST_FIRST: Final = (func.length(releases.c.release).desc(), releases.c.release.desc())


class Ledger:
    """Append and read. Every method works inside the transaction of the connection that it is given."""

    def __init__(self) -> None:
        self._folded: dict[str, Release] = {}
        self._keeping = threading.Lock()

    def lock(self, connection: Connection, release: ReleaseId) -> Release | None:
        """Lock a release until the transaction ends, and return it as it stands; None if there is none."""
        found = self._current(connection, release, for_update=True)
        return found[0] if found else None

    def find(self, connection: Connection, release: ReleaseId) -> Release | None:
        """Return a release as it stands, or None."""
        found = self._current(connection, release, for_update=False)
        return found[0] if found else None

    def find_with_head(self, connection: Connection, release: ReleaseId) -> tuple[Release, str] | None:
        """Return a release as it stands and the hash of its newest event, or None."""
        return self._current(connection, release, for_update=False)

    def enter_service(self, connection: Connection, workspace: WorkspaceId, service: str) -> None:
        """Make sure that there is a service that can be locked."""
        row = {"workspace": workspace, "service": service, "releases": 0}
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(services).values(row).on_conflict_do_nothing())

    def lock_service(self, connection: Connection, workspace: WorkspaceId, service: str) -> None:
        """Lock a service until the transaction ends. One that had no release yet is to be entered before."""
        here = and_(services.c.workspace == workspace, services.c.service == service)
        connection.execute(select(services.c.releases).where(here).with_for_update())

    def standing(
        self, connection: Connection, workspace: WorkspaceId, service: str, version: str, kind: str
    ) -> Standing:
        """Return how a service stands for a release of `version` of some kind."""
        mine = select(releases.c.release).where(
            releases.c.workspace == workspace, releases.c.service == service
        )
        same = mine.where(releases.c.version == version)
        released = same.where(releases.c.state == State.COMPLETED)
        back = same.where(releases.c.state == State.ROLLED_BACK).order_by(*_NEWEST_FIRST)
        locked = mine.where(releases.c.locked).order_by(*_NEWEST_FIRST)
        signed = mine.where(releases.c.signed).order_by((releases.c.kind == kind).desc(), *_NEWEST_FIRST)
        here = and_(services.c.workspace == workspace, services.c.service == service)
        # An open release may end meanwhile, so it is looked for first: it is then seen open, or as it ended.
        return Standing(
            active=connection.scalar(mine.where(releases.c.ended_at.is_(None))),
            released_as=connection.scalar(released.limit(1)),
            rolled_back=connection.scalar(back.limit(1)),
            locked=connection.scalar(locked.limit(1)),
            signed=connection.scalar(signed.limit(1)),
            number=(connection.scalar(select(services.c.releases).where(here)) or 0) + 1,
        )

    def rolled_back(
        self, connection: Connection, workspace: WorkspaceId, service: str, limit: int
    ) -> Sequence[Release]:
        """Return the releases of a service that were rolled back since one was completed, newest first."""
        mine = and_(releases.c.workspace == workspace, releases.c.service == service)
        ended = select(releases.c.release, releases.c.state).where(
            mine, releases.c.state.in_((State.COMPLETED, State.ROLLED_BACK))
        )
        rows = connection.execute(ended.order_by(*_NEWEST_FIRST).limit(limit))
        since = takewhile(lambda row: row.state == State.ROLLED_BACK, rows.all())
        found = (self.find(connection, ReleaseId(workspace, ReleaseKey(row.release))) for row in since)
        return [release for release in found if release is not None]

    def completed(
        self, connection: Connection, workspace: WorkspaceId, service: str, limit: int
    ) -> Sequence[Release]:
        """Return the releases of a service that were completed last, and not rolled back, newest first."""
        mine = and_(releases.c.workspace == workspace, releases.c.service == service)
        done = select(releases.c.release).where(mine, releases.c.state == State.COMPLETED)
        keys = connection.scalars(done.order_by(*_NEWEST_FIRST).limit(limit)).all()
        found = (self.find(connection, ReleaseId(workspace, ReleaseKey(key))) for key in keys)
        return [release for release in found if release is not None]

    def last_drill(self, connection: Connection, workspace: WorkspaceId, service: str) -> Release | None:
        """Return the newest drill of a service that has come to its end, or None."""
        mine = and_(releases.c.workspace == workspace, releases.c.service == drills_of(service))
        return self._newest(connection, workspace, and_(mine, releases.c.ended_at.is_not(None)))

    def rehearsal(self, connection: Connection, workspace: WorkspaceId, service: str) -> Rehearsal | None:
        """Return the way back that there is from what is in production; None before the second release."""
        match self.completed(connection, workspace, service, 2):
            case [version, to]:
                last = self.recoveries(connection, workspace, service)
                return Rehearsal(
                    version=version.version, to=to.version, to_commit=to.manifest.commit, last=last
                )
            case _:
                return None

    def recoveries(self, connection: Connection, workspace: WorkspaceId, service: str) -> Recoveries:
        """Return the last way back of a service in a drill, and for real."""

        def last(service: str, state: State) -> Recovery | None:
            of = and_(
                releases.c.workspace == workspace, releases.c.service == service, releases.c.state == state
            )
            found = self._newest(connection, workspace, of)
            return recovery(found) if found else None

        return Recoveries(
            drill=last(drills_of(service), State.COMPLETED), rollback=last(service, State.ROLLED_BACK)
        )

    def neighbours(self, connection: Connection, release: Release, version: str = "") -> Neighbours:
        """Return the other releases of a service as they matter to one of it, when both are locked.

        `version` is the one of which a command speaks.
        """
        mine = and_(releases.c.workspace == release.workspace, releases.c.service == release.service)
        other = releases.c.release != release.key
        active = connection.scalar(
            select(releases.c.release).where(mine, other, releases.c.ended_at.is_(None))
        )
        completed = and_(mine, releases.c.state == State.COMPLETED)
        last = select(releases.c.release).where(completed).order_by(*_NEWEST_FIRST).limit(1)
        before = self._newest(connection, release.workspace, and_(completed, other))
        return Neighbours(
            active=active,
            newest=connection.scalar(last),
            before=before.version if before else None,
            before_commit=before.manifest.commit if before else "",
            released_as=connection.scalar(last.where(releases.c.version == version)) if version else None,
        )

    def of_version(
        self, connection: Connection, workspace: WorkspaceId, service: str, version: str
    ) -> Release | None:
        """Return the newest release of a version of a service, or None."""
        mine = and_(releases.c.workspace == workspace, releases.c.service == service)
        return self._newest(connection, workspace, and_(mine, releases.c.version == version))

    def of_service(
        self, connection: Connection, workspace: WorkspaceId, service: str
    ) -> tuple[Release | None, Release | None]:
        """Return the release of a service that was completed last, and the one that is open."""
        mine = and_(releases.c.workspace == workspace, releases.c.service == service)
        completed = and_(mine, releases.c.state == State.COMPLETED)
        going_out = and_(mine, releases.c.ended_at.is_(None))
        return (
            self._newest(connection, workspace, completed),
            self._newest(connection, workspace, going_out),
        )

    def newest(self, connection: Connection, workspace: WorkspaceId, service: str) -> Release | None:
        """Return the release of a service that was started last, or None."""
        mine = and_(releases.c.workspace == workspace, releases.c.service == service)
        return self._newest(connection, workspace, mine)

    def locked(self, connection: Connection, workspace: WorkspaceId, service: str) -> Release | None:
        """Return the release that was rolled back and keeps a service locked, or None."""
        mine = and_(releases.c.workspace == workspace, releases.c.service == service)
        return self._newest(connection, workspace, and_(mine, releases.c.locked))

    def _newest(
        self, connection: Connection, workspace: WorkspaceId, of: ColumnElement[bool]
    ) -> Release | None:
        key = connection.scalar(select(releases.c.release).where(of).order_by(*_NEWEST_FIRST).limit(1))
        return self.find(connection, ReleaseId(workspace, key)) if key else None

    def append(self, connection: Connection, before: Release | None, new: Sequence[Event]) -> Release:
        """Append events to a release that this transaction has locked, and return it as it stands then."""
        after = fold(new, before)
        head = self._head(connection, after.id) if before else NO_EVENT
        rows = list(_chain(after.id, before.seq if before else 0, head, new))
        connection.execute(_APPEND, rows)
        newest = str(rows[-1]["hash"])
        self._project(connection, before, after, newest)
        runs.ask(connection, after.id, after.runs[len(before.runs) if before else 0 :])
        tellings.ask(connection, after.id, before.seq if before else 0, after.seq)
        readings.follow(connection, before, after)
        return self._keep(newest, after)

    def look_later(self, connection: Connection, release: Release, now: datetime) -> None:
        """Put off the next look at a release whose time has come, and for which there was nothing to do.

        So it is while its people cannot be read: then it is looked at again every five minutes.
        """
        here = and_(releases.c.workspace == release.workspace, releases.c.release == release.key)
        overdue = update(releases).where(here, releases.c.attention_at <= now)
        connection.execute(overdue.values(attention_at=now + LOOK_AGAIN))

    def entries(self, connection: Connection, release: ReleaseId) -> Sequence[Entry]:
        """Return the events of a release in order, each with its place in the chain."""
        here = and_(events.c.workspace == release.workspace, events.c.release == release.key)
        rows = connection.execute(select(events).where(here).order_by(events.c.seq))
        return [
            Entry(seq=row.seq, event=decode(row.body), body=row.body, prev=row.prev, hash=row.hash)
            for row in rows
        ]

    def open_in(
        self, connection: Connection, workspace: WorkspaceId, channel: ChannelId | None, limit: int
    ) -> Sequence[Row]:
        """Return the open releases of a workspace, or of one channel, be it their own; the newest first."""
        here = true() if channel is None else _is_in(channel)
        query = select(releases).where(releases.c.workspace == workspace, releases.c.ended_at.is_(None), here)
        rows = connection.execute(query.order_by(releases.c.started_at.desc()).limit(limit))
        return [_row(row) for row in rows]

    def completed_in(
        self, connection: Connection, workspace: WorkspaceId, channel: ChannelId
    ) -> Release | None:
        """Return the release of a channel that was completed last, or None; a drill is none."""
        here = and_(releases.c.workspace == workspace, _is_in(channel), releases.c.kind != DRILL)
        done = select(releases.c.release).where(here, releases.c.state == State.COMPLETED)
        key = connection.scalar(done.order_by(releases.c.ended_at.desc(), *_NEWEST_FIRST).limit(1))
        return self.find(connection, ReleaseId(workspace, key)) if key else None

    def unsettled(self, connection: Connection, workspace: WorkspaceId) -> Sequence[Release]:
        """Return the releases that are open, or that a review or a lock keeps waiting, the oldest first."""
        waits = or_(releases.c.ended_at.is_(None), releases.c.attention_at.is_not(None), releases.c.locked)
        query = select(releases.c.release).where(releases.c.workspace == workspace, waits)
        keys = connection.scalars(query.order_by(releases.c.started_at, releases.c.release)).all()
        found = (self.find(connection, ReleaseId(workspace, key)) for key in keys)
        return [release for release in found if release is not None]

    def due(self, connection: Connection, now: datetime, limit: int) -> Sequence[ReleaseId]:
        """Return the releases whose time for attention has come, the longest waiting first."""
        query = select(releases.c.workspace, releases.c.release).where(releases.c.attention_at <= now)
        rows = connection.execute(query.order_by(releases.c.attention_at).limit(limit))
        return [ReleaseId(row.workspace, row.release) for row in rows]

    def _current(
        self, connection: Connection, release: ReleaseId, *, for_update: bool
    ) -> tuple[Release, str] | None:
        head = connection.scalar(_LOCK if for_update else _HEAD, _place(release))
        if head is None:
            return None
        # What was folded is found by the head, so it can never stand for another history.
        if kept := self._folded.get(head):
            return kept, head
        entries = self.entries(connection, release)
        if for_update or (entries and entries[-1].hash == head):
            return self._keep(head, fold(entry.event for entry in entries)), head
        # Without a lock the release may have moved on between the two reads; what was read last is newer.
        return fold(entry.event for entry in entries), entries[-1].hash

    def _keep(self, head: str, release: Release) -> Release:
        with self._keeping:
            while len(self._folded) >= KEPT:
                del self._folded[next(iter(self._folded))]
            self._folded[head] = release
        return release

    def _head(self, connection: Connection, release: ReleaseId) -> str:
        return connection.scalar(_HEAD, _place(release)) or NO_EVENT

    def _project(self, connection: Connection, before: Release | None, after: Release, head: str) -> None:
        if before is not None:
            connection.execute(_UPDATE, {**_place(after.id), **projection(after, head)})
            return
        fresh = {"workspace": after.workspace, "release": after.key, "shown_seq": 0}
        connection.execute(insert(releases).values(**fresh, **projection(after, head)))
        here = and_(services.c.workspace == after.workspace, services.c.service == after.service)
        connection.execute(update(services).where(here).values(releases=services.c.releases + 1))


def projection(release: Release, head: str) -> dict[str, object]:
    """Return the columns of a release's row that follow from its events."""
    return {
        "service": release.service,
        "version": release.version,
        "kind": release.runbook.kind,
        "state": release.state,
        "channel": release.channel,
        "started_at": release.started_at,
        "ended_at": release.since if release.state.ended else None,
        "signed": release.signed,
        "locked": release.lock is not None and release.state.ended,
        "attention_at": attention_at(release),
        "seq": release.seq,
        "head": head,
    }


def _chain(release: ReleaseId, seq: int, head: str, new: Sequence[Event]) -> Iterable[dict[str, object]]:
    for event in new:
        seq += 1
        body = encode(event)
        prev, head = head, chained(release, seq, head, body)
        yield {
            "workspace": release.workspace,
            "release": release.key,
            "seq": seq,
            "kind": type(event).__name__,
            "at": event.at,
            "by": event.by,
            "body": body,
            "prev": prev,
            "hash": head,
        }


def _place(release: ReleaseId) -> dict[str, str]:
    return {"in_workspace": release.workspace, "of": release.key}


def _is_in(channel: ChannelId) -> ColumnElement[bool]:
    return or_(releases.c.channel == channel, _has_for_itself(channel))


def _has_for_itself(channel: ChannelId) -> ColumnElement[bool]:
    mine = and_(rooms.c.workspace == releases.c.workspace, rooms.c.release == releases.c.release)
    return select(rooms.c.release).where(mine, rooms.c.channel == channel).exists()


def _row(row: sqlalchemy.Row[Any]) -> Row:
    return Row(
        id=ReleaseId(row.workspace, row.release),
        service=row.service,
        version=row.version,
        state=State(row.state),
        channel=row.channel,
        started_at=row.started_at,
    )
