"""What Slack shows of each release, as far as it is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.ledger.own import MARK
from bot.ledger.tables import messages, releases
from bot.release.ids import ChannelId, ReleaseId, ReleaseKey, WorkspaceId


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message: where it is, and the hash of what it shows.

    `ts` is None until Slack has answered. `claimed_at` is set while a post is under way: when it stays set,
    nobody knows whether Slack has stored the message. `content` without `ts` stands for one that may be
    there, and that is not posted again because nobody can find out.
    """

    slot: str
    channel: ChannelId
    ts: str | None = None
    content: str | None = None
    claimed_at: datetime | None = None

    @property
    def given_up(self) -> bool:
        """Whether it is neither looked for nor posted any more."""
        return self.ts is None and self.claimed_at is None and self.content is not None


def unshown(connection: Connection) -> Sequence[ReleaseId]:
    """Return the releases with events that Slack may not show yet."""
    query = select(releases.c.workspace, releases.c.release).where(releases.c.shown_seq < releases.c.seq)
    return [ReleaseId(row.workspace, row.release) for row in connection.execute(query)]


def to_people(connection: Connection) -> Sequence[ReleaseId]:
    """Return where messages to one person are kept, instead of those of a release."""
    query = select(messages.c.workspace, messages.c.release).distinct()
    rows = connection.execute(query.where(messages.c.release.startswith(MARK)))
    return [ReleaseId(row.workspace, row.release) for row in rows]


def mark_shown(connection: Connection, release: ReleaseId, seq: int) -> None:
    """Note that Slack shows a release as it stood after its event number `seq`."""
    here = and_(releases.c.workspace == release.workspace, releases.c.release == release.key)
    connection.execute(update(releases).where(here).values(shown_seq=seq))


def shown(connection: Connection, release: ReleaseId) -> dict[str, Shown]:
    """Return what Slack shows of a release, by slot."""
    rows = connection.execute(select(messages).where(_of(release)))
    return {row.slot: _message(row) for row in rows}


def release_at(
    connection: Connection, workspace: WorkspaceId, channel: ChannelId, ts: str
) -> ReleaseId | None:
    """Return the release whose card, and so whose thread, is at a place in Slack."""
    place = and_(messages.c.channel == channel, messages.c.ts == ts, messages.c.slot == "card")
    query = select(messages.c.release).where(messages.c.workspace == workspace, place)
    key = connection.scalar(query)
    return ReleaseId(workspace, ReleaseKey(key)) if key else None


def cards(
    connection: Connection, workspace: WorkspaceId, keys: Sequence[ReleaseKey]
) -> dict[ReleaseKey, Shown]:
    """Return the cards of some releases, as far as Slack shows them."""
    here = and_(messages.c.workspace == workspace, messages.c.release.in_(keys), messages.c.slot == "card")
    rows = connection.execute(select(messages).where(here, messages.c.ts.is_not(None)))
    return {row.release: _message(row) for row in rows}


def note(connection: Connection, release: ReleaseId, message: Shown) -> None:
    """Keep what is known of one message."""
    place = {"workspace": release.workspace, "release": release.key, "slot": message.slot}
    content = {
        "channel": message.channel,
        "ts": message.ts,
        "shown": message.content,
        "claimed_at": message.claimed_at,
    }
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    fresh = dialect.insert(messages).values(**place, **content)
    connection.execute(fresh.on_conflict_do_update(index_elements=list(place), set_=content))


def forget(connection: Connection, release: ReleaseId, slot: str) -> None:
    """Forget a message that is not in Slack, so that it is posted again."""
    connection.execute(delete(messages).where(_of(release), messages.c.slot == slot))


def _message(row: Row[Any]) -> Shown:
    return Shown(slot=row.slot, channel=row.channel, ts=row.ts, content=row.shown, claimed_at=row.claimed_at)


def _of(release: ReleaseId) -> ColumnElement[bool]:
    return and_(messages.c.workspace == release.workspace, messages.c.release == release.key)
