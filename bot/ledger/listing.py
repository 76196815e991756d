"""Lists of releases, a page at a time, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, and_, or_, select

from bot.ledger.tables import releases
from bot.release.ids import ReleaseKey, WorkspaceId
from bot.release.state import State
from bot.runbook.model import DRILL

WENT_OUT = (State.COMPLETED, State.ROLLED_BACK)


class Place(NamedTuple):
    """Where in a list one is: the time by which it is ordered, and the key of the release."""

    at: datetime
    key: ReleaseKey


@dataclass(frozen=True, slots=True, kw_only=True)
class WentOut:
    """A release that was completed, or rolled back, at `ended_at`."""

    key: ReleaseKey
    service: str
    version: str
    kind: str
    state: State
    started_at: datetime
    ended_at: datetime

    @property
    def place(self) -> Place:
        """Where it stands in the list."""
        return Place(self.ended_at, self.key)


def going_out(
    connection: Connection, workspace: WorkspaceId, service: str | None, after: Place | None, limit: int
) -> Sequence[Place]:
    """Return the open releases of a workspace, or of one service, those started last first; no drills."""
    here = and_(_here(workspace, service, releases.c.started_at, after), releases.c.kind != DRILL)
    query = select(releases.c.started_at, releases.c.release).where(here, releases.c.ended_at.is_(None))
    rows = connection.execute(query.order_by(*_newest(releases.c.started_at)).limit(limit))
    return [Place(row.started_at, row.release) for row in rows]


def went_out(
    connection: Connection,
    workspace: WorkspaceId,
    service: str | None,
    since: datetime | None,
    after: Place | None,
    limit: int,
) -> Sequence[WentOut]:
    """Return the releases that have gone out, also those rolled back; those that ended last come first.

    A drill goes nowhere, so it is none of them.
    """
    here = and_(_here(workspace, service, releases.c.ended_at, after), releases.c.kind != DRILL)
    query = select(releases).where(here, releases.c.ended_at.is_not(None), releases.c.state.in_(WENT_OUT))
    if since is not None:
        query = query.where(releases.c.ended_at >= since)
    rows = connection.execute(query.order_by(*_newest(releases.c.ended_at)).limit(limit))
    return [
        WentOut(
            key=row.release,
            service=row.service,
            version=row.version,
            kind=row.kind,
            state=State(row.state),
            started_at=row.started_at,
            ended_at=row.ended_at,
        )
        for row in rows
    ]


def _here(
    workspace: WorkspaceId, service: str | None, by: Column[datetime], after: Place | None
) -> ColumnElement[bool]:
    here = releases.c.workspace == workspace
    if service is not None:
        here = and_(here, releases.c.service == service)
    if after is not None:
        here = and_(here, or_(by < after.at, and_(by == after.at, releases.c.release < after.key)))
    return here


def _newest(by: Column[datetime]) -> tuple[ColumnElement[datetime], ColumnElement[str]]:
    return by.desc(), releases.c.release.desc()
