"""The control API: acting as people, looking, faults, keeping, and who may use it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import MovableClock
from bot.practice import BOT_TOKEN, Practice
from tests.practice.eventually import eventually

RELEASES = "C0RELEASES"


async def texts(client: AsyncWebClient) -> list[str]:
    history = (await client.conversations_history(channel=RELEASES))["messages"]
    return [one["text"] for one in reversed(history)]


async def test_a_person_sees_their_own_channels_unread_counts_and_mentions(
    hands: Any, client: AsyncWebClient
) -> None:
    await client.chat_postMessage(channel=RELEASES, text="for all")
    last = await client.chat_postMessage(channel=RELEASES, text="for <@U0BEN> and <!subteam^S0SECURITY>")
    await client.chat_postMessage(channel="U0BEN", text="only you")
    ben = await hands.see("workspace", user="ben")
    assert [(one["name"], one["unread"], one["mentions"]) for one in ben["channels"]] == [
        ("releases", 2, 1),
        ("random", 0, 0),
    ]
    assert [(dm["id"], dm["unread"]) for dm in ben["dms"]] == [("D0BEN", 1)]
    assert (await hands.see("workspace", user="cleo"))["channels"][0]["mentions"] == 1
    assert (await hands.see("workspace", user="bea"))["channels"][0]["mentions"] == 0
    assert [one["name"] for one in (await hands.see("workspace", user="dan"))["channels"]][-1] == "war-room"
    await hands.do("read", user="ben", channel="releases", ts=last["ts"])
    assert (await hands.see("workspace", user="ben"))["channels"][0]["unread"] == 0


async def test_own_messages_are_read_and_a_reply_reads_nothing_else(
    hands: Any, client: AsyncWebClient
) -> None:
    await hands.do("message", user="ana", channel="releases", text="hi @ana")
    root = (await client.chat_postMessage(channel=RELEASES, text="card"))["ts"]
    await hands.do("message", user="ana", channel="releases", text="for me, @ana", thread_ts=root)
    releases = (await hands.see("workspace", user="ana"))["channels"][0]
    assert (releases["unread"], releases["mentions"]) == (1, 0)


async def test_capitals_make_no_difference_to_who_is_mentioned_or_invited(hands: Any) -> None:
    await hands.do("message", user="ana", channel="releases", text="@Rollcall ask @Ben and @QA in #Random")
    assert (await hands.messages())[-1]["text"] == (
        "<@U0ROLLCALL> ask <@U0BEN> and <!subteam^S0QA|@qa> in <#C0RANDOM|random>"
    )
    invited = await hands.do("command", user="ana", channel="random", command="/invite", text="@Rollcall")
    assert (invited["ok"], (await hands.messages("random"))[-1]["subtype"]) == (True, "channel_join")


async def test_local_times_follow_the_workspace_clock(hands: Any, clock: MovableClock) -> None:
    before = (await hands.see("clock"))["offset_s"]
    moved = await hands.do("clock", advance_s=3600)
    assert (before, moved["offset_s"]) == (0, 3600)
    assert clock.offset.total_seconds() == 3600
    back = await hands.do("clock", advance_s=-1)
    assert (back["http"], back["error"]) == (400, "Time can only be moved forward.")
    assert (await hands.do("clock", advance_s="soon"))["error"] == "advance_s must be a number."
    assert (await hands.do("clock", advance_s=1e300))["http"] == 400


@pytest.mark.parametrize(
    ("what", "body", "status", "sentence"),
    [
        (
            "message",
            {"user": "zoe", "channel": "releases", "text": "x"},
            404,
            "There is nobody called 'zoe' here",
        ),
        ("message", {"user": "ana", "channel": "nowhere", "text": "x"}, 404, "There is no channel 'nowhere'"),
        (
            "message",
            {"user": "ben", "channel": "war-room", "text": "x"},
            403,
            "Ben Vogel cannot see that channel",
        ),
        (
            "message",
            {"user": "ana", "channel": "releases", "text": " "},
            400,
            "An empty message cannot be sent",
        ),
        ("message", {"user": "ana", "channel": "releases"}, 400, "text must be a text"),
        (
            "message",
            {"user": "rollcall", "channel": "releases", "text": "x"},
            403,
            "Only people can act here",
        ),
        (
            "message",
            {"user": "ana", "channel": "releases", "text": "/release list", "thread_ts": "1.0"},
            400,
            "/release does not work in threads",
        ),
        (
            "message",
            {"user": "ana", "channel": "releases", "text": "x", "thread_ts": "1.0"},
            404,
            "There is no thread 1.0",
        ),
        (
            "command",
            {"user": "ana", "channel": "releases", "command": "/relase", "text": ""},
            404,
            "/relase is not a valid command",
        ),
        ("submit", {"user": "ana", "values": {}}, 404, "Ana Ortiz has no open modal"),
        ("close", {"user": "ana"}, 404, "Ana Ortiz has no open modal"),
        (
            "press",
            {"user": "ana", "channel": "releases", "message_ts": "1.0", "action_id": "a"},
            404,
            "Ana Ortiz sees no message 1.0 there",
        ),
        ("press", {"user": "ana", "surface": "home", "action_id": "a"}, 404, "Ana Ortiz has no Home tab"),
        ("people", {"user": "ana", "tz": "Mars/Base"}, 400, "'Mars/Base' is no time zone"),
        ("groups", {"group": "ops", "users": []}, 404, "There is no group 'ops'"),
        ("faults", {"kind": "timeout"}, 400, "A fault looks like"),
    ],
)
async def test_what_no_person_could_do_is_answered_with_why(
    hands: Any, what: str, body: dict[str, Any], status: int, sentence: str
) -> None:
    answer = await hands.do(what, **body)
    assert (answer["ok"], answer["http"]) == (False, status)
    assert answer["error"].startswith(sentence)


async def test_a_person_outside_a_public_channel_is_told_the_way_in(practice: Practice, hands: Any) -> None:
    practice.workspace.channels["C0RANDOM"].members.remove("U0GUS")
    answer = await hands.do("message", user="gus", channel="random", text="hi")
    assert answer["error"] == "Gus Marsh is not in #random. Let a member type /invite @gus there first."
    await hands.do("command", user="ana", channel="random", command="/invite", text="@gus")
    assert (await hands.do("message", user="gus", channel="random", text="hi"))["ok"]


async def test_a_body_that_is_no_object_is_refused(hands: Any) -> None:
    for body in (b"", b"[]", b"\xff"):
        async with hands.session.post("/_control/message", data=body) as response:
            assert (response.status, (await response.json())["ok"]) == (400, False)


async def test_other_web_sites_are_turned_away(practice: Practice) -> None:
    body = {"user": "ana", "channel": "releases", "text": "x"}
    port = practice.url.rsplit(":", 1)[1]
    async with aiohttp.ClientSession(practice.url) as session:
        for headers, status in (
            ({"Host": "evil.example"}, 403),
            ({"Host": f"evil.example:{port}"}, 403),
            ({"Origin": "https://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Origin": "http://127.0.0.1:1"}, 403),
            ({"Origin": practice.url}, 200),
            ({"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"}, 200),
        ):
            async with session.post("/_control/message", json=body, headers=headers) as response:
                assert (headers, response.status) == (headers, status)
        async with session.get("/_control/people", headers={"Host": "evil.example"}) as response:
            assert response.status == 403


async def test_the_stream_tells_of_changes_that_the_person_may_see(practice: Practice, hands: Any) -> None:
    async with hands.session.get("/_control/stream", params={"user": "ben"}) as stream:
        assert await stream.content.readline() == b": listening\n"
        await hands.do("message", user="dan", channel="war-room", text="secret")
        await hands.do("message", user="dan", channel="releases", text="open")
        await stream.content.readline()
        told = json.loads((await stream.content.readline()).removeprefix(b"data: "))
        assert (told["what"], told["channel"]) == ("messages", RELEASES)
        assert told["version"] == practice.workspace.version


async def test_a_rate_limit_can_be_ordered_and_the_client_waits(hands: Any, practice: Practice) -> None:
    patient = AsyncWebClient(
        BOT_TOKEN, base_url=practice.api_url, retry_handlers=[AsyncRateLimitErrorRetryHandler(2)]
    )
    await hands.do("faults", method="chat.postMessage", kind="ratelimited", times=1, retry_after=1)
    await patient.chat_postMessage(channel=RELEASES, text="late")
    statuses = [
        one["status"] for one in (await hands.see("log"))["entries"] if one["what"] == "chat.postMessage"
    ]
    assert statuses == [429, 200]


@pytest.mark.parametrize(
    ("kind", "stored"),
    [("server_error", []), ("server_error_after", ["card"]), ("lost_answer", ["card"]), ("is_archived", [])],
)
async def test_an_ordered_fault_happens_once_and_stores_what_it_says(
    hands: Any, client: AsyncWebClient, kind: str, stored: list[str]
) -> None:
    await hands.do("faults", method="chat.postMessage", kind=kind, times=1)
    with pytest.raises((SlackApiError, aiohttp.ClientError)):
        await client.chat_postMessage(channel=RELEASES, text="card")
    assert await texts(client) == stored
    assert (await client.chat_postMessage(channel=RELEASES, text="next"))["ok"]
    assert (await hands.see("faults"))["faults"] == []


async def test_a_late_store_shows_after_its_delay(hands: Any, client: AsyncWebClient) -> None:
    await hands.do("faults", method="chat.postMessage", kind="late_store", times=1, delay_s=0.3)
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=RELEASES, text="card")
    assert await texts(client) == []

    async def stored() -> bool:
        return await texts(client) == ["card"]

    await eventually(stored)


async def test_a_timeout_stores_nothing(hands: Any, practice: Practice) -> None:
    hasty = AsyncWebClient(BOT_TOKEN, base_url=practice.api_url, timeout=1, retry_handlers=[])
    await hands.do("faults", method="chat.postMessage", kind="timeout", times=1)
    with pytest.raises(TimeoutError):
        await hasty.chat_postMessage(channel=RELEASES, text="card")
    assert await texts(hasty) == []


async def test_the_log_holds_both_directions(hands: Any, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel="C0RANDOM", text="card")
    await hands.do("command", user="ana", channel="releases", command="/release", text="list")
    entries = (await hands.see("log"))["entries"]
    assert [(one["n"], one["direction"], one["what"]) for one in entries] == [
        (1, "in", "chat.postMessage"),
        (2, "out", "slash_commands"),
    ]
    assert entries[0]["answer"]["ok"]
    assert "xoxb" not in json.dumps(entries)
    assert [one["n"] for one in (await hands.see("log", after="1"))["entries"]] == [2]


async def act_a_little(practice: Practice) -> None:
    client = AsyncWebClient(BOT_TOKEN, base_url=practice.api_url)
    root = (await client.chat_postMessage(channel=RELEASES, text="card"))["ts"]
    metadata = {"event_type": "gate", "event_payload": {"n": 1}}
    await client.chat_postMessage(channel=RELEASES, text="gate", thread_ts=root, metadata=metadata)
    await client.chat_postEphemeral(channel=RELEASES, user="U0ANA", text="psst")
    await client.views_publish(user_id="U0ANA", view={"type": "home", "blocks": [{"type": "divider"}]})
    async with aiohttp.ClientSession(practice.url) as session:
        for what, body in (
            ("clock", {"advance_s": 7200}),
            ("groups", {"group": "qa", "users": ["cleo"]}),
            ("people", {"user": "gus", "deactivated": True}),
            ("read", {"user": "ben", "channel": "releases", "ts": root}),
            ("command", {"user": "ana", "channel": "random", "command": "/invite", "text": "@rollcall"}),
        ):
            async with session.post(f"/_control/{what}", json=body) as response:
                assert response.status == 200


async def sight(practice: Practice) -> list[Any]:
    seen = []
    async with aiohttp.ClientSession(practice.url) as session:
        for path in ("messages?channel=releases", "messages?channel=random", "home?user=ana", "people"):
            async with session.get(f"/_control/{path}") as response:
                seen.append(await response.json())
        async with session.get("/_control/workspace?user=ben") as response:
            workspace = await response.json()
            seen.append([workspace["channels"], workspace["version"], workspace["clock"]["offset_s"]])
    return seen


async def test_a_kept_workspace_is_the_same_after_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "kept" / "practice.json"
    first = Practice(MovableClock(), state)
    async with first.serving(port=0):
        await act_a_little(first)
        before = await sight(first)
    clock = MovableClock()
    second = Practice(clock, state)
    async with second.serving(port=0):
        assert clock.offset.total_seconds() == 7200
        assert await sight(second) == before
        client = AsyncWebClient(BOT_TOKEN, base_url=second.api_url)
        assert (await client.chat_postMessage(channel=RELEASES, text="goes on"))["ts"] > before[0][
            "messages"
        ][-1]["ts"]


async def test_the_file_is_written_soon_after_a_change(tmp_path: Path) -> None:
    state = tmp_path / "practice.json"
    practice = Practice(MovableClock(), state)
    async with practice.serving(port=0):
        await act_a_little(practice)
        await asyncio.sleep(0.3)
        assert "card" in state.read_text("utf-8")
    assert not (tmp_path / "practice.json.new").exists()


async def test_a_file_of_something_else_is_named_and_left_alone(tmp_path: Path) -> None:
    state = tmp_path / "notes.json"
    state.write_text("my notes")
    practice = Practice(MovableClock(), state)
    with pytest.raises(ValueError, match=r"notes\.json holds no practice workspace"):
        async with practice.serving(port=0):
            pass
    assert state.read_text() == "my notes"


async def test_a_taken_port_is_an_error_and_not_a_crash(practice: Practice) -> None:
    other = Practice(MovableClock())
    with pytest.raises(OSError, match=r"(?i)address already in use"):
        async with other.serving(port=int(practice.url.rsplit(":", 1)[1])):
            pass


ODD: tuple[Any, ...] = (None, "x", -1, True, [], [{}], {}, {"b": {"c": 1}})
FIELDS = "user channel command text message_ts action_id value values surface thread_ts ts advance_s group users by"
ACTS = "command press submit message read close home clock faults people groups join leave app"


@pytest.mark.parametrize("what", ACTS.split())
async def test_no_odd_field_breaks_the_control_api(hands: Any, what: str) -> None:
    plain = {"user": "ana", "channel": "releases", "text": "x", "command": "/release", "action_id": "a"}
    for name in [*FIELDS.split(), "request_url", "disconnect", "method", "kind", "times"]:
        for value in ODD:
            answer = await hands.do(what, **{**plain, name: value})
            assert (name, value, answer["http"] < 500) == (name, value, True)


async def test_no_odd_query_breaks_the_control_api(hands: Any) -> None:
    for what in ("workspace", "messages", "view", "home", "people", "log", "clock", "faults"):
        for query in (
            {},
            {"user": "nobody"},
            {"user": ""},
            {"channel": "x"},
            {"after": "x"},
            {"thread_ts": "x"},
        ):
            assert (await hands.see(what, **query))["http"] < 500
