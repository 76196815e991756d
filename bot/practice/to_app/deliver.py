"""Delivery to the app: commands and interactions once, events with Slack's three retries."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Literal

from bot.clock import Clock
from bot.practice.shapes import Json
from bot.practice.to_app.answers import Answer
from bot.practice.to_app.payloads import event_callback
from bot.practice.to_app.signed_http import SignedHttp
from bot.practice.to_app.socket_mode import Sockets
from bot.practice.to_app.traffic import Traffic

RETRIES_AFTER = (timedelta(), timedelta(minutes=1), timedelta(minutes=5))
CLOCK_LOOK_SECONDS = 0.2

SUBSCRIPTIONS: dict[str, str | None] = {
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "channel_archive": "channels:read",
    "channel_left": "channels:read",
    "channel_unarchive": "channels:read",
    "dnd_updated_user": "dnd:read",
    "group_archive": "groups:read",
    "group_left": "groups:read",
    "group_unarchive": "groups:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "subteam_members_changed": "usergroups:read",
    "subteam_updated": "usergroups:read",
    "user_change": "users:read",
}


class Delivery:
    """Carry what happens in the workspace to the app, by socket or, when it has a request URL, by HTTP."""

    def __init__(self, clock: Clock, traffic: Traffic, scopes: frozenset[str]) -> None:
        self.sockets = Sockets()
        self.http = SignedHttp()
        self._clock = clock
        self._traffic = traffic
        self._scopes = scopes
        self._retrying: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> Literal["socket", "http"] | None:
        if self.http.url:
            return "http"
        return "socket" if self.sockets.connected else None

    async def command(self, form: dict[str, str]) -> Answer:
        """Deliver a slash command; it is never retried."""
        if self.http.url:
            answer = await self.http.form(form)
        else:
            answer = await self.sockets.send("slash_commands", form)
        self._note("slash_commands", f"{form['command']} {form['text']}".strip(), form, answer)
        return answer

    async def interaction(self, payload: Json) -> Answer:
        """Deliver a press, a shortcut or a modal's submission; it is never retried."""
        if self.http.url:
            answer = await self.http.form({"payload": json.dumps(payload)})
        else:
            answer = await self.sockets.send("interactive", payload)
        pressed = payload["actions"][0]["action_id"] if "actions" in payload else ""
        self._note(payload["type"], pressed, payload, answer)
        return answer

    def event(self, event: Json, *, private: bool = False, shared: bool = False) -> None:
        """Deliver an event that the app subscribes to and has the scope for; do not wait for it.

        Of a `private` channel it needs the scope for groups in place of that for channels; `shared` marks
        a channel that another workspace is connected to.
        """
        name = _subscription(event)
        scope = SUBSCRIPTIONS.get(name)
        if scope and private:
            scope = scope.replace("channels:", "groups:")
        if name not in SUBSCRIPTIONS or (scope and scope not in self._scopes):
            return
        payload = event_callback(event, self._clock.now(), shared=shared)
        task = asyncio.create_task(self._until_acknowledged(payload))
        self._retrying.add(task)
        task.add_done_callback(self._retrying.discard)

    async def close(self) -> None:
        """Give up what is being retried and end all connections."""
        for task in list(self._retrying):
            task.cancel()
        await asyncio.gather(*self._retrying, return_exceptions=True)
        await self.sockets.close()
        await self.http.close()

    async def _until_acknowledged(self, payload: Json) -> None:
        answer = await self._send_event(payload, 0, "")
        for attempt, wait in enumerate(RETRIES_AFTER, start=1):
            if answer.acknowledged or not answer.may_retry:
                return
            await self._reach(self._clock.now() + wait)
            answer = await self._send_event(payload, attempt, answer.failure)

    async def _send_event(self, payload: Json, attempt: int, reason: str) -> Answer:
        if self.http.url:
            answer = await self.http.event(payload, attempt=attempt, reason=reason)
        else:
            heard = "timeout" if attempt else ""
            answer = await self.sockets.send("events_api", payload, attempt=attempt, reason=heard)
        retry = f" (retry {attempt})" if attempt else ""
        self._note("events_api", payload["event"]["type"] + retry, payload, answer)
        return answer

    async def _reach(self, moment: datetime) -> None:
        """Look at the workspace's clock, which others may move forward, until it shows the moment."""
        while (left := (moment - self._clock.now()).total_seconds()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(left, CLOCK_LOOK_SECONDS))

    def _note(self, what: str, summary: str, body: object, answer: Answer) -> None:
        said = f"{summary}: {answer.failure}" if answer.failure else summary
        self._traffic.note(
            "out", what, status=answer.status, ms=answer.ms, summary=said, body=body, answer=answer.body
        )


def _subscription(event: Json) -> str:
    """Return the name under which an app subscribes to an event: to messages by the kind of channel."""
    kinds = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}
    return kinds[event["channel_type"]] if event["type"] == "message" else str(event["type"])
