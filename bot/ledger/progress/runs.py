"""The runs of releases, as far as they are seen to: which may have been started, and which are settled."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from bot.ledger.tables import runs, services
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


def was_tried(connection: Connection, release: ReleaseId, number: int) -> bool:
    """Return whether a run may have been started."""
    here = and_(_of(release), runs.c.number == number)
    return connection.scalar(select(runs.c.called_at).where(here)) is not None


def call(
    connection: Connection, release: ReleaseId, number: int, at: datetime, last: datetime | None
) -> bool:
    """Note that it is tried now to start a run; False where another process has tried since `last`, or has
    settled it, and where one that comes before it may be under way.

    Of two processes that try two runs of one service, the second sees what the first has noted.
    """
    service, _ = _place(release.key, number)
    own = and_(services.c.workspace == release.workspace, services.c.service == service)
    connection.execute(select(services.c.service).where(own).with_for_update())
    if older(connection, release, number, last):
        return False
    here = and_(_one(release, number, last), ~runs.c.settled)
    return connection.execute(update(runs).where(here).values(called_at=at)).rowcount == 1


def uncall(
    connection: Connection, release: ReleaseId, number: int, at: datetime, last: datetime | None
) -> None:
    """Note that a run was surely not started when it was tried; not where another process has since."""
    connection.execute(update(runs).where(_one(release, number, at)).values(called_at=last))


def settle(connection: Connection, release: ReleaseId, number: int, last: datetime | None) -> None:
    """Note that nothing is left to do for a run; not where another process has tried since `last`."""
    connection.execute(update(runs).where(_one(release, number, last)).values(settled=True))


def older(
    connection: Connection, release: ReleaseId, number: int, tried: datetime | None
) -> tuple[ReleaseId, int] | None:
    """Return a run of the same service that is to be over before this one begins, and its release.

    One that was tried comes before all that were not, since it may be under way: so a way back waits for the
    run of a newer release. Else they come as they are numbered, so that no two wait for each other.
    """
    service, place = _place(release.key, number)
    own = (tried is None, place)
    here = and_(runs.c.workspace == release.workspace, ~runs.c.settled)
    found = [
        (row.called_at is not None, at, row)
        for row in connection.execute(select(runs).where(here))
        for other, at in [_place(row.release, row.number)]
        if other == service and (row.called_at is None, at) < own
    ]
    if not found:
        return None
    *_, row = max(found)
    return ReleaseId(release.workspace, ReleaseKey(row.release)), row.number


def _place(release: str, number: int) -> tuple[str, tuple[int, int]]:
    """Return the service of a run, and where among its runs it stands."""
    service, _, of = release.rpartition("-")
    return service, (int(of), number)


def _one(release: ReleaseId, number: int, last: datetime | None) -> ColumnElement[bool]:
    return and_(_of(release), runs.c.number == number, runs.c.called_at.is_not_distinct_from(last))


def _row(release: ReleaseId, number: int, at: datetime | None, *, settled: bool) -> dict[str, object]:
    place = {"workspace": release.workspace, "release": release.key, "number": number}
    return {**place, "called_at": at, "settled": settled}


def _of(release: ReleaseId) -> ColumnElement[bool]:
    return and_(runs.c.workspace == release.workspace, runs.c.release == release.key)
