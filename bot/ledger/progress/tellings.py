"""Who is told of events, and how far of each release.

An append notes in its own transaction how far there is to tell, for each subscriber that there is. What is
told stands in the ledger.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Insert,
    Row,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bot.ledger.tables import events, releases, subscribers, tellings
from bot.release.ids import ReleaseId, ReleaseKey, WorkspaceId

COLUMNS: Final = ("workspace", "subscriber", "release", "told", "head", "failures", "answer", "given_up")
FRESH: Final[dict[str, object]] = {
    "failures": 0,
    "failing_since": None,
    "next_at": None,
    "answer": "",
    "given_up": False,
}
"""Of a telling of which nothing has gone wrong yet."""
LONGEST_CLAIM: Final = timedelta(minutes=5)
LONGEST_WAIT: Final = timedelta(days=1)
LASTING: Final = timedelta(hours=1)
"""What goes on for that long does not pass by itself."""
WAITS: Final = tellings.c.told < tellings.c.head


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """Who is told of events since some time; `stopped` is why nothing is sent any more, or empty."""

    name: str
    since: datetime
    stopped: str
    stopped_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How far a subscriber was told of a release, and what became of the last try of the event after that."""

    subscriber: str
    release: ReleaseKey
    told: int
    head: int
    told_at: datetime | None
    failures: int
    failing_since: datetime | None
    next_at: datetime | None
    answer: str
    given_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to tell a subscriber of a release, until some time."""

    subscriber: str
    release: ReleaseId
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What became of the event after number `told`; without a next time it is given up."""

    told: int
    since: datetime
    failures: int
    next_at: datetime | None
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A subscriber that takes nothing of some releases; `stopped` is why nothing is sent to it."""

    name: str
    stopped: str
    since: datetime
    releases: int
    given_up: int


# Subscribers


def enter(connection: Connection, workspace: WorkspaceId, names: Iterable[str], now: datetime) -> None:
    """Note who is to be told from now on; who is known already is told as before."""
    rows = [{"workspace": workspace, "name": name, "since": now, "stopped": ""} for name in names]
    if rows:
        connection.execute(_insert(connection, subscribers).on_conflict_do_nothing(), rows)


def known(connection: Connection, workspace: WorkspaceId) -> Sequence[Subscriber]:
    """Return who is told, by name; also who is named no more, and was not forgotten."""
    query = select(subscribers).where(subscribers.c.workspace == workspace).order_by(subscribers.c.name)
    return [
        Subscriber(name=row.name, since=row.since, stopped=row.stopped, stopped_at=row.stopped_at)
        for row in connection.execute(query)
    ]


def stop(connection: Connection, workspace: WorkspaceId, name: str, why: str, now: datetime) -> None:
    """Send a subscriber nothing more, until somebody has it go on."""
    row = update(subscribers).where(subscribers.c.workspace == workspace, subscribers.c.name == name)
    connection.execute(row.values(stopped=why, stopped_at=now))


def forget(connection: Connection, workspace: WorkspaceId, name: str) -> None:
    """Forget a subscriber, and how far it was told."""
    here = subscribers.c.workspace == workspace, subscribers.c.name == name
    connection.execute(delete(subscribers).where(*here))
    connection.execute(delete(tellings).where(_of(workspace, name)))


# What is to be told

_ASKED: Final = select(
    subscribers.c.workspace,
    subscribers.c.name,
    bindparam("of", type_=tellings.c.release.type),
    bindparam("before", type_=tellings.c.told.type),
    bindparam("after", type_=tellings.c.head.type),
    literal(0),
    literal(""),
    literal(False),
).where(subscribers.c.workspace == bindparam("in_workspace"))


def _ask(dialect: Any) -> Insert:
    fresh = dialect.insert(tellings).from_select(COLUMNS, _ASKED)
    keys = ["workspace", "subscriber", "release"]
    asked: Insert = fresh.on_conflict_do_update(index_elements=keys, set_={"head": fresh.excluded.head})
    return asked


# Every click runs this, and building a statement costs more than running it.
_ASK: Final = {"postgresql": _ask(postgresql), "sqlite": _ask(sqlite)}


def ask(connection: Connection, release: ReleaseId, before: int, after: int) -> None:
    """Note that there are events to tell everybody, after number `before` up to number `after`."""
    values = {"in_workspace": release.workspace, "of": release.key, "before": before, "after": after}
    connection.execute(_ASK[connection.dialect.name], values)


def due(
    connection: Connection, workspace: WorkspaceId, name: str, now: datetime, limit: int
) -> Sequence[ReleaseId]:
    """Return the releases of which a subscriber is to be told now, those that were never tried first."""
    running = select(subscribers.c.name).where(
        subscribers.c.workspace == workspace, subscribers.c.name == name, subscribers.c.stopped == ""
    )
    query = select(tellings.c.release).where(_of(workspace, name), _is_free(now), running.exists())
    rows = query.order_by(tellings.c.next_at.asc().nulls_first(), tellings.c.release).limit(limit)
    return [ReleaseId(workspace, key) for key in connection.scalars(rows)]


def claim(connection: Connection, mine: Claim, now: datetime) -> Telling | None:
    """Claim the telling of a release, and return how it stands; None where there is nothing to claim."""
    here = and_(_one(mine.subscriber, mine.release), _is_free(now))
    row = connection.execute(
        update(tellings).where(here).values(claimed_until=mine.until).returning(tellings)
    ).first()
    return _telling(row) if row else None


def let_go(connection: Connection, mine: Claim) -> None:
    """Let a claim go, with nothing done."""
    connection.execute(update(tellings).where(_held(mine)).values(claimed_until=None))


def note_told(
    connection: Connection, mine: Claim, seq: int, *, sent: datetime | None, until: datetime | None
) -> bool:
    """Note up to where it was told, and renew the claim or let it go; False where it was lost meanwhile."""
    values = {**FRESH, "told": seq, "claimed_until": until, **({"told_at": sent} if sent else {})}
    return connection.execute(update(tellings).where(_held(mine)).values(values)).rowcount == 1


def note_failed(connection: Connection, mine: Claim, failure: Failure) -> None:
    """Note that the event after `told` was not taken, and let the claim go."""
    values = {
        "told": failure.told,
        "failures": failure.failures,
        "failing_since": failure.since,
        "next_at": failure.next_at,
        "answer": failure.said,
        "given_up": failure.next_at is None,
        "claimed_until": None,
    }
    connection.execute(update(tellings).where(_held(mine)).values(values))


def hurry(connection: Connection, workspace: WorkspaceId, name: str) -> None:
    """Have all that is tried again later tried now."""
    later = and_(_of(workspace, name), WAITS, tellings.c.next_at.is_not(None))
    connection.execute(update(tellings).where(later).values(next_at=None))


# What a person has sent again


def go_on(connection: Connection, workspace: WorkspaceId, name: str) -> None:
    """Have all that waits for a subscriber tried now, also what was given up or stopped."""
    row = update(subscribers).where(subscribers.c.workspace == workspace, subscribers.c.name == name)
    connection.execute(row.values(stopped="", stopped_at=None))
    connection.execute(update(tellings).where(_of(workspace, name), WAITS).values(FRESH))


def replay(connection: Connection, name: str, release: ReleaseId, seq: int = 1) -> bool:
    """Have a subscriber told of a release again, from an event on; False where there is no such event."""
    here = and_(releases.c.workspace == release.workspace, releases.c.release == release.key)
    return _again(connection, release.workspace, name, and_(here, releases.c.seq >= seq), seq - 1) > 0


def replay_all(
    connection: Connection, workspace: WorkspaceId, name: str, after: ReleaseKey | None, limit: int
) -> ReleaseKey | None:
    """Have a subscriber told of some releases again, from the beginning; return the last while any is left.

    They are the next `limit` after one, so that nobody's click waits for it.
    """
    mine = select(releases.c.release).where(releases.c.workspace == workspace)
    left = mine if after is None else mine.where(releases.c.release > after)
    keys = connection.scalars(left.order_by(releases.c.release).limit(limit)).all()
    if keys:
        here = and_(releases.c.workspace == workspace, releases.c.release.in_(keys))
        _again(connection, workspace, name, here, 0)
    return keys[-1] if len(keys) == limit else None


def _again(
    connection: Connection, workspace: WorkspaceId, name: str, of: ColumnElement[bool], told: int
) -> int:
    row = select(
        subscribers.c.workspace,
        subscribers.c.name,
        releases.c.release,
        literal(told),
        releases.c.seq,
        literal(0),
        literal(""),
        literal(False),
    )
    here = and_(subscribers.c.workspace == workspace, subscribers.c.name == name)
    rows = row.select_from(releases.join(subscribers, here)).where(of)
    fresh = _insert(connection, tellings).from_select(COLUMNS, rows)
    keys = ["workspace", "subscriber", "release"]
    # What is being sent now is then noted by nobody, so that it does not count as told once more.
    set_ = {**FRESH, "told": _least(connection, told), "head": fresh.excluded.head, "claimed_until": None}
    return connection.execute(fresh.on_conflict_do_update(index_elements=keys, set_=set_)).rowcount


def _least(connection: Connection, told: int) -> ColumnElement[int]:
    least = func.least if connection.dialect.name == "postgresql" else func.min
    return least(tellings.c.told, told)


# How it stands


def waiting(
    connection: Connection, workspace: WorkspaceId, name: str, kinds: Sequence[str] | None = None
) -> int:
    """Return how many events a subscriber is still to be told, of some kinds or of all."""
    beyond = and_(
        events.c.workspace == tellings.c.workspace,
        events.c.release == tellings.c.release,
        events.c.seq > tellings.c.told,
    )
    query = select(func.count()).select_from(tellings.join(events, beyond)).where(_of(workspace, name), WAITS)
    return connection.scalar(query if kinds is None else query.where(events.c.kind.in_(kinds))) or 0


def in_trouble(connection: Connection, workspace: WorkspaceId, name: str, limit: int) -> Sequence[Telling]:
    """Return the releases whose next event was tried without success, those given up first."""
    query = select(tellings).where(_of(workspace, name), WAITS, tellings.c.failures > 0)
    rows = query.order_by(tellings.c.given_up.desc(), tellings.c.failing_since, tellings.c.release)
    return [_telling(row) for row in connection.execute(rows.limit(limit))]


def recent(connection: Connection, workspace: WorkspaceId, name: str, limit: int) -> Sequence[Telling]:
    """Return the releases of which a subscriber was told last."""
    query = select(tellings).where(_of(workspace, name), tellings.c.told_at.is_not(None))
    rows = query.order_by(tellings.c.told_at.desc(), tellings.c.release)
    return [_telling(row) for row in connection.execute(rows.limit(limit))]


def of_release(connection: Connection, name: str, release: ReleaseId) -> Telling | None:
    """Return how far a subscriber was told of a release; None where it is to be told nothing of it."""
    row = connection.execute(select(tellings).where(_one(name, release))).first()
    return _telling(row) if row else None


def lasting_trouble(connection: Connection, now: datetime) -> Sequence[Trouble]:
    """Return who has not taken something for an hour, or is sent nothing any more, of all workspaces."""
    mine = and_(tellings.c.workspace == subscribers.c.workspace, tellings.c.subscriber == subscribers.c.name)
    failed = and_(mine, WAITS, tellings.c.failures > 0)
    query = select(
        subscribers.c.name,
        subscribers.c.stopped,
        func.coalesce(subscribers.c.stopped_at, func.min(tellings.c.failing_since)).label("since"),
        func.count(tellings.c.release).label("releases"),
        func.count(case((tellings.c.given_up, 1))).label("given_up"),
    ).select_from(subscribers.outerjoin(tellings, failed))
    rows = query.group_by(subscribers.c.workspace, subscribers.c.name).order_by(subscribers.c.name)
    return [
        Trouble(**row._asdict())
        for row in connection.execute(rows)
        if row.stopped or (row.since and row.since <= now - LASTING)
    ]


def _is_free(now: datetime) -> ColumnElement[bool]:
    free = _is_over(tellings.c.claimed_until, now, LONGEST_CLAIM)
    return and_(WAITS, ~tellings.c.given_up, free, _is_over(tellings.c.next_at, now, LONGEST_WAIT))


def _is_over(until: Column[datetime], now: datetime, longest: timedelta) -> ColumnElement[bool]:
    # A clock that was set back makes nobody wait for longer than was ever meant.
    return or_(until.is_(None), until <= now, until > now + longest)


def _held(mine: Claim) -> ColumnElement[bool]:
    return and_(_one(mine.subscriber, mine.release), tellings.c.claimed_until == mine.until)


def _one(name: str, release: ReleaseId) -> ColumnElement[bool]:
    return and_(_of(release.workspace, name), tellings.c.release == release.key)


def _of(workspace: WorkspaceId, name: str) -> ColumnElement[bool]:
    return and_(tellings.c.workspace == workspace, tellings.c.subscriber == name)


def _insert(connection: Connection, table: Any) -> Any:
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


def _telling(row: Row[Any]) -> Telling:
    return Telling(
        subscriber=row.subscriber,
        release=row.release,
        told=row.told,
        head=row.head,
        told_at=row.told_at,
        failures=row.failures,
        failing_since=row.failing_since,
        next_at=row.next_at,
        answer=row.answer,
        given_up=row.given_up,
    )
