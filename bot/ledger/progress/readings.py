"""The checks that Rollcall reads for open gates: when each is due, and that one process reads it then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from bot.ledger.tables import readings
from bot.release.gates.readings import to_be_read
from bot.release.ids import ReleaseId, ReleaseKey, WorkspaceId
from bot.release.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A check of a release that is to be read since a moment."""

    release: ReleaseId
    check: str
    at: datetime


def follow(connection: Connection, before: Release | None, after: Release) -> None:
    """Note which checks are to be read as a release stands now; those that are new are due at once.

    All are, where it is about something else than before, or for another stage.
    """
    was, now = set(to_be_read(before) if before else ()), set(to_be_read(after))
    same = before is not None and (before.bound, before.stage) == (after.bound, after.stage)
    kept = was & now if same else set()
    if gone := was - kept:
        connection.execute(delete(readings).where(_of(after.id), readings.c.check.in_(gone)))
    if new := now - kept:
        connection.execute(insert(readings), [_row(after, check) for check in sorted(new)])


def follow_anew(connection: Connection, release: Release) -> None:
    """Note which checks are to be read, though it is not known what was noted before."""
    connection.execute(delete(readings).where(_of(release.id)))
    follow(connection, None, release)


def due(connection: Connection, now: datetime, limit: int) -> Sequence[Due]:
    """Return the checks whose time has come to be read, the longest waiting first."""
    query = select(readings).where(readings.c.due_at <= now).order_by(readings.c.due_at).limit(limit)
    return [
        Due(
            release=ReleaseId(WorkspaceId(row.workspace), ReleaseKey(row.release)),
            check=row.check,
            at=row.due_at,
        )
        for row in connection.execute(query)
    ]


def take(connection: Connection, due: Due, again: datetime) -> bool:
    """Note that a check is read now, and next `again`; False where another process has taken it."""
    here = and_(_of(due.release), readings.c.check == due.check, readings.c.due_at == due.at)
    return connection.execute(update(readings).where(here).values(due_at=again)).rowcount == 1


def _row(release: Release, check: str) -> dict[str, object]:
    place = {"workspace": release.workspace, "release": release.key}
    # A moment that is over on every clock.
    return {**place, "check": check, "due_at": release.started_at}


def _of(release: ReleaseId) -> ColumnElement[bool]:
    return and_(readings.c.workspace == release.workspace, readings.c.release == release.key)
