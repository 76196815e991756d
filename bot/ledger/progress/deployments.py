"""The deployments of pipelines that wait at Rollcall, and what they were told and answered."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, and_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.ledger.tables import deployments
from bot.release.ids import ReleaseKey, WorkspaceId


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A pipeline's wish to deploy a commit to an environment.

    `repository` is the address of its repository, `pipeline` that at which its pipeline can be watched;
    `number` is the id of the deployment, where it has one. `ref` is the branch or tag, `sender` who has begun
    it, as they are called there.
    """

    repository: str
    pipeline: str
    environment: str
    number: str
    commit: str
    ref: str
    sender: str


class Answer(StrEnum):
    """How the wait of a deployment ended; GONE where it waits no longer and got no answer."""

    APPROVED = "approved"
    REJECTED = "rejected"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a deployment stands that waits: since when, of which release, and what it was told."""

    at: datetime
    release: ReleaseKey | None
    told: str
    reports: int


def keep(connection: Connection, workspace: WorkspaceId, deployment: Deployment, at: datetime) -> None:
    """Keep a deployment that waits; the same once more changes nothing.

    But one without a number may be another of the same pipeline, which was run again.
    """
    fresh = {"asked_at": at, "release": None, "told": "", "reports": 0, "answer": None}
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    kept = dialect.insert(deployments).values(workspace=workspace, **asdict(deployment), **fresh)
    again = and_(deployments.c.number == "", deployments.c.answer.is_not(None))
    keys = [column.name for column in deployments.primary_key]
    connection.execute(kept.on_conflict_do_update(index_elements=keys, set_=fresh, where=again))


def waiting(connection: Connection, workspace: WorkspaceId) -> Sequence[Deployment]:
    """Return the deployments that wait, the longest waiting first."""
    here = and_(deployments.c.workspace == workspace, deployments.c.answer.is_(None))
    rows = connection.execute(select(deployments).where(here).order_by(deployments.c.asked_at)).mappings()
    return [Deployment(**{one.name: row[one.name] for one in fields(Deployment)}) for row in rows]


def standing(connection: Connection, workspace: WorkspaceId, deployment: Deployment) -> Standing | None:
    """Return how a deployment stands, or None where it waits no longer."""
    row = connection.execute(select(deployments).where(_of(workspace, deployment))).first()
    if row is None or row.answer is not None:
        return None
    return Standing(at=row.asked_at, release=row.release, told=row.told, reports=row.reports)


def bind(connection: Connection, workspace: WorkspaceId, deployment: Deployment, release: ReleaseKey) -> None:
    """Note to which release a deployment belongs."""
    _note(connection, workspace, deployment, {"release": release})


def tell(
    connection: Connection, workspace: WorkspaceId, deployment: Deployment, told: str, reports: int
) -> bool:
    """Note that a deployment is told something now; False where another process has told it something since
    there were so many `reports`."""
    here = and_(_of(workspace, deployment), deployments.c.reports == reports)
    values = {"told": told, "reports": reports + 1}
    return connection.execute(update(deployments).where(here).values(values)).rowcount == 1


def untell(connection: Connection, workspace: WorkspaceId, deployment: Deployment, before: Standing) -> None:
    """Note that what it was told last has not reached a deployment, as far as it is known."""
    here = and_(_of(workspace, deployment), deployments.c.reports == before.reports + 1)
    values = {"told": before.told, "reports": before.reports}
    connection.execute(update(deployments).where(here).values(values))


def settle(connection: Connection, workspace: WorkspaceId, deployment: Deployment, answer: Answer) -> None:
    """Note that nothing is left to do for a deployment."""
    _note(connection, workspace, deployment, {"answer": answer})


def _note(
    connection: Connection, workspace: WorkspaceId, deployment: Deployment, values: Mapping[str, str]
) -> None:
    connection.execute(update(deployments).where(_of(workspace, deployment)).values(values))


def _of(workspace: WorkspaceId, deployment: Deployment) -> ColumnElement[bool]:
    place = {**asdict(deployment), "workspace": workspace}
    return and_(*(column == place[column.name] for column in deployments.primary_key))
