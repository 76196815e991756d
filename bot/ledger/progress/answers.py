"""What was answered to each delivery of a command, so that a second delivery has no second effect."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final, NewType

from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.ledger.tables import answers
from bot.release.ids import ReleaseKey, UserId, WorkspaceId
from bot.release.refusal import Code, Refused

Delivery = NewType("Delivery", str)
"""What tells one act from another, such as Slack's trigger id: the same each time that act is delivered."""


# Every click runs these, and building a statement costs more than running it.
_RECALL: Final = select(answers.c.release, answers.c.refusal).where(
    answers.c.workspace == bindparam("in_workspace"), answers.c.delivery == bindparam("of")
)
_REMEMBER: Final = insert(answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer that was given before: a refusal, or None with the release that was changed."""

    release: ReleaseKey | None
    refusal: Refused | None


def recall(connection: Connection, workspace: WorkspaceId, delivery: Delivery) -> Answered | None:
    """Return what this delivery was answered before, or None when it is new."""
    row = connection.execute(_RECALL, {"in_workspace": workspace, "of": delivery}).one_or_none()
    if row is None:
        return None
    return Answered(release=row.release, refusal=_refusal(row.refusal) if row.refusal else None)


def remember(
    connection: Connection, workspace: WorkspaceId, delivery: Delivery, at: datetime, answered: Answered
) -> None:
    """Keep what a delivery was answered."""
    refusal = json.dumps(asdict(answered.refusal)) if answered.refusal else None
    row = {"workspace": workspace, "delivery": delivery, "at": at}
    connection.execute(_REMEMBER, {**row, "release": answered.release, "refusal": refusal})


def renew(
    connection: Connection, workspace: WorkspaceId, delivery: Delivery, at: datetime, within: timedelta
) -> bool:
    """Keep that something is told now, and return whether it was not told within that time before."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = {"workspace": workspace, "delivery": delivery, "at": at}
    fresh = dialect.insert(answers).values(**row)
    told = fresh.on_conflict_do_update(
        index_elements=["workspace", "delivery"], set_={"at": at}, where=answers.c.at <= at - within
    )
    return connection.execute(told).rowcount == 1


def _refusal(written: str) -> Refused:
    content = json.loads(written)
    ask = tuple(UserId(person) for person in content.pop("ask"))
    return Refused(code=Code(content.pop("code")), ask=ask, **content)
