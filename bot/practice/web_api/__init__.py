"""Slack's Web API: from a request to a method and back, with tokens, scopes, limits and ordered faults."""

import asyncio
import json
import time

from aiohttp import web

from bot.practice.cast import APP_TOKEN, BOT_TOKEN
from bot.practice.shapes import Json, Refusal
from bot.practice.slack import Slack
from bot.practice.web_api.arguments import arguments, token_of
from bot.practice.web_api.call import Call, require_scope
from bot.practice.web_api.faults import NONE, Fault, Faults
from bot.practice.web_api.limits import Limits
from bot.practice.web_api.methods import METHODS, Method

TIMEOUT_SECONDS = 30.0
SUMMARY_CHARACTERS = 80


class WebApi:
    """Answer `/api/<method>` as Slack does."""

    def __init__(self, slack: Slack, *, limits: bool = True) -> None:
        self.faults = Faults()
        self._slack = slack
        self._limits = Limits(on=limits)
        self._late: set[asyncio.Task[None]] = set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one call, and note it in the log."""
        name, started = request.match_info["method"], time.perf_counter()
        args: Json = {}
        try:
            args = await arguments(request)
            response = await self._answer(request, name, args)
        except Refusal as refusal:
            response = web.json_response(refusal.answer())
        self._note(name, args, response, (time.perf_counter() - started) * 1000)
        return response

    async def close(self) -> None:
        """Give up what would have been stored late."""
        for task in self._late:
            task.cancel()

    async def _answer(self, request: web.Request, name: str, args: Json) -> web.Response:
        method = METHODS.get(name)
        if method is None:
            raise Refusal("unknown_method")
        self._authorize(method, token_of(request, args))
        channel = str(args.get("channel")) if name == "chat.postMessage" else None
        if wait := self._limits.wait_for(name, method.tier, channel):
            return _rate_limited(wait)
        fault = self.faults.take(name)
        if fault is not None and fault.kind != NONE:
            return await self._go_wrong(request, fault, method, args)
        return web.json_response(self._run(method, args), headers=self._headers())

    def _authorize(self, method: Method, token: str) -> None:
        if not token:
            raise Refusal("not_authed")
        if token not in (BOT_TOKEN, APP_TOKEN):
            raise Refusal("invalid_auth")
        if (token == APP_TOKEN) != method.app_token:
            raise Refusal("not_allowed_token_type")
        if method.scope:
            require_scope(self._slack.scopes, method.scope)

    def _run(self, method: Method, args: Json) -> Json:
        try:
            return method.run(Call(slack=self._slack, args=args))
        except Refusal as refusal:
            return refusal.answer()

    async def _go_wrong(self, request: web.Request, fault: Fault, method: Method, args: Json) -> web.Response:
        match fault.kind:
            case "ratelimited":
                return _rate_limited(fault.retry_after)
            case "server_error":
                return _server_error()
            case "server_error_after":
                self._run(method, args)
                return _server_error()
            case "timeout":
                await asyncio.sleep(TIMEOUT_SECONDS)
                return _server_error()
            case "slow":
                await asyncio.sleep(fault.delay_s)
                return web.json_response(self._run(method, args), headers=self._headers())
            case "lost_answer":
                self._run(method, args)
                return _cut_off(request)
            case "late_store":
                self._store_later(fault.delay_s, method, args)
                return _cut_off(request)
            case error:
                raise Refusal(error)

    def _store_later(self, delay: float, method: Method, args: Json) -> None:
        async def store() -> None:
            await asyncio.sleep(delay)
            self._run(method, args)

        task = asyncio.create_task(store())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    def _headers(self) -> dict[str, str]:
        return {"X-OAuth-Scopes": ",".join(sorted(self._slack.scopes))}

    def _note(self, name: str, args: Json, response: web.Response, ms: float) -> None:
        body = {key: value for key, value in args.items() if key != "token"}
        plain = response.content_type != "application/json"
        answer = response.text if plain else json.loads(response.text or "null")
        summary = str(args.get("text") or args.get("channel") or "")[:SUMMARY_CHARACTERS]
        self._slack.traffic.note(
            "in", name, status=response.status, ms=ms, summary=summary, body=body, answer=answer
        )


def _rate_limited(wait: int) -> web.Response:
    answer = {"ok": False, "error": "ratelimited"}
    return web.json_response(answer, status=429, headers={"Retry-After": str(wait)})


def _server_error() -> web.Response:
    return web.Response(status=500, text="Internal Server Error")


def _cut_off(request: web.Request) -> web.Response:
    """End the connection without an answer; the response is for the log alone."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499, text="The connection was cut.")
