"""Who comes into a channel and goes, and what the app hears of it."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from aiohttp import ClientSession
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import MovableClock
from bot.practice import BOT_TOKEN, Practice
from bot.practice.cast import SCOPES
from tests.practice.conftest import Connect, Hands
from tests.practice.eventually import eventually

Body = dict[str, Any]
COMING_AND_GOING = ("member_joined_channel", "member_left_channel", "channel_left", "group_left")
ARCHIVING = ("channel_archive", "channel_unarchive", "group_archive", "group_unarchive")


def hearing(app: AsyncApp) -> list[Body]:
    """Let the app note all events about members; return where it notes them."""
    heard: list[Body] = []

    for kind in COMING_AND_GOING:

        @app.event(kind)
        async def told(body: Body) -> None:
            heard.append(body)

    return heard


async def sent(hands: Hands, kinds: Sequence[str] = COMING_AND_GOING) -> list[Body]:
    """Return the events of these kinds that were sent to the app, in order and whether it took them or not."""
    entries = (await hands.see("log"))["entries"]
    bodies = [one["body"] for one in entries if one["what"] == "events_api"]
    events = {body["event_id"]: body["event"] for body in bodies}
    return [event for event in events.values() if event["type"] in kinds]


async def test_the_app_hears_who_leaves_and_who_joins(
    app: AsyncApp, over_socket: Connect, hands: Hands, client: AsyncWebClient
) -> None:
    heard = hearing(app)
    await over_socket(app)
    left = await hands.do("leave", user="ben", channel="releases")
    assert (left["ok"], "U0BEN" in left["members"]) == (True, False)
    assert "U0BEN" not in (await client.conversations_members(channel="C0RELEASES"))["members"]
    joined = await hands.do("join", user="ben", channel="releases")
    assert joined["members"][-1] == "U0BEN"
    assert (await client.conversations_members(channel="C0RELEASES"))["members"][-1] == "U0BEN"
    await eventually(lambda: len(heard) == 2)
    events = {body["event"]["type"]: body["event"] for body in heard}
    for event in events.values():
        assert event.pop("event_ts")
    place = {"user": "U0BEN", "channel": "C0RELEASES", "channel_type": "C", "team": "T0PRACTICE"}
    assert events == {kind: {"type": kind, **place} for kind in COMING_AND_GOING[:2]}


async def test_coming_and_going_is_written_in_the_channel(hands: Hands) -> None:
    await hands.do("leave", user="ben", channel="releases")
    await hands.do("join", user="ben", channel="releases")
    await hands.do("leave", user="bea", channel="releases", by="ana")
    await hands.do("command", user="ana", channel="releases", command="/invite", text="@bea")
    assert [(one["subtype"], one["text"], one.get("inviter")) for one in await hands.messages()] == [
        ("channel_leave", "<@U0BEN> has left the channel", None),
        ("channel_join", "<@U0BEN> has joined the channel", None),
        ("channel_leave", "<@U0BEA> has left the channel", None),
        ("channel_join", "<@U0BEA> has joined the channel", "U0ANA"),
    ]


async def test_who_has_left_acts_there_no_more_until_they_join_again(hands: Hands) -> None:
    await hands.do("leave", user="ben", channel="releases")
    refused = await hands.do("message", user="ben", channel="releases", text="hi")
    assert (refused["http"], refused["error"]) == (403, "Ben Vogel is not in #releases. Join it first.")
    await hands.do("join", user="ben", channel="releases")
    assert (await hands.do("message", user="ben", channel="releases", text="hi"))["ok"]


async def test_a_second_join_changes_and_tells_nothing(hands: Hands) -> None:
    assert (await hands.do("join", user="ben", channel="releases"))["members"].count("U0BEN") == 1
    assert await hands.messages() == []


@pytest.mark.proof
async def test_of_a_channel_without_the_app_it_hears_nothing(
    app: AsyncApp, over_socket: Connect, hands: Hands
) -> None:
    await over_socket(app)
    await hands.do("leave", user="ben", channel="random")
    await hands.do("leave", user="dan", channel="war-room")
    await hands.do("leave", user="ben", channel="releases")
    await eventually(lambda: sent(hands))
    assert [(one["type"], one["channel"]) for one in await sent(hands)] == [
        ("member_left_channel", "C0RELEASES")
    ]


async def test_an_app_that_is_removed_hears_that_it_left_and_nothing_after(
    app: AsyncApp, over_socket: Connect, hands: Hands, client: AsyncWebClient
) -> None:
    heard = hearing(app)
    await over_socket(app)
    alone = await hands.do("leave", user="rollcall", channel="releases")
    assert alone["error"] == "Only people can act here, not bots."
    assert (await hands.do("leave", user="rollcall", channel="releases", by="ana"))["ok"]
    await hands.do("leave", user="ben", channel="releases")
    await eventually(lambda: heard)
    assert [one["type"] for one in await sent(hands)] == ["channel_left"]
    assert (heard[0]["event"]["channel"], heard[0]["event"]["actor_id"]) == ("C0RELEASES", "U0ANA")
    assert not (await client.conversations_info(channel="C0RELEASES"))["channel"]["is_member"]


async def test_an_app_that_is_removed_from_a_private_channel_knows_it_no_more(
    app: AsyncApp, over_socket: Connect, hands: Hands, client: AsyncWebClient
) -> None:
    heard = hearing(app)
    await over_socket(app)
    await hands.do("command", user="ana", channel="war-room", command="/invite", text="@rollcall")
    await hands.do("leave", user="rollcall", channel="war-room", by="ana")
    await eventually(lambda: len(heard) == 2)
    assert {one["event"]["type"] for one in heard} == {"member_joined_channel", "group_left"}
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await client.chat_postMessage(channel="C0WARROOM", text="still here?")


@pytest.fixture
async def without_groups(clock: MovableClock) -> AsyncIterator[Practice]:
    """A workspace that granted the app everything but `groups:read`."""
    practice = Practice(clock, scopes=SCOPES - {"groups:read"})
    async with practice.serving(port=0):
        yield practice


async def test_members_of_a_private_channel_are_told_by_the_scope_for_groups(
    without_groups: Practice,
) -> None:
    async with ClientSession(without_groups.url) as session:
        hands = Hands(session)
        await hands.do("command", user="ana", channel="war-room", command="/invite", text="@rollcall")
        await hands.do("leave", user="dan", channel="war-room")
        await hands.do("leave", user="dan", channel="releases")
        await eventually(lambda: sent(hands))
        assert [one["channel"] for one in await sent(hands)] == ["C0RELEASES"]


async def test_an_app_that_joins_by_itself_hears_of_it(clock: MovableClock) -> None:
    practice = Practice(clock, scopes=SCOPES | {"channels:join"})
    async with practice.serving(port=0):
        client = AsyncWebClient(BOT_TOKEN, base_url=practice.api_url)
        async with ClientSession(practice.url) as session:
            hands = Hands(session)
            assert (await client.conversations_join(channel="C0RANDOM"))["channel"]["is_member"]
            await eventually(lambda: sent(hands))
            assert [(one["type"], one["user"]) for one in await sent(hands)] == [
                ("member_joined_channel", "U0ROLLCALL")
            ]


@pytest.mark.parametrize(
    ("what", "body", "status", "sentence"),
    [
        ("join", {"user": "ben", "channel": "war-room"}, 403, "Ben Vogel cannot see that channel."),
        ("join", {"user": "ben", "channel": "D0ANA"}, 403, "Ben Vogel cannot see that channel."),
        ("join", {"user": "rollcall", "channel": "random"}, 403, "Only people can act here, not bots."),
        (
            "join",
            {"user": "gil", "channel": "random"},
            403,
            "Gil Novak joins channels by invitation only. Let a member type /invite @gil there.",
        ),
        (
            "join",
            {"user": "sol", "channel": "random"},
            403,
            "Sol Reyes joins channels by invitation only. Let a member type /invite @sol there.",
        ),
        ("leave", {"user": "ben", "channel": "war-room"}, 404, "Ben Vogel is not in #war-room."),
        ("leave", {"user": "ana", "channel": "D0ANA"}, 400, "A direct message cannot be left."),
        (
            "leave",
            {"user": "dan", "channel": "war-room", "by": "ben"},
            403,
            "Ben Vogel cannot see that channel.",
        ),
        (
            "command",
            {"user": "ana", "channel": "random", "command": "/invite", "text": "@gil"},
            403,
            "Gil Novak is a guest of one channel, and that is #releases.",
        ),
    ],
)
async def test_who_cannot_come_or_go_is_told_why(
    hands: Hands, what: str, body: Body, status: int, sentence: str
) -> None:
    answer = await hands.do(what, **body)
    assert (answer["http"], answer["error"]) == (status, sentence)


async def test_a_page_hears_that_its_person_left_a_private_channel(hands: Hands) -> None:
    async with hands.session.get("/_control/stream", params={"user": "dan"}) as stream:
        assert await stream.content.readline() == b": listening\n"
        await hands.do("leave", user="dan", channel="war-room", by="ana")
        await stream.content.readline()
        told = json.loads((await stream.content.readline()).removeprefix(b"data: "))
        assert (told["what"], told.get("channel")) == ("members", None)


async def test_members_are_paged(client: AsyncWebClient) -> None:
    first = await client.conversations_members(channel="C0RELEASES", limit=4)
    assert first["members"] == ["U0ANA", "U0BEN", "U0BEA", "U0CLEO"]
    rest = await client.conversations_members(
        channel="C0RELEASES", cursor=first["response_metadata"]["next_cursor"]
    )
    assert rest["members"][-1] == "U0ROLLCALL"
    assert rest["response_metadata"]["next_cursor"] == ""


@pytest.mark.proof
async def test_the_app_hears_when_a_channel_is_archived_and_taken_out_again(
    app: AsyncApp, over_socket: Connect, hands: Hands, client: AsyncWebClient
) -> None:
    await over_socket(app)
    for archived in (True, True, False):
        answer = await hands.do("archive", user="ana", channel="releases", archived=archived)
        assert (answer["ok"], answer["archived"]) == (True, archived)

    async def both() -> bool:
        return len(await sent(hands, ARCHIVING)) >= 2

    await eventually(both)
    place = {"channel": "C0RELEASES", "user": "U0ANA"}
    told = [{name: one[name] for name in ("type", *place)} for one in await sent(hands, ARCHIVING)]
    assert told == [{"type": "channel_archive", **place}, {"type": "channel_unarchive", **place}]
    refused = await hands.do("archive", user="ben", channel="war-room", archived=True)
    assert refused["error"] == "Ben Vogel cannot see that channel."
    assert (await hands.do("archive", user="ana", channel="D0ANA", archived=True))["http"] == 400
