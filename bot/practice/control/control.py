"""The control API: how scripts, tests and the page act as any person and look at everything."""

import json
import math
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from aiohttp import web

from bot.practice.acts.archive import archive
from bot.practice.acts.commands import run_command
from bot.practice.acts.membership import join, leave
from bot.practice.acts.modals import close, submit
from bot.practice.acts.presence import acting, present
from bot.practice.acts.presses import Press, press_in_message, press_in_view
from bot.practice.acts.rest import pause, set_status
from bot.practice.acts.shortcuts import run_message_shortcut, run_shortcut
from bot.practice.acts.talk import change_group, change_person, open_home, say
from bot.practice.control import outlook
from bot.practice.shapes import Impossible, Json
from bot.practice.slack import Slack
from bot.practice.web_api.faults import Faults

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Act = Callable[[Json], Awaitable[Json]]

APP_FAILED = 424
PARTINGS = ("warning", "refresh_requested", "link_disabled")


class Control:
    """Answer `/_control/*`; every answer has `ok`, and `error` is a sentence."""

    def __init__(self, slack: Slack, faults: Faults) -> None:
        self._slack = slack
        self._faults = faults

    def routes(self) -> list[web.RouteDef]:
        looks: dict[str, Act] = {
            "workspace": self._workspace,
            "messages": self._messages,
            "view": self._view,
            "home": self._home,
            "people": self._people,
            "log": self._log,
            "clock": self._clock,
            "faults": self._ordered,
        }
        acts: dict[str, Act] = {
            "command": self._command,
            "press": self._press,
            "shortcut": self._shortcut,
            "submit": self._submit,
            "close": self._close,
            "message": self._message,
            "read": self._read,
            "home": self._open_home,
            "clock": self._advance,
            "faults": self._order,
            "people": self._change_person,
            "status": self._set_status,
            "pause": self._pause,
            "groups": self._change_group,
            "join": self._join,
            "leave": self._leave,
            "archive": self._archive,
            "app": self._deliver_to,
        }
        return [
            *(web.get(f"/_control/{name}", _looking(look)) for name, look in looks.items()),
            *(web.post(f"/_control/{name}", _acting(act)) for name, act in acts.items()),
        ]

    # Looking

    async def _workspace(self, query: Json) -> Json:
        return outlook.workspace_of(self._slack, query.get("user", "ana"))

    async def _messages(self, query: Json) -> Json:
        workspace = self._slack.workspace
        channel = workspace.channel(_need(query, "channel"))
        viewer = workspace.person(query["user"]) if query.get("user") else None
        return {
            "ok": True,
            "channel": channel.id,
            "messages": outlook.messages_in(channel, viewer, query.get("thread_ts")),
        }

    async def _view(self, query: Json) -> Json:
        person = self._slack.workspace.person(_need(query, "user"))
        stack = self._slack.workspace.views.stacks.get(person.id, [])
        return {"ok": True, "view": stack[-1] if stack else None, "depth": len(stack)}

    async def _home(self, query: Json) -> Json:
        person = self._slack.workspace.person(_need(query, "user"))
        return {"ok": True, "view": self._slack.workspace.views.homes.get(person.id)}

    async def _people(self, _: Json) -> Json:
        return {
            "ok": True,
            "people": outlook.people(self._slack.workspace),
            "groups": outlook.groups(self._slack.workspace),
        }

    async def _log(self, query: Json) -> Json:
        after = int(_number(query.get("after", 0), "after"))
        return {"ok": True, "entries": self._slack.traffic.entries(after)}

    async def _clock(self, _: Json) -> Json:
        return {"ok": True, **outlook.clock(self._slack.workspace)}

    async def _ordered(self, _: Json) -> Json:
        return {"ok": True, "faults": self._faults.coming()}

    # Acting

    async def _command(self, body: Json) -> Json:
        return await run_command(
            self._slack,
            user=_need(body, "user"),
            channel=_need(body, "channel"),
            command=_text(body, "command"),
            text=_text(body, "text", ""),
        )

    async def _press(self, body: Json) -> Json:
        press = Press(
            action_id=_text(body, "action_id"), block_id=body.get("block_id"), value=body.get("value")
        )
        user, surface = _need(body, "user"), body.get("surface", "message")
        if surface == "message":
            channel, ts = _need(body, "channel"), _need(body, "message_ts")
            return await press_in_message(self._slack, user=user, channel=channel, ts=ts, press=press)
        if surface not in ("view", "home"):
            raise Impossible("surface is message, view or home.")
        values = body.get("values")
        return await press_in_view(self._slack, user=user, surface=surface, press=press, values=values)

    async def _shortcut(self, body: Json) -> Json:
        user, callback = _need(body, "user"), _text(body, "callback_id")
        if "message_ts" not in body:
            return await run_shortcut(self._slack, user=user, callback=callback)
        channel, ts = _need(body, "channel"), _need(body, "message_ts")
        return await run_message_shortcut(self._slack, user=user, channel=channel, ts=ts, callback=callback)

    async def _submit(self, body: Json) -> Json:
        values = body.get("values", {})
        if not isinstance(values, dict):
            raise Impossible('values looks like {"block_id": "value"}.')
        return await submit(self._slack, user=_need(body, "user"), values=values)

    async def _close(self, body: Json) -> Json:
        return await close(self._slack, user=_need(body, "user"))

    async def _message(self, body: Json) -> Json:
        return say(
            self._slack,
            user=_need(body, "user"),
            channel=_need(body, "channel"),
            text=_text(body, "text"),
            thread_ts=body.get("thread_ts"),
        )

    async def _read(self, body: Json) -> Json:
        person = acting(self._slack.workspace, _need(body, "user"))
        channel = present(self._slack.workspace, person, _need(body, "channel"))
        self._slack.workspace.mark_read(person.id, channel, _text(body, "ts"))
        return {"ok": True}

    async def _open_home(self, body: Json) -> Json:
        return open_home(self._slack, user=_need(body, "user"), tab=body.get("tab", "home"))

    async def _advance(self, body: Json) -> Json:
        seconds = _number(_need(body, "advance_s"), "advance_s")
        try:
            self._slack.workspace.clock.advance(timedelta(seconds=seconds))
        except (ValueError, OverflowError) as trouble:
            raise Impossible(str(trouble)) from trouble
        self._slack.workspace.changed("clock")
        return await self._clock({})

    async def _order(self, body: Json) -> Json:
        self._faults.order(body)
        return await self._ordered({})

    async def _change_person(self, body: Json) -> Json:
        changes = {key: value for key, value in body.items() if key != "user"}
        return change_person(self._slack, user=_need(body, "user"), changes=changes)

    async def _set_status(self, body: Json) -> Json:
        return set_status(
            self._slack,
            user=_need(body, "user"),
            text=_text(body, "text", ""),
            emoji=_text(body, "emoji", ""),
            expiration=_second(body, "expiration"),
        )

    async def _pause(self, body: Json) -> Json:
        user, start, until = _need(body, "user"), _second(body, "from"), _second(body, "until")
        return pause(self._slack, user=user, start=start, until=until)

    async def _change_group(self, body: Json) -> Json:
        return change_group(self._slack, group=_need(body, "group"), users=_need(body, "users"))

    async def _join(self, body: Json) -> Json:
        return join(self._slack, user=_need(body, "user"), channel=_need(body, "channel"))

    async def _leave(self, body: Json) -> Json:
        user, channel = _need(body, "user"), _need(body, "channel")
        return leave(self._slack, user=user, channel=channel, by=body.get("by"))

    async def _archive(self, body: Json) -> Json:
        user, channel = _need(body, "user"), _need(body, "channel")
        return archive(self._slack, user=user, channel=channel, archived=body.get("archived"))

    async def _deliver_to(self, body: Json) -> Json:
        delivery = self._slack.delivery
        if "request_url" in body:
            delivery.http.url = _url(body["request_url"])
        if "disconnect" in body:
            if body["disconnect"] not in PARTINGS:
                raise Impossible(f"disconnect is one of {', '.join(PARTINGS)}.")
            await delivery.sockets.ask_to_reconnect(body["disconnect"])
        self._slack.workspace.changed("app")
        return {"ok": True, "connected": delivery.connected}


def _looking(look: Act) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await _answered(look, dict(request.query))

    return handle


def _acting(act: Act) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            body = json.loads(await request.read())
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return _refused("The body must be a JSON object.", 400)
        return await _answered(act, body)

    return handle


async def _answered(act: Act, given: Json) -> web.Response:
    try:
        answer = await act(given)
        return web.json_response(answer, status=200 if answer["ok"] else APP_FAILED)
    except Impossible as impossible:
        return _refused(str(impossible), impossible.status)


def _refused(sentence: str, status: int) -> web.Response:
    return web.json_response({"ok": False, "error": sentence}, status=status)


def _need(given: Json, name: str) -> Any:
    if given.get(name) is None:
        raise Impossible(f"{name} is missing.")
    return given[name]


def _text(given: Json, name: str, default: str | None = None) -> str:
    value = given.get(name, default)
    if not isinstance(value, str):
        raise Impossible(f"{name} must be a text.")
    return value


def _url(value: object) -> str | None:
    if value is None or (isinstance(value, str) and value.startswith(("http://", "https://"))):
        return value
    raise Impossible("request_url must be a web address, or null for sockets.")


def _second(given: Json, name: str) -> int:
    second = given.get(name) or 0
    if not isinstance(second, int) or isinstance(second, bool) or second < 0:
        raise Impossible(f"{name} must be a Unix second, or 0.")
    return second


def _number(value: object, name: str) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as trouble:
        raise Impossible(f"{name} must be a number.") from trouble
    if not math.isfinite(number):
        raise Impossible(f"{name} must be a finite number.")
    return number
