"""Channels that the app makes: their names, who can be invited, their topic, and the archive."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import MovableClock
from bot.practice import BOT_TOKEN, Practice
from tests.practice.conftest import Hands

RELEASES, RANDOM = "C0RELEASES", "C0RANDOM"


async def refused(client: AsyncWebClient, method: str, **args: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await client.api_call(method, json=args)
    return str(caught.value.response["error"])


async def made(client: AsyncWebClient, name: str = "release-shop-1", **args: Any) -> str:
    """Make a channel and return its id."""
    return str((await client.conversations_create(name=name, **args))["channel"]["id"])


async def test_the_app_is_the_first_in_a_channel_that_it_makes(client: AsyncWebClient, hands: Hands) -> None:
    channel = (await client.conversations_create(name="release-shop-1"))["channel"]
    assert (channel["name"], channel["creator"], channel["is_member"]) == (
        "release-shop-1",
        "U0ROLLCALL",
        True,
    )
    assert (channel["is_private"], channel["is_archived"]) == (False, False)
    assert (await client.conversations_members(channel=channel["id"]))["members"] == ["U0ROLLCALL"]
    mine = (await client.users_conversations(types="public_channel,private_channel"))["channels"]
    assert [(one["name"], one["creator"], one["created"] > 0) for one in mine] == [
        ("releases", "", False),
        ("release-shop-1", "U0ROLLCALL", True),
    ]
    seen = (await hands.see("workspace", user="ben"))["channels"]
    assert [(one["name"], one["member"]) for one in seen if one["name"].startswith("release-")] == [
        ("release-shop-1", False)
    ]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", "invalid_name_required"),
        ("x" * 81, "invalid_name_maxlength"),
        ("Shop", "invalid_name_specials"),
        ("release-1.0", "invalid_name_specials"),
        ("two words", "invalid_name_specials"),
        ("-_-", "invalid_name_punctuation"),
        ("releases", "name_taken"),
        ("war-room", "name_taken"),
    ],
)
async def test_a_name_has_rules_and_is_given_once(client: AsyncWebClient, name: str, error: str) -> None:
    assert await refused(client, "conversations.create", name=name) == error


async def test_the_name_of_an_archived_channel_stays_taken(client: AsyncWebClient) -> None:
    await client.conversations_archive(channel=await made(client))
    assert await refused(client, "conversations.create", name="release-shop-1") == "name_taken"


async def test_a_private_channel_is_there_for_its_members_alone(client: AsyncWebClient, hands: Hands) -> None:
    private = await made(client, is_private=True)
    await client.conversations_invite(channel=private, users="U0ANA")
    seen = {
        user: [one["id"] for one in (await hands.see("workspace", user=user))["channels"]]
        for user in ("ana", "ben")
    }
    assert (private in seen["ana"], private in seen["ben"]) == (True, False)


async def test_each_kind_of_channel_asks_for_its_own_scope(clock: MovableClock) -> None:
    practice = Practice(clock, scopes=frozenset({"chat:write"}))
    async with practice.serving(port=0):
        client = AsyncWebClient(BOT_TOKEN, base_url=practice.api_url)
        for args, scope in (
            ({"name": "a"}, "channels:manage"),
            ({"name": "a", "is_private": True}, "groups:write"),
        ):
            with pytest.raises(SlackApiError) as caught:
                await client.conversations_create(**args)
            assert (caught.value.response["error"], caught.value.response["needed"]) == (
                "missing_scope",
                scope,
            )


async def test_people_are_invited_all_or_with_force_those_who_can_be(
    client: AsyncWebClient, hands: Hands
) -> None:
    room = await made(client)
    asked: dict[str, Any] = {"channel": room, "users": "U0ANA,U0GIL,U0BEN,U0NOBODY"}
    assert await refused(client, "conversations.invite", **asked) == "ura_max_channels"
    assert (await client.conversations_members(channel=room))["members"] == ["U0ROLLCALL"]
    answer = await client.conversations_invite(**asked, force=True)
    assert [(one["user"], one["error"]) for one in answer["errors"]] == [
        ("U0GIL", "ura_max_channels"),
        ("U0NOBODY", "user_not_found"),
    ]
    members = (await client.conversations_members(channel=room))["members"]
    assert members == ["U0ROLLCALL", "U0ANA", "U0BEN"]
    joined = [one for one in await hands.messages("release-shop-1") if one.get("inviter")]
    assert [(one["user"], one["inviter"]) for one in joined] == [
        ("U0ANA", "U0ROLLCALL"),
        ("U0BEN", "U0ROLLCALL"),
    ]


@pytest.mark.parametrize(
    ("users", "error"),
    [
        ("", "no_user"),
        ("U0NOBODY", "user_not_found"),
        ("U0ROLLCALL", "cant_invite_self"),
        ("U0SOL", "no_external_invite_permission"),
        ("U0GIL", "ura_max_channels"),
        ("U0CLEO", "cant_invite"),
        ("U0ANA", "already_in_channel"),
        (",".join(["U0BEN"] * 101), "too_many_users"),
    ],
)
async def test_who_cannot_be_invited_is_told_by_an_error(
    client: AsyncWebClient, hands: Hands, users: str, error: str
) -> None:
    room = await made(client)
    await hands.do("people", user="cleo", deactivated=True)
    await client.conversations_invite(channel=room, users="U0ANA")
    for force in (False, True):
        asked = {"channel": room, "users": users, "force": force}
        assert await refused(client, "conversations.invite", **asked) == error


async def test_a_topic_is_told_in_the_channel_and_has_an_end(client: AsyncWebClient, hands: Hands) -> None:
    room = await made(client)
    topic = (await client.conversations_setTopic(channel=room, topic="staging has begun"))["channel"]["topic"]
    assert (topic["value"], topic["creator"]) == ("staging has begun", "U0ROLLCALL")
    line = (await hands.messages("release-shop-1"))[-1]
    assert (line["subtype"], line["text"]) == ("channel_topic", "set the channel topic: staging has begun")
    assert await refused(client, "conversations.setTopic", channel=room, topic="x" * 251) == "too_long"


@pytest.mark.parametrize("method", ["invite", "setTopic", "archive"])
async def test_a_channel_is_changed_from_within_and_while_it_is_not_archived(
    client: AsyncWebClient, method: str
) -> None:
    args, name = {"users": "U0ANA", "topic": "x"}, f"conversations.{method}"
    assert await refused(client, name, channel=RANDOM, **args) == "not_in_channel"
    assert await refused(client, name, channel="C0NONE", **args) == "channel_not_found"
    dm = await refused(client, name, channel="D0ANA", **args)
    assert dm == "method_not_supported_for_channel_type"
    room = await made(client)
    await client.conversations_archive(channel=room)
    archived = "already_archived" if method == "archive" else "is_archived"
    assert await refused(client, name, channel=room, **args) == archived


async def test_no_bot_takes_a_channel_out_of_the_archive_but_people_do(
    client: AsyncWebClient, hands: Hands
) -> None:
    room = await made(client)
    await client.conversations_invite(channel=room, users="U0ANA")
    assert await refused(client, "conversations.unarchive", channel=room) == "not_archived"
    await client.conversations_archive(channel=room)
    assert await refused(client, "conversations.unarchive", channel=room) == "not_in_channel"
    assert (await hands.do("archive", user="ana", channel=room, archived=False))["archived"] is False
    assert (await client.chat_postMessage(channel=room, text="on it goes"))["ok"]
