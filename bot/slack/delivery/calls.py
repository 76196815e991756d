"""The calls by which Slack is made to follow, each in its turn, and what became of them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.ledger.progress.shown import Shown
from bot.release.ids import ChannelId, ReleaseId, UserId
from bot.slack.delivery.pace import POST, Pace, StillTooFast
from bot.slack.errors import REFUSED, error_of, named_error, slow_down, status_of
from bot.slack.messages.message import Message
from bot.slack.messages.trouble import TELLABLE

READS: Final = "conversations."
EVENT_TYPE: Final = "rollcall_message"
CLOCKS_APART: Final = timedelta(hours=1)
"""How far Slack's clock may be behind ours, when our own message is looked for."""
UNCLEAR: Final = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
"""Errors after which Slack may have stored the message all the same (docs.slack.dev, chat.postMessage)."""
UNREADABLE: Final = frozenset({"not_in_channel", "channel_not_found", "missing_scope"})
"""Errors that tell that Rollcall may not read a channel, though it may be able to post there."""
GONE: Final = frozenset(
    {"message_not_found", "cant_update_message", "cant_delete_message", "edit_window_closed", "is_inactive"}
)
"""Errors of a change that tell that the message is no longer ours to change."""


class NotShown(Exception):
    """Slack does not show a message yet, and others of the release need not be tried.

    It is tried again after `after_s` seconds, or after longer each time where that is None.
    """

    def __init__(self, why: str, after_s: float | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.after_s = after_s


class Held(NotShown):
    """A post must wait, and with it all later posts of its thread; updates go on."""


class NotTaken(NotShown):
    """Slack does not take this one message; all others go on."""


class Unreadable(Exception):
    """Rollcall may not read the channel, so nobody knows whether its message is there."""


class MessageGone(Exception):
    """The message is no longer there, or no longer ours to change."""


class Calls:
    """Call Slack, each call once and in its turn. All raise NotShown."""

    def __init__(self, client: AsyncWebClient, pace: Pace) -> None:
        self._client = client
        self._pace = pace

    async def turn_to_post(self, channel: ChannelId) -> None:
        """Wait until a post may be made."""
        await self._turn(POST, channel)

    async def post(
        self, release: ReleaseId, message: Message, place: Shown, thread: str | None
    ) -> tuple[ChannelId, str] | None:
        """Post a message and return where it is, or None when nobody knows whether Slack has it."""
        text, blocks = message.sent
        try:
            answer = await self._client.chat_postMessage(
                channel=place.channel,
                thread_ts=thread,
                text=text,
                blocks=blocks,
                metadata=_metadata(release, place.slot),
                reply_broadcast=message.broadcast,
                unfurl_links=False,
                unfurl_media=False,
            )
            return ChannelId(str(answer["channel"])), str(answer["ts"])
        except aiohttp.ClientConnectorError as fault:
            raise unreachable(fault) from fault
        except SlackApiError as fault:
            if _may_be_stored(fault):
                return None
            raise self._delay(POST, fault) from fault
        except (aiohttp.ClientError, TimeoutError, KeyError):
            return None

    async def direct(self, person: UserId) -> ChannelId:
        """Return the channel of the direct messages with a person. Raises NotShown."""
        try:
            async with self._repeatable("conversations.open", ChannelId(person)):
                answer = await self._client.conversations_open(users=person)
        except Unreadable as fault:
            raise NotTaken(str(fault)) from fault
        return ChannelId(str(answer["channel"]["id"]))

    async def update(self, message: Message, place: Shown) -> None:
        """Change a message. It may be repeated without harm. Raises MessageGone."""
        text, blocks = message.sent
        async with self._repeatable("chat.update", place.channel):
            await self._client.chat_update(channel=place.channel, ts=str(place.ts), text=text, blocks=blocks)

    async def delete(self, place: Shown) -> None:
        """Delete a message. Raises MessageGone."""
        async with self._repeatable("chat.delete", place.channel):
            await self._client.chat_delete(channel=place.channel, ts=str(place.ts))

    async def find(self, release: ReleaseId, place: Shown, since: datetime, thread: str | None) -> str | None:
        """Return the ts of our own message if Slack has it. Raises Unreadable."""
        window: dict[str, Any] = {
            "channel": place.channel,
            "oldest": f"{(since - CLOCKS_APART).timestamp():.6f}",
            "include_all_metadata": True,
            "limit": 200,
        }
        while True:
            page = await self._page(window, thread)
            for message in page["messages"]:
                if message.get("metadata") == _metadata(release, place.slot):
                    return str(message["ts"])
            window["cursor"] = (page.get("response_metadata") or {}).get("next_cursor")
            if not window["cursor"]:
                return None

    async def _page(self, window: Mapping[str, Any], thread: str | None) -> Mapping[str, Any]:
        method = "conversations.replies" if thread else "conversations.history"
        async with self._repeatable(method, window["channel"]):
            if thread:
                return await self._client.conversations_replies(ts=thread, **window)  # type: ignore[return-value]
            return await self._client.conversations_history(**window)  # type: ignore[return-value]

    @asynccontextmanager
    async def _repeatable(self, method: str, channel: ChannelId) -> AsyncIterator[None]:
        await self._turn(method, channel)
        try:
            yield
        except SlackApiError as fault:
            error = error_of(fault)
            if error in GONE:
                raise MessageGone from fault
            if error in UNREADABLE and method.startswith(READS):
                raise Unreadable(error) from fault
            raise self._delay(method, fault) from fault
        except (aiohttp.ClientError, TimeoutError) as fault:
            raise unreachable(fault) from fault

    async def _turn(self, method: str, channel: ChannelId) -> None:
        try:
            await self._pace.turn(method, channel)
        except StillTooFast as fault:
            raise NotShown("Rollcall is stopping") from fault

    def _delay(self, method: str, fault: SlackApiError) -> NotShown:
        error = error_of(fault)
        if (after_s := slow_down(fault)) is not None:
            self._pace.hold(method, after_s)
            return Held("Slack asks to slow down", after_s)
        if error in TELLABLE or error in REFUSED:
            return NotShown(error)
        # Before it is known whether a message is there, nothing may be posted after it.
        return Held(error) if method.startswith(READS) else NotTaken(error)


def _metadata(release: ReleaseId, slot: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"release": release.key, "slot": slot}}


def _may_be_stored(fault: SlackApiError) -> bool:
    if slow_down(fault) is not None:
        return False
    error = named_error(fault)
    return error is None or status_of(fault) >= 500 or error in UNCLEAR


def unreachable(fault: Exception) -> NotShown:
    """Return that Slack could not be reached."""
    return NotShown(f"Slack could not be reached: {fault!r}")
