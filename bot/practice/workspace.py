"""The workspace itself: people, channels, messages, groups, and who has read what."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.clock import MovableClock
from bot.practice.cast import (
    BOT_USER,
    BOTS,
    GROUPS,
    PEOPLE,
    PLACES,
    Group,
    Person,
    dm_id,
)
from bot.practice.elements import with_ids
from bot.practice.shapes import Impossible, Json
from bot.practice.views import Views

BROADCAST = "thread_broadcast"
EPHEMERALS_KEPT = 50


@dataclass(slots=True, kw_only=True)
class Channel:
    """A conversation; `messages` are by ts, oldest first, replies and ephemeral ones among them.

    `creator` is an id, or nothing where it was there from the beginning; times are Unix seconds.
    """

    id: str
    name: str
    private: bool = False
    im_with: str | None = None
    archived: bool = False
    creator: str = ""
    created: int = 0
    topic: str = ""
    topic_at: int = 0
    members: list[str] = field(default_factory=list)
    messages: dict[str, Json] = field(default_factory=dict)
    last_us: int = 0

    def replies(self, root: str) -> list[Json]:
        """List a thread's replies, oldest first, without its root."""
        return [one for one in self.lasting() if one.get("thread_ts") == root and one["ts"] != root]

    def standing(self) -> list[Json]:
        """List what stands in the channel itself, oldest first: roots, and replies sent there as well."""
        return [one for one in self.lasting() if stands_in_channel(one)]

    def lasting(self) -> Iterator[Json]:
        """Go through all that is not ephemeral, oldest first."""
        return (one for one in list(self.messages.values()) if "ephemeral_for" not in one)

    def get(self, ts: object) -> Json | None:
        """Find a message that is not ephemeral."""
        found = self.messages.get(ts) if isinstance(ts, str) else None
        return None if found is None or "ephemeral_for" in found else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that a page would want to show afresh; `user` when it concerns one person alone."""

    version: int
    what: str
    channel: str | None = None
    user: str | None = None


class Workspace:
    """Hold everything that people see, and tell the listeners of each change."""

    def __init__(self, clock: MovableClock) -> None:
        self.clock = clock
        self.people: dict[str, Person] = {person.id: person for person in (*PEOPLE, *BOTS)}
        self.groups: dict[str, Group] = {group.id: group for group in GROUPS}
        self.channels: dict[str, Channel] = {
            place.id: Channel(
                id=place.id, name=place.name, private=place.private, members=list(place.members)
            )
            for place in PLACES
        }
        for user in (person.id for person in PEOPLE if not person.bot):
            dm = Channel(id=dm_id(user), name="directmessage", im_with=user, members=[user, BOT_USER])
            self.channels[dm.id] = dm
        self.read: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.views = Views()
        self.version = 0
        self.listeners: list[Callable[[Change], None]] = []

    def now(self) -> datetime:
        return self.clock.now()

    def changed(self, what: str, *, channel: str | None = None, user: str | None = None) -> None:
        """Count the change and tell it to the listeners."""
        self.version += 1
        change = Change(version=self.version, what=what, channel=channel, user=user)
        for listener in list(self.listeners):
            listener(change)

    # Finding

    def person(self, reference: object) -> Person:
        """Find a person by id or by short name, in capitals or not; raise Impossible when there is none."""
        name = reference.lower() if isinstance(reference, str) else reference
        for person in self.people.values():
            if reference == person.id or name == person.name:
                return person
        names = ", ".join(person.name for person in PEOPLE)
        raise Impossible(f"There is nobody called {reference!r} here. The people are {names}.", 404)

    def channel(self, reference: object) -> Channel:
        """Find a channel by id or by name; raise Impossible when there is none."""
        wanted = reference.removeprefix("#") if isinstance(reference, str) else reference
        for channel in self.channels.values():
            if wanted == channel.id or (wanted == channel.name and channel.im_with is None):
                return channel
        names = ", ".join(channel.name for channel in self.channels.values() if channel.im_with is None)
        raise Impossible(f"There is no channel {reference!r}. The channels are {names}.", 404)

    # Slack Connect

    def is_shared(self, channel: Channel) -> bool:
        """Tell whether people of another workspace are in a channel."""
        return any(self.people[user].external for user in channel.members if user in self.people)

    def is_stranger(self, person: Person) -> bool:
        """Tell whether somebody of another workspace shares no channel with the app.

        Who does share one is no stranger to Slack; only their team tells that they are from elsewhere.
        """
        places = [one for one in self.channels.values() if one.im_with is None and BOT_USER in one.members]
        return person.external and not any(person.id in place.members for place in places)

    # Messages

    def next_ts(self, channel: Channel) -> str:
        """Give the next message id of a channel: workspace seconds with six digits, always growing."""
        now = self.now()
        channel.last_us = max(int(now.timestamp()) * 1_000_000 + now.microsecond, channel.last_us + 1)
        return f"{channel.last_us // 1_000_000}.{channel.last_us % 1_000_000:06d}"

    def post(self, channel: Channel, message: Json) -> Json:
        """Store a message under a new ts and return it as stored."""
        ts = self.next_ts(channel)
        stored: Json = {"type": "message", **message, "ts": ts}
        if stored.get("blocks"):
            stored["blocks"] = with_ids(stored["blocks"])
        channel.messages[ts] = stored
        if "ephemeral_for" in stored:
            self._forget_old_ephemerals(stored["ephemeral_for"])
        elif "thread_ts" not in stored and stored["user"] != BOT_USER:
            self.read[stored["user"]][channel.id] = ts
        self.changed("messages", channel=channel.id)
        return stored

    def edit(self, channel: Channel, ts: str, changes: Json) -> Json:
        """Put changes over a stored message; a value of None takes the key away."""
        merged = {**channel.messages[ts], **changes}
        stored = {key: value for key, value in merged.items() if value is not None}
        if changes.get("blocks"):
            stored["blocks"] = with_ids(stored["blocks"])
        channel.messages[ts] = stored
        self.changed("messages", channel=channel.id)
        return stored

    def remove(self, channel: Channel, ts: str) -> None:
        """Delete a message; one with replies leaves a tombstone, as in Slack."""
        gone = channel.messages.pop(ts)
        if gone.get("thread_ts", ts) == ts and channel.replies(ts):
            tombstone = {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "hidden": True}
            tombstone |= {"text": "This message was deleted.", "ts": ts, "thread_ts": ts}
            channel.messages[ts] = tombstone
            channel.messages = dict(sorted(channel.messages.items()))
        self.changed("messages", channel=channel.id)

    def _forget_old_ephemerals(self, user: str) -> None:
        theirs = [
            (ts, channel)
            for channel in self.channels.values()
            for ts, one in channel.messages.items()
            if one.get("ephemeral_for") == user
        ]
        for ts, channel in sorted(theirs, key=lambda pair: pair[0])[:-EPHEMERALS_KEPT]:
            del channel.messages[ts]

    # Who has read what

    def mark_read(self, user: str, channel: Channel, ts: str) -> None:
        """Move a person's read mark of a channel to ts; it never moves back."""
        self.read[user][channel.id] = max(ts, self.read[user].get(channel.id, ""))
        self.changed("read", channel=channel.id, user=user)

    def unread(self, user: str, channel: Channel) -> tuple[int, int]:
        """Count a person's unread messages of a channel, and those anywhere in it that mention them."""
        mark = self.read[user].get(channel.id, "")
        new = [one for one in channel.lasting() if one["ts"] > mark and one["user"] != user]
        standing = sum(1 for one in new if stands_in_channel(one))
        return standing, sum(1 for one in new if self.mentions(user, one))

    def mentions(self, user: str, message: Json) -> bool:
        """Tell whether a message calls for the person, alone, by group or by channel."""
        said = message.get("text", "") + json.dumps(message.get("blocks", []))
        groups = [f"<!subteam^{group.id}" for group in self.groups.values() if user in group.users]
        return any(call in said for call in (f"<@{user}", "<!channel", "<!here", "<!everyone", *groups))

    # Changes of the cast

    def change_person(self, user: str, **changes: str | bool | int) -> Person:
        """Change a person's facts and return them as they are now."""
        self.people[user] = replace(self.people[user], **changes)  # type: ignore[arg-type]
        self.changed("people", user=user)
        return self.people[user]

    def change_group(self, group: str, users: tuple[str, ...]) -> Group:
        """Set a group's members and return it as it is now."""
        self.groups[group] = replace(self.groups[group], users=users)
        self.changed("people")
        return self.groups[group]


def stands_in_channel(message: Json) -> bool:
    """Tell whether a message stands in the channel itself and not in a thread alone."""
    is_root = message.get("thread_ts", message["ts"]) == message["ts"]
    return is_root or message.get("subtype") == BROADCAST


def with_root(channel: Channel, message: Json) -> Json:
    """Return a message as Slack gives it out: a reply that was sent to the channel carries its root."""
    root = channel.get(message.get("thread_ts")) if message.get("subtype") == BROADCAST else None
    return message if root is None else {**message, "root": with_thread_facts(channel, [root])[0]}


def with_thread_facts(channel: Channel, messages: list[Json]) -> list[Json]:
    """Return the messages, those that are roots of threads telling of their replies."""
    threads: defaultdict[str, list[Json]] = defaultdict(list)
    for one in channel.lasting():
        if one.get("thread_ts", one["ts"]) != one["ts"]:
            threads[one["thread_ts"]].append(one)
    return [one | _thread_facts(one["ts"], threads.get(one["ts"], [])) for one in messages]


def _thread_facts(root: str, replies: list[Json]) -> Json:
    if not replies:
        return {}
    users = list(dict.fromkeys(reply["user"] for reply in replies))
    return {
        "thread_ts": root,
        "reply_count": len(replies),
        "reply_users": users,
        "reply_users_count": len(users),
        "latest_reply": replies[-1]["ts"],
    }
