"""Socket Mode: a real Bolt app over a real socket."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import MovableClock
from bot.practice import APP_TOKEN, Practice
from tests.practice.eventually import eventually

Connect = Callable[[AsyncApp], Awaitable[None]]
Body = dict[str, Any]


def card(*elements: Body) -> list[Body]:
    return [{"type": "actions", "block_id": "gate", "elements": list(elements)}]


def button(action_id: str, value: str) -> Body:
    text = {"type": "plain_text", "text": action_id}
    return {"type": "button", "action_id": action_id, "value": value, "text": text}


async def test_a_command_reaches_the_app_escaped_and_its_answer_is_private(
    app: AsyncApp, over_socket: Connect, hands: Any
) -> None:
    heard: list[Body] = []

    @app.command("/release")
    async def release(ack: Any, body: Body) -> None:
        heard.append(body)
        await ack("Started.")

    await over_socket(app)
    text = "start @ben #random @qa <!channel> a&b https://ci.example/1"
    answer = await hands.do("command", user="ana", channel="releases", command="/release", text=text)
    assert (answer["ok"], answer["status"], answer["body"]) == (True, 200, {"text": "Started."})
    assert heard[0]["text"] == (
        "start <@U0BEN> <#C0RANDOM|random> <!subteam^S0QA|@qa> &lt;!channel&gt; a&amp;b <https://ci.example/1>"
    )
    assert "thread_ts" not in heard[0]
    shown = await hands.messages()
    assert [(one["text"], one["ephemeral_for"]) for one in shown] == [("Started.", "U0ANA")]


async def test_a_press_carries_what_slack_sends(
    app: AsyncApp, over_socket: Connect, hands: Any, client: AsyncWebClient
) -> None:
    heard: list[Body] = []

    @app.action("approve")
    async def approve(ack: Any, body: Body, respond: Any) -> None:
        heard.append(body)
        await ack()
        await respond("Thank you.")

    await over_socket(app)
    blocks = card(button("approve", "qa"), button("approve", "security"))
    for element, name in zip(blocks[0]["elements"], ("approve", "approve_2"), strict=True):
        element["action_id"] = name
    ts = (await client.chat_postMessage(channel="C0RELEASES", text="gate", blocks=blocks))["ts"]
    answer = await hands.do("press", user="ben", channel="releases", message_ts=ts, action_id="approve")
    assert answer["ok"]
    body = heard[0]
    assert body["user"] == {"id": "U0BEN", "username": "ben", "name": "ben", "team_id": "T0PRACTICE"}
    assert body["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": "C0RELEASES",
        "is_ephemeral": False,
    }
    assert (body["actions"][0]["value"], body["actions"][0]["block_id"]) == ("qa", "gate")
    assert body["message"]["blocks"][0]["block_id"] == "gate"
    assert body["actions"][0]["action_ts"]
    assert [one["text"] for one in await hands.messages(user="ben")] == ["gate", "Thank you."]
    assert [one["text"] for one in await hands.messages(user="ana")] == ["gate"]


async def test_a_picked_option_is_in_the_action_and_in_the_state(
    app: AsyncApp, over_socket: Connect, hands: Any, client: AsyncWebClient
) -> None:
    heard: list[Body] = []

    @app.action("runbook")
    async def runbook(ack: Any, body: Body) -> None:
        heard.append(body)
        await ack()

    await over_socket(app)
    options = [{"text": {"type": "plain_text", "text": one}, "value": one} for one in ("standard", "hotfix")]
    blocks = card({"type": "static_select", "action_id": "runbook", "options": options})
    ts = (await client.chat_postMessage(channel="C0RELEASES", text="pick", blocks=blocks))["ts"]
    place = {"user": "ana", "channel": "releases", "message_ts": ts, "action_id": "runbook"}
    assert (await hands.do("press", **place, value="hotfix"))["ok"]
    assert heard[0]["actions"][0]["selected_option"] == options[1]
    assert heard[0]["state"]["values"]["gate"]["runbook"]["selected_option"] == options[1]
    unknown = await hands.do("press", **place, value="nightly")
    assert (unknown["http"], unknown["error"]) == (
        404,
        "runbook has no option 'nightly'. Its options are standard, hotfix.",
    )


async def test_a_modal_from_trigger_to_submission(app: AsyncApp, over_socket: Connect, hands: Any) -> None:
    view = {
        "type": "modal",
        "callback_id": "start",
        "private_metadata": "C0RELEASES",
        "title": {"type": "plain_text", "text": "Start"},
        "submit": {"type": "plain_text", "text": "Go"},
        "blocks": [
            {
                "type": "input",
                "block_id": "version",
                "label": {"type": "plain_text", "text": "Version"},
                "element": {"type": "plain_text_input", "action_id": "typed"},
            },
            {
                "type": "input",
                "block_id": "note",
                "optional": True,
                "label": {"type": "plain_text", "text": "Note"},
                "element": {"type": "plain_text_input", "action_id": "typed", "initial_value": "none"},
            },
        ],
    }
    heard: list[Body] = []

    @app.command("/release")
    async def release(ack: Any, body: Body, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.view("start")
    async def start(ack: Any, body: Body) -> None:
        heard.append(body)
        version = body["view"]["state"]["values"]["version"]["typed"]["value"]
        if version == "broken":
            await ack(response_action="errors", errors={"version": "That is no version."})
        elif version == "elsewhere":
            await ack(response_action="errors", errors={"nowhere": "No such field."})
        elif version == "next":
            await ack(response_action="push", view=view)
        elif version == "other":
            await ack(response_action="update", view={**view, "callback_id": "other"})
        else:
            await ack()

    async def submit(values: Body) -> Body:
        answer: Body = await hands.do("submit", user="ana", values=values)
        return answer

    await over_socket(app)
    await hands.do("command", user="ana", channel="releases", command="/release", text="")
    missing = await submit({"version": ""})
    assert missing["errors"] == {"version": "Please complete this required field."}
    assert heard == []
    assert (await submit({"version": "broken"}))["errors"] == {"version": "That is no version."}
    assert heard[0]["view"]["private_metadata"] == "C0RELEASES"
    assert heard[0]["view"]["state"]["values"]["note"]["typed"]["value"] == "none"
    assert "channel" not in heard[0]
    failed = await submit({"version": "elsewhere"})
    assert (failed["result"], failed["http"]) == ("failed", 424)
    assert (await submit({"version": "next"}))["result"] == "pushed"
    assert (await hands.see("view", user="ana"))["depth"] == 2
    assert (await submit({"version": {"typed": "1.4.0"}}))["result"] == "closed"
    assert (await hands.see("view", user="ana"))["depth"] == 1
    updated = await submit({"version": "other"})
    assert (updated["result"], updated["view"]["callback_id"]) == ("updated", "other")
    assert (await hands.do("close", user="ana"))["ok"]
    assert (await hands.see("view", user="ana"))["view"] is None


@pytest.mark.proof
async def test_an_app_that_does_not_acknowledge_shows_as_a_timeout(
    app: AsyncApp, over_socket: Connect, hands: Any
) -> None:
    @app.command("/release")
    async def release() -> None:
        return None

    await over_socket(app)
    answer = await hands.do("command", user="ana", channel="releases", command="/release", text="list")
    assert (answer["ok"], answer["http"], answer["status"]) == (False, 424, 0)
    assert answer["ms"] >= 3000
    line = (await hands.messages(user="ana"))[-1]
    assert (line["user"], line["text"]) == ("USLACKBOT", '/release failed with the error "operation_timeout"')


async def test_without_an_app_a_command_says_so_at_once(hands: Any) -> None:
    answer = await hands.do("command", user="ana", channel="releases", command="/release", text="list")
    assert answer["error"] == '/release failed with the error "dispatch_failed".'
    assert (await hands.see("workspace", user="ana"))["app"]["connected"] is None


async def test_a_mention_and_a_direct_message_reach_the_app(
    app: AsyncApp, over_socket: Connect, hands: Any
) -> None:
    heard: list[Body] = []

    @app.event("app_mention")
    async def mentioned(body: Body) -> None:
        heard.append(body)

    @app.event("message")
    async def told(body: Body) -> None:
        heard.append(body)

    await over_socket(app)
    await hands.do("message", user="ana", channel="releases", text="@rollcall status")
    await hands.do("message", user="ana", channel="D0ANA", text="help")
    await hands.do("message", user="ana", channel="random", text="@rollcall are you there?")
    await hands.do("message", user="ana", channel="releases", text="the end")
    await eventually(lambda: "the end" in [body["event"]["text"] for body in heard])
    # Of #random the app hears nothing: it is not in there.
    assert sorted(
        (event["type"], event.get("channel_type", ""), event["text"])
        for event in (body["event"] for body in heard)
    ) == [
        ("app_mention", "", "<@U0ROLLCALL> status"),
        ("message", "channel", "<@U0ROLLCALL> status"),
        ("message", "channel", "the end"),
        ("message", "im", "help"),
    ]
    assert {body["authorizations"][0]["user_id"] for body in heard} == {"U0ROLLCALL"}


async def test_the_app_hears_of_its_own_messages_and_of_what_becomes_of_them(
    app: AsyncApp, over_socket: Connect, hands: Any, client: AsyncWebClient
) -> None:
    await over_socket(app)
    posted = await client.chat_postMessage(channel="C0RELEASES", text="card")
    await client.chat_postEphemeral(channel="C0RELEASES", user="U0ANA", text="psst")
    await client.chat_update(channel="C0RELEASES", ts=posted["ts"], text="new card")
    await client.chat_delete(channel="C0RELEASES", ts=posted["ts"])

    async def told() -> Any:
        entries = (await hands.see("log"))["entries"]
        events = [one["body"]["event"] for one in entries if one["what"] == "events_api"]
        return events if any(one.get("subtype") == "message_deleted" for one in events) else []

    events = {event.get("subtype", ""): event for event in await eventually(told)}
    assert sorted(events) == ["", "message_changed", "message_deleted"]
    assert events[""]["bot_id"] == "B0ROLLCALL"
    changed = events["message_changed"]
    # Who wrote it stands inside, so that Bolt's filter of the app's own messages lets it pass.
    assert (changed.get("user"), changed["message"]["text"], changed["previous_message"]["text"]) == (
        None,
        "new card",
        "card",
    )
    assert events["message_deleted"]["deleted_ts"] == posted["ts"]


async def test_an_unacknowledged_event_is_sent_again_with_the_same_id(
    app: AsyncApp, over_socket: Connect, hands: Any, clock: MovableClock
) -> None:
    heard: list[Body] = []

    @app.event("message")
    async def told(body: Body) -> None:
        heard.append(body)

    await hands.do("message", user="ana", channel="releases", text="hello?")
    await asyncio.sleep(0.1)
    await over_socket(app)
    await hands.do("clock", advance_s=61)
    await eventually(lambda: heard)
    tries = [one for one in (await hands.see("log"))["entries"] if one["what"] == "events_api"]
    assert [one["status"] for one in tries] == [0, 0, 200]
    assert len({one["body"]["event_id"] for one in tries}) == 1


async def test_an_invited_app_joins_and_hears_of_it(
    app: AsyncApp, over_socket: Connect, hands: Any, client: AsyncWebClient
) -> None:
    heard: list[Body] = []

    @app.event("member_joined_channel")
    async def joined(body: Body) -> None:
        heard.append(body)

    await over_socket(app)
    invited = {"user": "ana", "channel": "war-room", "command": "/invite", "text": "@rollcall"}
    assert (await hands.do("command", **invited))["ok"]
    await eventually(lambda: heard)
    assert (heard[0]["event"]["user"], heard[0]["event"]["channel"]) == ("U0ROLLCALL", "C0WARROOM")
    assert (await client.chat_postMessage(channel="C0WARROOM", text="here"))["ok"]


async def test_an_app_that_is_told_to_reconnect_does_so(
    app: AsyncApp, over_socket: Connect, hands: Any
) -> None:
    @app.command("/release")
    async def release(ack: Any) -> None:
        await ack("here")

    await over_socket(app)
    await hands.do("app", disconnect="refresh_requested")

    async def connected() -> bool:
        return bool((await hands.see("workspace", user="ana"))["app"]["connected"])

    await eventually(connected)
    answer = await hands.do("command", user="ana", channel="releases", command="/release", text="")
    assert answer["ok"]


async def test_an_eleventh_connection_is_turned_away(practice: Practice) -> None:
    client = AsyncWebClient(APP_TOKEN, base_url=practice.api_url)
    async with aiohttp.ClientSession() as session:
        tickets = [practice.slack.delivery.sockets.ticket() for _ in range(11)]
        assert (await client.api_call("apps.connections.open"))["url"].startswith("ws://127.0.0.1:")
        address = practice.url.replace("http", "ws")
        sockets = [await session.ws_connect(f"{address}/socket/{ticket}") for ticket in tickets]
        hellos = [await socket.receive_json() for socket in sockets]
        assert [one["type"] for one in hellos] == ["hello"] * 10 + ["disconnect"]
        assert (hellos[9]["num_connections"], hellos[10]["reason"]) == (10, "too_many_websockets")
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(f"{address}/socket/{tickets[0]}")
        for socket in sockets:
            await socket.close()


async def test_a_home_tab_is_asked_for_when_it_is_opened(
    app: AsyncApp, over_socket: Connect, hands: Any
) -> None:
    blocks = card(button("mine", "1"))
    pressed: list[Body] = []

    @app.event("app_home_opened")
    async def opened(event: Body, client: AsyncWebClient) -> None:
        assert event["tab"] == "home"
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    @app.action("mine")
    async def mine(ack: Any, body: Body) -> None:
        pressed.append(body)
        await ack()

    await over_socket(app)
    assert (await hands.do("home", user="ana"))["view"] is None

    async def home() -> Any:
        return (await hands.see("home", user="ana"))["view"]

    shown = await eventually(home)
    assert (await hands.do("press", user="ana", surface="home", action_id="mine"))["ok"]
    assert pressed[0]["container"]["type"] == "view"
    assert not {"channel", "message", "response_url"} & set(pressed[0])
    assert (pressed[0]["view"]["hash"], pressed[0]["view"]["type"]) == (shown["hash"], "home")


async def test_both_tabs_of_the_app_are_told_of_and_the_home_tab_with_its_view(
    app: AsyncApp, over_socket: Connect, hands: Any, client: AsyncWebClient
) -> None:
    opened: list[Body] = []

    @app.event("app_home_opened")
    async def told(event: Body) -> None:
        opened.append(event)

    await over_socket(app)
    await client.views_publish(user_id="U0ANA", view={"type": "home", "blocks": card(button("mine", "1"))})
    for tab in ("home", "messages"):
        await hands.do("home", user="ana", tab=tab)
    await eventually(lambda: len(opened) == 2)
    by_tab = {event["tab"]: event for event in opened}
    assert by_tab["home"]["view"]["hash"] == (await hands.see("home", user="ana"))["view"]["hash"]
    assert "view" not in by_tab["messages"]
    refused = await hands.do("home", user="ana", tab="about")
    assert (refused["http"], refused["error"]) == (
        404,
        "The app has no tab 'about'. It has home and messages.",
    )


async def test_changed_groups_and_people_are_told(app: AsyncApp, over_socket: Connect, hands: Any) -> None:
    heard: dict[str, Body] = {}

    for kind in ("subteam_members_changed", "subteam_updated", "user_change"):

        @app.event(kind)
        async def told(event: Body) -> None:
            heard[event["type"]] = event

    await over_socket(app)
    assert (await hands.do("groups", group="qa", users=["ben", "cleo"]))["usergroup"]["user_count"] == 2
    await hands.do("people", user="gus", deactivated=True)
    await eventually(lambda: len(heard) == 3)
    changed = heard["subteam_members_changed"]
    assert (changed["added_users"], changed["removed_users"]) == (["U0CLEO"], ["U0BEA"])
    assert heard["user_change"]["user"]["deleted"] is True
    refused = await hands.do("message", user="gus", channel="releases", text="hi")
    assert (refused["http"], refused["error"]) == (403, "Gus Marsh is deactivated and cannot act.")
