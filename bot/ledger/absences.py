"""Who is away: each person's own chain of events, and the rows that follow from them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, delete, func, insert, select

from bot.ledger.codec import NO_EVENT, chained, decode_absence, encode
from bot.ledger.tables import absences, events
from bot.release.ids import ReleaseId, ReleaseKey, UserId, WorkspaceId
from bot.release.people.absence import AbsenceEvent, absence_after
from bot.release.people.directory import Away

MARK: Final = "@"
"""What the chain of a person begins with, in the place where others have the key of a release."""

# Every click runs this, and building a statement costs more than running it.
_AWAY: Final = select(absences.c.person, absences.c.deputy, absences.c.until).where(
    absences.c.workspace == bindparam("in_workspace"), absences.c.deputy.is_not(None)
)


def chain_of(workspace: WorkspaceId, person: UserId) -> ReleaseId:
    """Return where the events of a person are found."""
    return ReleaseId(workspace, ReleaseKey(f"{MARK}{person}"))


def away(connection: Connection, workspace: WorkspaceId) -> Mapping[UserId, Away]:
    """Return everybody in a workspace who went away and did not come back early."""
    rows = connection.execute(_AWAY, {"in_workspace": workspace})
    return {UserId(row.person): Away(deputy=UserId(row.deputy), until=row.until) for row in rows}


def lock(connection: Connection, workspace: WorkspaceId) -> None:
    """Keep others from changing who is away in a workspace until the transaction ends.

    Whether somebody may go depends on who else is away, so it is not enough to lock that person's row, which
    may not even be there. SQLite has one writer at a time as it is.
    """
    if connection.dialect.name == "postgresql":
        turn = func.hashtextextended(f"absences of {workspace}", 0)
        connection.execute(select(func.pg_advisory_xact_lock(turn)))


def append(connection: Connection, workspace: WorkspaceId, event: AbsenceEvent) -> None:
    """Append an event to the chain of the person whose act it is; the absences are locked."""
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
    absent = absence_after(decode_absence(event.body) for event in written)
    return {
        "deputy": absent.deputy if absent else None,
        "until": absent.until if absent else None,
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
