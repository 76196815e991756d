"""The channels of their own that releases have, as far as it is known."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, and_, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.ledger.tables import rooms
from bot.release.ids import ChannelId, ReleaseId, ReleaseKey, UserId, WorkspaceId

OVER: Final = "over"
"""Why a channel is closed that has served its release to the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A channel of its own: its topic, and who was ever invited; `channel` is None where none could be made.

    `closed` is why it is used no more: OVER, or the error by which it was lost.
    """

    channel: ChannelId | None = None
    topic: str = ""
    invited: frozenset[UserId] = frozenset()
    closed: str = ""

    @property
    def open(self) -> ChannelId | None:
        """The channel, as long as messages go there."""
        return None if self.closed else self.channel

    @property
    def lost(self) -> str:
        """The error by which it was lost, or nothing."""
        return "" if self.closed == OVER else self.closed


def room(connection: Connection, release: ReleaseId) -> Room | None:
    """Return what is known of the channel that a release has, or None where it has none yet."""
    here = and_(rooms.c.workspace == release.workspace, rooms.c.release == release.key)
    row = connection.execute(select(rooms).where(here)).first()
    if row is None:
        return None
    invited = frozenset(UserId(user) for user in row.invited.split())
    return Room(channel=row.channel, topic=row.topic, invited=invited, closed=row.closed)


def release_of(connection: Connection, workspace: WorkspaceId, channel: ChannelId) -> ReleaseId | None:
    """Return the release whose own channel it is, or None."""
    here = and_(rooms.c.workspace == workspace, rooms.c.channel == channel)
    key = connection.scalar(select(rooms.c.release).where(here))
    return ReleaseId(workspace, ReleaseKey(key)) if key else None


def note(connection: Connection, release: ReleaseId, room: Room) -> None:
    """Keep what is known of the channel that a release has."""
    place = {"workspace": release.workspace, "release": release.key}
    content = {
        "channel": room.channel,
        "topic": room.topic,
        "invited": " ".join(sorted(room.invited)),
        "closed": room.closed,
    }
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    fresh = dialect.insert(rooms).values(**place, **content)
    connection.execute(fresh.on_conflict_do_update(index_elements=list(place), set_=content))
