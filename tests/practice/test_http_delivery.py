"""Signed HTTP: a real Bolt app behind a request URL, and Slack's retries of events."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.practice import SIGNING_SECRET
from tests.practice.eventually import eventually

Connect = Callable[[AsyncApp], Awaitable[None]]
Body = dict[str, Any]


class Ear:
    """An app that answers every request with one status and remembers what it was sent."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.heard: list[tuple[dict[str, str], bytes]] = []

    async def serve(self, request: web.Request) -> web.Response:
        self.heard.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status, headers=self.headers)


@pytest.fixture
async def ear(hands: Any) -> AsyncIterator[Ear]:
    ear, server = Ear(), web.Application()
    server.add_routes([web.post("/", ear.serve)])
    runner = web.AppRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await hands.do("app", request_url=f"http://127.0.0.1:{runner.addresses[0][1]}/")
    yield ear
    await runner.cleanup()


async def test_a_bolt_app_takes_commands_presses_and_events_over_http(
    app: AsyncApp, over_http: Connect, hands: Any, client: AsyncWebClient
) -> None:
    heard: list[str] = []

    @app.command("/release")
    async def release(ack: Any, body: Body) -> None:
        heard.append(body["text"])
        await ack(text="Started.", response_type="in_channel")

    @app.action("approve")
    async def approve(ack: Any, body: Body) -> None:
        heard.append(body["actions"][0]["value"])
        await ack()

    @app.event("app_mention")
    async def mentioned(event: Body) -> None:
        heard.append(event["text"])

    await over_http(app)
    assert (await hands.see("workspace", user="ana"))["app"]["connected"] == "http"
    typed = {"user": "ana", "channel": "releases", "command": "/release", "text": "start ü"}
    answer = await hands.do("command", **typed)
    assert (answer["ok"], answer["status"], answer["body"]["text"]) == (True, 200, "Started.")
    assert [one["text"] for one in await hands.messages(user="ben")] == ["/release start ü", "Started."]
    button = {"type": "button", "action_id": "approve", "value": "qa"}
    blocks = [{"type": "actions", "elements": [button | {"text": {"type": "plain_text", "text": "Approve"}}]}]
    ts = (await client.chat_postMessage(channel="C0RELEASES", text="gate", blocks=blocks))["ts"]
    assert (await hands.do("press", user="ben", channel="releases", message_ts=ts, action_id="approve"))["ok"]
    await hands.do("message", user="ana", channel="releases", text="@rollcall hi")
    await eventually(lambda: len(heard) == 3)
    assert heard == ["start ü", "qa", "<@U0ROLLCALL> hi"]


async def test_what_slack_sends_carries_its_signature(ear: Ear, hands: Any) -> None:
    await hands.do("command", user="ana", channel="releases", command="/release", text="list")
    headers, body = ear.heard[0]
    assert SignatureVerifier(SIGNING_SECRET).is_valid_request(body, headers)
    assert not SignatureVerifier("another-secret").is_valid_request(body, headers)


async def test_an_app_that_answers_an_error_shows_as_a_failed_dispatch(ear: Ear, hands: Any) -> None:
    ear.status = 500
    answer = await hands.do("command", user="ana", channel="releases", command="/release", text="list")
    assert (answer["ok"], answer["status"]) == (False, 500)
    assert (await hands.messages(user="ana"))[-1][
        "text"
    ] == '/release failed with the error "dispatch_failed"'
    assert len(ear.heard) == 1


async def test_a_failed_event_is_retried_at_once_after_a_minute_and_after_five(ear: Ear, hands: Any) -> None:
    ear.status = 500
    await hands.do("message", user="ana", channel="releases", text="hi")
    await eventually(lambda: len(ear.heard) == 2)
    await hands.do("clock", advance_s=60)
    await eventually(lambda: len(ear.heard) == 3)
    await hands.do("clock", advance_s=300)
    await eventually(lambda: len(ear.heard) == 4)
    numbers = [headers.get("X-Slack-Retry-Num") for headers, _ in ear.heard]
    reasons = [headers.get("X-Slack-Retry-Reason") for headers, _ in ear.heard]
    assert numbers == [None, "1", "2", "3"]
    assert reasons == [None, "http_error", "http_error", "http_error"]
    assert len({body for _, body in ear.heard}) == 1


async def test_an_app_may_ask_for_no_retries(ear: Ear, hands: Any) -> None:
    ear.status, ear.headers = 404, {"x-slack-no-retry": "1"}
    await hands.do("message", user="ana", channel="releases", text="hi")
    await eventually(lambda: ear.heard)
    await hands.do("message", user="ana", channel="releases", text="again")
    await eventually(lambda: len(ear.heard) == 2)
    assert [headers.get("X-Slack-Retry-Num") for headers, _ in ear.heard] == [None, None]


async def post(url: str, **body: Any) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        return response.status, await response.text()


async def command_url(ear: Ear, hands: Any) -> str:
    """Let ana type a command, and return the response URL that it carried."""
    await hands.do("command", user="ana", channel="releases", command="/release", text="")
    return parse_qs(ear.heard[-1][1].decode())["response_url"][0]


async def test_a_response_url_answers_five_times_privately(ear: Ear, hands: Any) -> None:
    url = await command_url(ear, hands)
    assert [await post(url, text=str(n)) for n in range(5)] == [(200, "ok")] * 5
    status, body = await post(url, text="5")
    assert (status, "used_url" in body) == (404, True)
    assert [one["text"] for one in await hands.messages(user="ana")] == ["0", "1", "2", "3", "4"]
    assert await hands.messages(user="ben") == []


async def test_a_response_url_ends_after_thirty_minutes(ear: Ear, hands: Any) -> None:
    url = await command_url(ear, hands)
    await hands.do("clock", advance_s=29 * 60)
    assert (await post(url, text="in time"))[0] == 200
    await hands.do("clock", advance_s=2 * 60)
    status, body = await post(url, text="too late")
    assert (status, "expired_url" in body) == (404, True)


async def test_a_refused_response_uses_nothing_up(ear: Ear, hands: Any) -> None:
    url = await command_url(ear, hands)
    for body in ({}, {"blocks": [{"type": "nonsense"}]}, {"text": "x", "replace_original": True}):
        assert (await post(url, **body))[0] == 400
    assert [await post(url, text=str(n)) for n in range(5)] == [(200, "ok")] * 5


async def test_a_response_can_change_and_delete_an_ephemeral_message(
    app: AsyncApp, over_http: Connect, hands: Any, client: AsyncWebClient
) -> None:
    text = {"type": "plain_text", "text": "x"}
    blocks = [
        {
            "type": "actions",
            "elements": [
                {"type": "button", "action_id": name, "text": text} for name in ("change", "drop", "say")
            ],
        }
    ]

    @app.action("change")
    async def change(ack: Any, respond: Any, body: Body) -> None:
        await ack()
        containers.append((body["container"]["is_ephemeral"], "message" in body))
        await respond(text="changed", blocks=blocks, replace_original=True)

    @app.action("drop")
    async def drop(ack: Any, respond: Any) -> None:
        await ack()
        await respond(delete_original=True)

    @app.action("say")
    async def say(ack: Any, respond: Any) -> None:
        await ack()
        await respond("for all", response_type="in_channel", thread_ts=root, replace_original=False)

    containers: list[tuple[bool, bool]] = []
    root = (await client.chat_postMessage(channel="C0RELEASES", text="card"))["ts"]
    await over_http(app)
    shown = await client.chat_postEphemeral(channel="C0RELEASES", user="U0ANA", text="mine", blocks=blocks)
    place = {"user": "ana", "channel": "releases", "message_ts": shown["message_ts"]}
    assert (await hands.do("press", **{**place, "user": "ben"}, action_id="change"))["http"] == 404
    assert (await hands.do("press", **place, action_id="change"))["ok"]
    assert [one["text"] for one in await hands.messages(user="ana")] == ["card", "changed"]
    assert containers == [(True, False)]
    assert (await hands.do("press", **place, action_id="say"))["ok"]
    assert [one["text"] for one in await hands.messages(thread_ts=root)] == ["card", "for all"]
    assert (await hands.do("press", **place, action_id="drop"))["ok"]
    assert [one["text"] for one in await hands.messages()] == ["card"]
