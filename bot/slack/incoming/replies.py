"""Bringing a reply to a person: a form, a private message, a modal in the Home tab, an answer in a thread."""

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.release.ids import UserId
from bot.slack.desk import Reply
from bot.slack.errors import error_of
from bot.slack.home.tabs import HomeTabs
from bot.slack.home.told import told
from bot.slack.tasks import Tasks
from bot.slack.writing.blocks import Block

Body = Mapping[str, Any]

log = logging.getLogger(__name__)

DIRECT: Final = "D"
"""What the ids of the channels of direct messages begin with."""
SOON_S: Final = 1.0
LOADING: Final = "One moment, the form is on its way."
NOT_OPENED: Final = "Slack was too slow to open the form, and nothing was changed. Try once more."


class Replies:
    """Say something to whoever has sent a request, at the place where it came from."""

    def __init__(self, client: AsyncWebClient, tasks: Tasks, homes: HomeTabs) -> None:
        self._client = client
        self._tasks = tasks
        self._homes = homes

    def open(self, reply: Reply, body: Body) -> None:
        """Open the form of a reply, if it has one."""
        # The trigger lives for three seconds, so the form is opened at once, beside the response.
        if reply.form is not None:
            self._tasks.run(self.open_in_time(_ready(reply.form), body))

    async def open_in_time(self, form: Awaitable[Block], body: Body) -> None:
        """Open a form in time: the trigger lives for three seconds, so one that takes a while comes later."""
        coming = asyncio.ensure_future(form)
        try:
            await asyncio.wait([coming], timeout=SOON_S)
            view = coming.result() if coming.done() else told(LOADING)
            opened = await self._client.views_open(trigger_id=body["trigger_id"], view=view)
            if view is not await coming:
                await self._client.views_update(view_id=opened["view"]["id"], view=await coming)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as fault:
            log.warning("A form could not be opened: %s", fault)
            await self.tell(body, NOT_OPENED)

    async def put_in_place(self, body: Body, text: str) -> None:
        """Put a text in the place of the private message whose button was pressed: it has done its work."""
        await AsyncWebhookClient(body["response_url"]).send(text=text, replace_original=True)

    async def tell(self, body: Body, text: str) -> None:
        """Tell a person, and nobody else, where the command was typed or the button was pressed."""
        if is_at_home(body):
            await self._tell_at_home(body, text)
            return
        user = body["user_id"] if "user_id" in body else body["user"]["id"]
        if "channel_id" not in body and "channel" not in body:
            # A global shortcut is chosen in no channel.
            await self._client.chat_postMessage(channel=user, text=text)
            return
        channel = body["channel_id"] if "channel_id" in body else body["channel"]["id"]
        message = body.get("message") or {}
        # Among direct messages nobody looks into a thread.
        alone = channel.startswith(DIRECT)
        thread = None if alone else message.get("thread_ts") or message.get("ts")
        try:
            await self._client.chat_postEphemeral(channel=channel, user=user, text=text, thread_ts=thread)
        except SlackApiError as fault:
            # Where Rollcall is no member, only the address that came with the request can answer.
            log.info("A private answer goes by its response_url: %s", error_of(fault))
            await AsyncWebhookClient(body["response_url"]).send(
                text=text, response_type="ephemeral", replace_original=False
            )

    async def _tell_at_home(self, body: Body, text: str) -> None:
        """Tell a person who has pressed something in the Home tab, where no message can stand."""
        try:
            await self._client.views_open(trigger_id=body["trigger_id"], view=told(text))
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as fault:
            log.info("A private answer goes to the Home tab: %s", fault)
            self._homes.look(UserId(body["user"]["id"]), notice=text)

    async def answer_in_thread(self, event: Body, text: str) -> None:
        """Answer for all to see, in the thread where Rollcall was mentioned or in one below that."""
        thread = event.get("thread_ts") or event["ts"]
        await self._client.chat_postMessage(
            channel=event["channel"], thread_ts=thread, text=text, unfurl_links=False
        )

    async def whisper(self, event: Body, reply: Reply) -> None:
        """Answer privately where a person has written."""
        await self._client.chat_postEphemeral(
            channel=event["channel"],
            user=event["user"],
            thread_ts=event.get("thread_ts"),
            text=reply.text,
            blocks=reply.blocks,
        )


def is_at_home(body: Body) -> bool:
    """Return whether a request came from the Home tab."""
    return bool((body.get("view") or {}).get("type") == "home")


def is_direct(body: Body) -> bool:
    """Return whether a button was pressed among direct messages, as those of a digest are."""
    return str((body.get("channel") or {}).get("id", "")).startswith(DIRECT)


async def _ready(form: Block) -> Block:
    return form
