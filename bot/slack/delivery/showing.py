"""Making Slack show one release as it should be shown.

What is known of each message is kept in the ledger's database. A post is claimed there before it is made;
when its outcome stays unknown (a crash, a time-out, a lost answer), a late store is waited out, the message
is looked for by its metadata, and only then it is posted again. Where Rollcall may not look, a message is
posted again unless it is fleeting.
"""

import logging
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.clock import Clock
from bot.ledger.database import Database
from bot.ledger.progress import shown
from bot.ledger.progress.rooms import Room
from bot.ledger.progress.shown import Shown
from bot.release.ids import ChannelId, ReleaseId, UserId
from bot.release.release import Release
from bot.slack.delivery.calls import Calls, Held, MessageGone, NotShown, NotTaken, Unreadable
from bot.slack.delivery.room_calls import RoomRefused
from bot.slack.delivery.rooms import Rooms
from bot.slack.messages import messages
from bot.slack.messages.message import Message
from bot.slack.messages.room import NO_ROOM, no_room
from bot.slack.messages.trouble import TELLABLE, is_trouble, trouble, trouble_over
from bot.slack.writing.text import address

log = logging.getLogger(__name__)

UNKNOWN: Final = "the outcome of a post is unknown"


class Showing:
    """Make Slack match, one release at a time each.

    `settle` is how late Slack may store what it was sent, `url` the address of the workspace.
    """

    def __init__(
        self, calls: Calls, rooms: Rooms, database: Database, clock: Clock, settle: timedelta, url: str
    ) -> None:
        self._calls = calls
        self._rooms = rooms
        self._url = url
        self._database = database
        self._clock = clock
        self._settle = settle

    async def show(self, release: Release, head: str) -> None:
        """Post what is missing, update what differs, and take away what no longer holds. Raises NotShown.

        `head` is the hash of the newest event of the release.
        """
        known = await self._known(release.id)
        try:
            await self._show_all(release, head, known)
        except RoomRefused as lost:
            await self._rooms.close(release.id, lost.error)
            await self.show(release, head)
            return
        except NotShown as delay:
            if delay.why in TELLABLE:
                await self._tell_captain(release, trouble(release, delay.why))
            raise
        for place in known.values():
            if is_trouble(place.slot):
                await self._tell_it_is_over(release, place)
        await self._database.write(lambda connection: shown.mark_shown(connection, release.id, release.seq))

    async def show_to(self, person: UserId, id_: ReleaseId, message: Message) -> None:
        """Show a person one message, in place of others of its kind. Raises NotShown.

        What its slot begins with, up to the first colon, tells its kind.
        """
        known = await self._known(id_)
        place = known.get(message.slot)
        if place is None:
            before = next(iter(known.values()), None)
            channel = before.channel if before else await self._calls.direct(person)
            place = Shown(slot=message.slot, channel=channel)
        await self._match(id_, message, place, None)
        for other in known.values():
            if other.slot != message.slot and _kind(other.slot) == _kind(message.slot):
                await self._remove(id_, other, None)

    async def people(self) -> Sequence[ReleaseId]:
        """Return the places where something is shown to one person."""
        return await self._database.read(shown.to_people)

    async def slots(self, id_: ReleaseId) -> Sequence[str]:
        """Return the slots of what is shown at a place, or may be."""
        return tuple(await self._known(id_))

    async def _show_all(self, release: Release, head: str, known: Mapping[str, Shown]) -> None:
        """Show the card, for which no channel of its own matters; then all others, there or in the thread."""
        room, place = await self._rooms.known(release.id), known.get("card")
        card, *others = messages(release, head, room, self._link(place))
        root = await self._match(release.id, card, place or _fresh(card, release.channel), None)
        room = await self._rooms.enter(release, room)
        if room is not None:
            card, *others = messages(release, head, room, self._link(root))
            root = await self._match(release.id, card, root, None)
        await self._show_others(release, others, known, root, room)
        if room is not None and (left := await self._rooms.leave(release, room)) != room:
            await self._match(release.id, messages(release, head, left)[0], root, None)

    async def _show_others(
        self,
        release: Release,
        others: Sequence[Message],
        known: Mapping[str, Shown],
        root: Shown,
        room: Room | None,
    ) -> None:
        delays: list[NotShown] = []

        async def attempt(work: Awaitable[object]) -> None:
            try:
                await work
            except (Held, NotTaken) as delay:
                delays.append(delay)

        slots = {root.slot, *(message.slot for message in others)}
        for place in known.values():
            if place.slot not in slots and not _is_told(place.slot):
                await attempt(self._take_away(release.id, place, root, room))
        places = [(message, _place(release, message, known, room)) for message in others]
        # What is new comes first: it notifies, and a change of what is there does not.
        for message, place in sorted(places, key=lambda pair: not _is_missing(pair[1])):
            # In a thread nothing overtakes: what is not there yet waits behind the one before it.
            if not _is_missing(place) or not any(isinstance(delay, Held) for delay in delays):
                await attempt(self._match_there(release.id, message, place, root, room))
        if room is not None:
            await attempt(self._rooms.title(release, room))
            if room.lost:
                await attempt(self._tell_captain(release, no_room(release, room.lost)))
        if delays:
            raise min(delays, key=lambda delay: isinstance(delay, NotTaken))

    async def _match_there(
        self, id_: ReleaseId, message: Message, place: Shown, root: Shown, room: Room | None
    ) -> None:
        with _lost_with(room, place):
            await self._match(id_, message, place, _thread(place, root, room))

    async def _take_away(self, id_: ReleaseId, place: Shown, root: Shown, room: Room | None) -> None:
        if _is_out_of_reach(place, room):
            await self._forget(id_, place)
            return
        with _lost_with(room, place):
            await self._remove(id_, place, _thread(place, root, room))

    async def _tell_captain(self, release: Release, message: Message) -> None:
        """Tell the captain privately what is in the way, once for each reason."""
        known = await self._known(release.id)
        place = known.get(message.slot) or _fresh(message, ChannelId(release.captain))
        if place.ts is None:
            await self._match(release.id, message, place, None)

    def _link(self, card: Shown | None) -> str:
        return address(self._url, card.channel, card.ts) if card and card.ts else ""

    async def _known(self, release: ReleaseId) -> dict[str, Shown]:
        return await self._database.read(lambda connection: shown.shown(connection, release))

    async def _match(self, id_: ReleaseId, message: Message, place: Shown, thread: str | None) -> Shown:
        """Make one message match what is wanted, and return what is known of it then."""
        if place.claimed_at is not None:
            place = await self._resolve(id_, place, thread, message)
        if place.ts is None:
            return place if place.given_up else await self._post(id_, message, place, thread)
        if place.content == message.content:
            return place
        return await self._update(id_, message, place, thread)

    async def _post(self, release: ReleaseId, message: Message, place: Shown, thread: str | None) -> Shown:
        # The claim is made last, because a late store is waited out from then on.
        await self._calls.turn_to_post(place.channel)
        claimed = await self._note(release, replace(place, claimed_at=self._clock.now()))
        try:
            stored = await self._calls.post(release, message, place, thread)
        except NotShown:
            await self._note(release, place)
            raise
        if stored is None:
            raise Held(UNKNOWN, self._settle.total_seconds())
        channel, ts = stored
        fresh = replace(claimed, channel=channel, ts=ts, content=message.content, claimed_at=None)
        return await self._note(release, fresh)

    async def _update(self, id_: ReleaseId, message: Message, place: Shown, thread: str | None) -> Shown:
        try:
            await self._calls.update(message, place)
        except MessageGone:
            gone = Shown(slot=place.slot, channel=place.channel)
            if message.fleeting:
                # Who has deleted a reminder has read it.
                return await self._note(id_, replace(gone, content=message.content))
            fresh = await self._note(id_, gone)
            return await self._post(id_, message, fresh, thread)
        return await self._note(id_, replace(place, content=message.content))

    async def _resolve(
        self, release: ReleaseId, place: Shown, thread: str | None, message: Message | None = None
    ) -> Shown:
        """Find out whether a post with an unknown outcome was stored after all."""
        assert place.claimed_at is not None
        # A clock that was set back must not make the wait longer than it was to be.
        left = min(self._settle, place.claimed_at + self._settle - self._clock.now())
        if left > timedelta():
            raise Held(UNKNOWN, left.total_seconds())
        try:
            ts, content = await self._calls.find(release, place, place.claimed_at, thread), None
        except Unreadable as fault:
            log.warning("Whether %s of %s is there cannot be read: %s", place.slot, release.key, fault)
            ts, content = None, message.content if message and message.fleeting else None
        return await self._note(release, replace(place, ts=ts, content=content, claimed_at=None))

    async def _remove(self, id_: ReleaseId, place: Shown, thread: str | None) -> None:
        """Delete a message that no longer holds, such as a go that was asked before a gate lapsed."""
        if place.claimed_at is not None:
            place = await self._resolve(id_, place, thread)
        if place.ts is not None:
            with suppress(MessageGone):
                await self._calls.delete(place)
        await self._forget(id_, place)

    async def _tell_it_is_over(self, release: Release, place: Shown) -> None:
        """Edit what the captain was told about a trouble; the next one is told anew."""
        if place.ts is not None:
            with suppress(MessageGone, NotTaken):
                await self._calls.update(trouble_over(release, place.slot), place)
        await self._forget(release.id, place)

    async def _forget(self, release: ReleaseId, place: Shown) -> None:
        await self._database.write(lambda connection: shown.forget(connection, release, place.slot))

    async def _note(self, release: ReleaseId, message: Shown) -> Shown:
        await self._database.write(lambda connection: shown.note(connection, release, message))
        return message


def _kind(slot: str) -> str:
    return slot.partition(":")[0]


def _is_missing(place: Shown) -> bool:
    return place.ts is None and not place.given_up


def _fresh(message: Message, channel: ChannelId) -> Shown:
    return Shown(slot=message.slot, channel=channel)


def _place(release: Release, message: Message, known: Mapping[str, Shown], room: Room | None) -> Shown:
    """Return where a message stands, or is to stand.

    What stands in a channel that is closed is left there, unless it has changed or somebody is to press it.
    """
    own = room.open if room and not message.broadcast else None
    fresh = _fresh(message, own or release.channel)
    place = known.get(message.slot, fresh)
    settled = place.content == message.content and not message.pressable
    return fresh if _is_out_of_reach(place, room) and not settled else place


def _thread(place: Shown, root: Shown, room: Room | None) -> str | None:
    """Return the thread that a place is in; a channel of the release has none."""
    return None if room and place.channel == room.channel else root.ts


def _is_out_of_reach(place: Shown, room: Room | None) -> bool:
    return room is not None and bool(room.closed) and place.channel == room.channel


def _is_told(slot: str) -> bool:
    """Whether a message tells the captain privately of something that is in the way."""
    return is_trouble(slot) or slot == NO_ROOM


@contextmanager
def _lost_with(room: Room | None, place: Shown) -> Iterator[None]:
    """Tell a channel of the release that is lost from a trouble in the channel of its card."""
    try:
        yield
    except NotShown as delay:
        if room and place.channel == room.channel and delay.why in TELLABLE:
            raise RoomRefused(delay.why) from delay
        raise
