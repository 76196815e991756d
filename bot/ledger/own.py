"""What people say of themselves: each person's own chain of events, and the rows that follow from them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, delete, func, insert, or_, select

from bot.ledger.codec import NO_EVENT, chained, decode_own, encode
from bot.ledger.tables import absences, events
from bot.release.ids import ReleaseId, ReleaseKey, UserId, WorkspaceId
from bot.release.people.directory import Away, Own
from bot.release.people.hours import Week
from bot.release.people.own import OwnEvent, own_after

MARK: Final = "@"
"""What the chain of a person begins with, in the place where others have the key of a release."""

# Every click runs this, and building a statement costs more than running it.
_SAID: Final = select(*absences.c["person", "deputy", "until", "begins", "ends", "days", "snoozed"]).where(
    absences.c.workspace == bindparam("in_workspace"),
    or_(absences.c.deputy.is_not(None), absences.c.days.is_not(None), absences.c.snoozed.is_not(None)),
)


def chain_of(workspace: WorkspaceId, person: UserId) -> ReleaseId:
    """Return where the events of a person are found."""
    return ReleaseId(workspace, ReleaseKey(f"{MARK}{person}"))


def said(connection: Connection, workspace: WorkspaceId) -> Mapping[UserId, Own]:
    """Return what people in a workspace have said of themselves, and not taken back early."""
    rows = connection.execute(_SAID, {"in_workspace": workspace})
    return {UserId(row.person): _own(row) for row in rows}


def _own(row: Row[Any]) -> Own:
    days = tuple(map(int, row.days or ""))
    return Own(
        away=Away(deputy=UserId(row.deputy), until=row.until) if row.deputy else None,
        week=Week(begins=row.begins, ends=row.ends, days=days) if days else None,
        snoozed=row.snoozed,
    )


def lock(connection: Connection, workspace: WorkspaceId) -> None:
    """Keep others from saying something of themselves in a workspace until the transaction ends.

    Whether somebody may go depends on who else is away, so it is not enough to lock that person's row, which
    may not even be there. SQLite has one writer at a time as it is.
    """
    if connection.dialect.name == "postgresql":
        turn = func.hashtextextended(f"absences of {workspace}", 0)
        connection.execute(select(func.pg_advisory_xact_lock(turn)))


def append(connection: Connection, workspace: WorkspaceId, event: OwnEvent) -> None:
    """Append an event to the chain of the person whose act it is; the workspace's people are locked."""
    chain = chain_of(workspace, event.by)
    seq, prev = _end(connection, chain)
    body = encode(event)
    connection.execute(
        insert(events).values(
            workspace=chain.workspace,
            release=chain.key,
            seq=seq + 1,
            kind=type(event).__name__,
            at=event.at,
            by=event.by,
            body=body,
            prev=prev,
            hash=chained(chain, seq + 1, prev, body),
        )
    )
    project(connection, chain)


def project(connection: Connection, chain: ReleaseId) -> None:
    """Make the row of a person what the chain says."""
    query = select(events).where(events.c.workspace == chain.workspace, events.c.release == chain.key)
    written = connection.execute(query.order_by(events.c.seq)).all()
    connection.execute(delete(absences).where(_row_of(chain)))
    place = {"workspace": chain.workspace, "person": chain.key.removeprefix(MARK)}
    connection.execute(insert(absences).values(**place, **projection(written)))


def projection(written: Sequence[Row[Any]]) -> dict[str, object]:
    """Return the columns of a person's row that follow from the events, as they stand in their table."""
    own = own_after(decode_own(event.body) for event in written)
    away, week = own.away, own.week
    return {
        "deputy": away.deputy if away else None,
        "until": away.until if away else None,
        "begins": week.begins if week else None,
        "ends": week.ends if week else None,
        "days": "".join(map(str, week.days)) if week else None,
        "snoozed": own.snoozed,
        "seq": written[-1].seq,
        "head": written[-1].hash,
    }


def _end(connection: Connection, chain: ReleaseId) -> tuple[int, str]:
    # By the row, and not by the events: where the newest are missing, the next one must not hide that.
    row = connection.execute(select(absences.c.seq, absences.c.head).where(_row_of(chain))).first()
    return (row.seq, row.head) if row else (0, NO_EVENT)


def _row_of(chain: ReleaseId) -> ColumnElement[bool]:
    person = chain.key.removeprefix(MARK)
    return and_(absences.c.workspace == chain.workspace, absences.c.person == person)
