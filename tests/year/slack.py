"""What Rollcall did in the practice Slack: every call that makes, changes or takes away a message."""

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bot.practice import Practice
from bot.practice.to_app.traffic import Entry

POST: Final = "chat.postMessage"
UPDATE: Final = "chat.update"
DELETE: Final = "chat.delete"
OPEN: Final = "conversations.open"
COUNTED: Final = (POST, UPDATE, DELETE, OPEN)
Place = tuple[str, str]
"""The channel and the ts of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One call: what it did to which message, which belongs to a release or a person at a slot.

    `turn` counts what happened in the year, and Slack followed each time before the next thing did.
    `content` is all that the message shows, and empty where it was taken away.
    """

    at: datetime
    turn: int
    method: str
    place: Place
    owner: str = ""
    slot: str = ""
    text: str = ""
    content: str = ""

    @property
    def kind(self) -> str:
        """What the message is, such as a card, a gate or a reminder."""
        return self.slot.partition(":")[0]

    @property
    def posted(self) -> datetime:
        """When the message stands in Slack since."""
        seconds, _, micros = self.place[1].partition(".")
        return datetime.fromtimestamp(int(seconds), UTC).replace(microsecond=int(micros))


class Watching:
    """Read the log of the practice Slack bit by bit, before it forgets."""

    def __init__(self, practice: Practice) -> None:
        self.sent: list[Sent] = []
        self._practice = practice
        self._read = 0
        self._posts: dict[Place, Sent] = {}

    def note(self, turn: int) -> Iterable[Sent]:
        """Read what was sent since the last look, and return it. Every call must have gone well."""
        before = len(self.sent)
        for entry in self._new():
            self._read = entry.n
            if entry.direction == "in" and entry.what in COUNTED:
                assert entry.answer["ok"], entry
                self.sent.append(self._one(entry, turn))
        return self.sent[before:]

    def _new(self) -> Sequence[Entry]:
        # What the log gives out are copies, which would take longer than all else.
        newest = itertools.takewhile(
            lambda it: it.n > self._read, reversed(self._practice.slack.traffic._entries)
        )
        return [*newest][::-1]

    def _one(self, entry: Entry, turn: int) -> Sent:
        body, answer, method = entry.body, entry.answer, entry.what
        at = self._practice.workspace.now()
        if method == OPEN:
            return Sent(at=at, turn=turn, method=method, place=(answer["channel"]["id"], ""))
        place = answer["channel"], answer["ts"]
        if method == POST:
            about = body["metadata"]["event_payload"]
            owner, slot = about["release"], about["slot"]
        else:
            owner, slot = self._posts[place].owner, self._posts[place].slot
        text = body.get("text", "")
        content = json.dumps([text, body.get("blocks")]) if method != DELETE else ""
        one = Sent(
            at=at,
            turn=turn,
            method=method,
            place=place,
            owner=owner,
            slot=slot,
            text=text,
            content=content,
        )
        if method == POST:
            self._posts[place] = one
        return one


def standing(practice: Practice) -> Iterator[tuple[str, str]]:
    """Return the owner and slot of each message of Rollcall that stands in the practice Slack."""
    for channel in practice.workspace.channels.values():
        for message in channel.lasting():
            if about := (message.get("metadata") or {}).get("event_payload"):
                yield about["release"], about["slot"]
