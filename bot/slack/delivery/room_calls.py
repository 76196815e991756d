"""The calls by which the channel of a release is made and kept, and what became of them.

None of them waits for its turn: while there is none, the release is looked at again later, so that its other
messages do not wait.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.release.ids import ChannelId, UserId
from bot.slack.delivery.calls import CLOCKS_APART, UNCLEAR, Held, NotShown, unreachable
from bot.slack.delivery.pace import Pace
from bot.slack.errors import REFUSED, error_of, slow_down, status_of

NAME_TAKEN: Final = "name_taken"
LOST: Final = frozenset({"channel_not_found", "is_archived", "missing_scope", "not_in_channel"})
"""Errors that tell that a channel can be used no more."""
INVITED_AT_ONCE: Final = 100
"""People whom one call invites (docs.slack.dev, conversations.invite)."""


class RoomRefused(Exception):
    """Slack does not do what was asked of the channel, now or later; `error` is why."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class RoomCalls:
    """Call Slack for the channels of releases, as the user `me`. All raise NotShown and RoomRefused."""

    def __init__(self, client: AsyncWebClient, pace: Pace, me: str) -> None:
        self._client = client
        self._pace = pace
        self._me = me

    async def is_private(self, channel: ChannelId) -> bool:
        """Return whether not everybody may look into a channel; where that is not known, nobody may."""
        try:
            async with self._call("conversations.info"):
                found = (await self._client.conversations_info(channel=channel))["channel"]
        except RoomRefused:
            return True
        return bool(found.get("is_private") or found.get("is_im") or found.get("is_mpim"))

    async def make(self, name: str, since: datetime, *, private: bool) -> ChannelId | None:
        """Make a channel and return it, or the one that was made by that name since; None where it is taken.

        A name is given once, so after a call of which nobody knows what became of it, this is the same one.
        """
        try:
            async with self._call("conversations.create"):
                made = await self._client.conversations_create(name=name, is_private=private)
        except RoomRefused as fault:
            if fault.error != NAME_TAKEN:
                raise
            return await self._find(name, since)
        return ChannelId(str(made["channel"]["id"]))

    async def invite(self, channel: ChannelId, people: Sequence[UserId]) -> None:
        """Invite people; who is there, or cannot be invited, is passed over."""
        for first in range(0, len(people), INVITED_AT_ONCE):
            some = people[first : first + INVITED_AT_ONCE]
            with _lost_alone():
                async with self._call("conversations.invite"):
                    await self._client.conversations_invite(channel=channel, users=some, force=True)

    async def set_topic(self, channel: ChannelId, topic: str) -> None:
        """Set the topic of a channel, if Rollcall may."""
        with _lost_alone():
            async with self._call("conversations.setTopic"):
                await self._client.conversations_setTopic(channel=channel, topic=topic)

    async def archive(self, channel: ChannelId) -> None:
        """Put a channel into the archive, if Rollcall may and it is not there yet."""
        with suppress(RoomRefused):
            async with self._call("conversations.archive"):
                await self._client.conversations_archive(channel=channel)

    async def _find(self, name: str, since: datetime) -> ChannelId | None:
        mine: dict[str, Any] = {
            "types": "public_channel,private_channel",
            "exclude_archived": True,
            "limit": 200,
        }
        while True:
            async with self._call("users.conversations"):
                page = await self._client.users_conversations(**mine)
            for channel in page["channels"]:
                ours = channel["name"] == name and channel.get("creator") == self._me
                if ours and channel["created"] >= (since - CLOCKS_APART).timestamp():
                    return ChannelId(str(channel["id"]))
            mine["cursor"] = (page.get("response_metadata") or {}).get("next_cursor")
            if not mine["cursor"]:
                return None

    @asynccontextmanager
    async def _call(self, method: str) -> AsyncIterator[None]:
        if wait := self._pace.take(method):
            raise Held(f"{method} waits for its turn", wait)
        try:
            yield
        except SlackApiError as fault:
            error = error_of(fault)
            if (after_s := slow_down(fault)) is not None:
                self._pace.hold(method, after_s)
                raise Held("Slack asks to slow down", after_s) from fault
            if error in REFUSED:
                raise NotShown(error) from fault
            if status_of(fault) >= 500 or error in UNCLEAR:
                raise Held(error) from fault
            raise RoomRefused(error) from fault
        except (aiohttp.ClientError, TimeoutError) as fault:
            raise unreachable(fault) from fault


@contextmanager
def _lost_alone() -> Iterator[None]:
    """Let pass that something is refused, unless the channel is lost with it."""
    try:
        yield
    except RoomRefused as fault:
        if fault.error in LOST:
            raise
