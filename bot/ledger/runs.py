"""The runs of releases, as far as they are seen to: which may have been started, and which are settled."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from bot.ledger.tables import runs
from bot.release.ids import ReleaseId, ReleaseKey, WorkspaceId
from bot.release.stages.runs import Run


def ask(connection: Connection, release: ReleaseId, asked: Iterable[Run]) -> None:
    """Note runs that are to be started."""
    if rows := [_row(release, run.number, None, settled=False) for run in asked]:
        connection.execute(insert(runs), rows)


def ask_anew(connection: Connection, release: ReleaseId, asked: Iterable[Run]) -> None:
    """Note those runs of which nothing is known any more: one that has not ended may have been started."""
    here = select(runs.c.number).where(_of(release))
    known = {*connection.scalars(here)}
    lost = [run for run in asked if run.number not in known]
    if rows := [_row(release, run.number, run.at, settled=run.ended is not None) for run in lost]:
        connection.execute(insert(runs), rows)


def unsettled(connection: Connection) -> Sequence[ReleaseId]:
    """Return the releases with runs for which something is left to do."""
    query = select(runs.c.workspace, runs.c.release).where(~runs.c.settled).distinct()
    return [
        ReleaseId(WorkspaceId(row.workspace), ReleaseKey(row.release)) for row in connection.execute(query)
    ]


def unsettled_of(connection: Connection, release: ReleaseId) -> Mapping[int, datetime | None]:
    """Return the runs of a release for which something is left to do, and when each was last tried."""
    query = select(runs.c.number, runs.c.called_at).where(_of(release), ~runs.c.settled)
    return {row.number: row.called_at for row in connection.execute(query.order_by(runs.c.number))}


def call(
    connection: Connection, release: ReleaseId, number: int, at: datetime, last: datetime | None
) -> bool:
    """Note that it is tried now to start a run; False where another process has tried since `last`."""
    here = and_(_of(release), runs.c.number == number, runs.c.called_at.is_not_distinct_from(last))
    return connection.execute(update(runs).where(here).values(called_at=at)).rowcount == 1


def settle(connection: Connection, release: ReleaseId, number: int) -> None:
    """Note that nothing is left to do for a run."""
    here = and_(_of(release), runs.c.number == number)
    connection.execute(update(runs).where(here).values(settled=True))


def _row(release: ReleaseId, number: int, at: datetime | None, *, settled: bool) -> dict[str, object]:
    place = {"workspace": release.workspace, "release": release.key, "number": number}
    return {**place, "called_at": at, "settled": settled}


def _of(release: ReleaseId) -> ColumnElement[bool]:
    return and_(runs.c.workspace == release.workspace, runs.c.release == release.key)
