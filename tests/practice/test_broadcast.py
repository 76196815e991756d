"""Replies that are sent to their channel as well, when they are posted or afterwards."""

from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.practice.conftest import Connect
from tests.practice.eventually import eventually

RELEASES = "C0RELEASES"
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}


async def refused(client: AsyncWebClient, method: str, **args: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await client.api_call(method, json=args)
    return str(caught.value.response["error"])


async def root_and_reply(client: AsyncWebClient, **more: Any) -> tuple[str, str]:
    root = (await client.chat_postMessage(channel=RELEASES, text="card"))["ts"]
    reply = await client.chat_postMessage(channel=RELEASES, text="gate", thread_ts=root, **more)
    return root, reply["ts"]


async def test_a_broadcast_reply_stands_in_the_thread_and_in_the_channel_and_is_stored_once(
    client: AsyncWebClient, hands: Any, practice: Any
) -> None:
    root, reply = await root_and_reply(client, reply_broadcast=True)
    history = (await client.conversations_history(channel=RELEASES))["messages"]
    assert [(one["ts"], one.get("subtype")) for one in history] == [
        (reply, "thread_broadcast"),
        (root, None),
    ]
    assert (history[0]["thread_ts"], history[0]["root"]["text"]) == (root, "card")
    assert (history[0]["root"]["reply_count"], history[0]["root"]["latest_reply"]) == (1, reply)
    assert (history[1]["reply_count"], history[1]["latest_reply"]) == (1, reply)
    thread = (await client.conversations_replies(channel=RELEASES, ts=root))["messages"]
    assert [one["ts"] for one in thread] == [root, reply]
    assert [one["ts"] for one in await hands.messages()] == [root, reply]
    assert list(practice.workspace.channels[RELEASES].messages) == [root, reply]
    assert "root" not in practice.workspace.channels[RELEASES].messages[reply]


async def test_the_answer_to_a_broadcast_tells_its_root(client: AsyncWebClient) -> None:
    root = (await client.chat_postMessage(channel=RELEASES, text="card"))["ts"]
    posted = await client.chat_postMessage(
        channel=RELEASES, text="gate", thread_ts=root, reply_broadcast=True
    )
    assert posted["message"]["subtype"] == "thread_broadcast"
    assert posted["message"]["root"]["ts"] == root


@pytest.mark.parametrize("flag", [False, "false", None])
async def test_a_reply_that_is_not_broadcast_stands_in_the_thread_alone(
    client: AsyncWebClient, flag: object
) -> None:
    root = (await client.chat_postMessage(channel=RELEASES, text="card"))["ts"]
    args = {"channel": RELEASES, "text": "gate", "thread_ts": root, "reply_broadcast": flag}
    await client.api_call("chat.postMessage", json=args)
    history = (await client.conversations_history(channel=RELEASES))["messages"]
    assert [one["ts"] for one in history] == [root]


async def test_a_broadcast_without_a_thread_is_a_post_like_any_other(client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=RELEASES, text="card", reply_broadcast=True)
    assert "subtype" not in posted["message"]
    assert len((await client.conversations_history(channel=RELEASES))["messages"]) == 1


async def test_a_broadcast_is_refused_where_its_reply_would_be(client: AsyncWebClient) -> None:
    _, reply = await root_and_reply(client, reply_broadcast=True)
    args = {"channel": RELEASES, "text": "x", "reply_broadcast": True}
    assert await refused(client, "chat.postMessage", **args, thread_ts="1.000000") == "thread_not_found"
    assert await refused(client, "chat.postMessage", **args, thread_ts=reply) == "cannot_reply_to_message"


async def test_a_broadcast_counts_as_unread_in_the_channel_and_a_reply_does_not(
    client: AsyncWebClient, hands: Any
) -> None:
    root, _ = await root_and_reply(client)
    assert (await hands.see("workspace", user="ben"))["channels"][0]["unread"] == 1
    await client.chat_postMessage(channel=RELEASES, text="all", thread_ts=root, reply_broadcast=True)
    assert (await hands.see("workspace", user="ben"))["channels"][0]["unread"] == 2


async def test_metadata_of_a_root_is_hidden_as_in_the_root_itself(client: AsyncWebClient) -> None:
    metadata = {"event_type": "card", "event_payload": {"key": "checkout-1"}}
    root = (await client.chat_postMessage(channel=RELEASES, text="card", metadata=metadata))["ts"]
    await client.chat_postMessage(channel=RELEASES, text="gate", thread_ts=root, reply_broadcast=True)
    plain = (await client.conversations_history(channel=RELEASES))["messages"][0]
    full = (await client.conversations_history(channel=RELEASES, include_all_metadata=True))["messages"][0]
    assert plain["root"]["metadata"] == {"event_type": "card"}
    assert full["root"]["metadata"] == metadata


async def test_a_reply_can_be_broadcast_afterwards(client: AsyncWebClient) -> None:
    root, reply = await root_and_reply(client)
    # The client's own method warns of the text that must not be there.
    args = {"channel": RELEASES, "ts": reply, "reply_broadcast": True}
    sent = await client.api_call("chat.update", json=args)
    assert (sent["text"], sent["message"]["subtype"], sent["message"]["root"]["ts"]) == (
        "gate",
        "thread_broadcast",
        root,
    )
    assert "edited" not in sent["message"]
    history = (await client.conversations_history(channel=RELEASES))["messages"]
    assert [one["ts"] for one in history] == [reply, root]


@pytest.mark.parametrize("content", [{"text": "new"}, {"blocks": [SECTION]}, {"markdown_text": "new"}])
async def test_a_reply_is_not_broadcast_and_changed_at_once(
    client: AsyncWebClient, content: dict[str, Any]
) -> None:
    root, reply = await root_and_reply(client)
    args = {"channel": RELEASES, "ts": reply, "reply_broadcast": True, **content}
    assert await refused(client, "chat.update", **args) == "no_dual_broadcast_content_update"
    history = (await client.conversations_history(channel=RELEASES))["messages"]
    assert [one["ts"] for one in history] == [root]


async def test_only_a_reply_can_be_broadcast_afterwards(client: AsyncWebClient) -> None:
    root, _ = await root_and_reply(client)
    args = {"channel": RELEASES, "ts": root, "reply_broadcast": True}
    assert await refused(client, "chat.update", **args) == "cant_broadcast_message"


async def test_a_broadcast_can_be_changed_and_stays_in_the_channel(client: AsyncWebClient) -> None:
    root, reply = await root_and_reply(client, reply_broadcast=True)
    changed = await client.chat_update(channel=RELEASES, ts=reply, text="gate is met", blocks=[SECTION])
    assert changed["message"]["subtype"] == "thread_broadcast"
    history = (await client.conversations_history(channel=RELEASES))["messages"]
    assert [one["text"] for one in history] == ["gate is met", "card"]
    await client.chat_delete(channel=RELEASES, ts=reply)
    assert [one["ts"] for one in (await client.conversations_history(channel=RELEASES))["messages"]] == [root]
    assert len((await client.conversations_replies(channel=RELEASES, ts=root))["messages"]) == 1


async def test_of_a_broadcast_in_its_direct_messages_the_app_hears_with_the_root(
    app: AsyncApp, over_socket: Connect, hands: Any, client: AsyncWebClient
) -> None:
    await over_socket(app)
    root = (await client.chat_postMessage(channel="D0ANA", text="card"))["ts"]
    await client.chat_postMessage(channel="D0ANA", text="gate", thread_ts=root, reply_broadcast=True)

    async def told() -> Any:
        entries = (await hands.see("log"))["entries"]
        events = [one["body"]["event"] for one in entries if one["what"] == "events_api"]
        return [one for one in events if one.get("subtype") == "thread_broadcast"]

    assert (await eventually(told))[0]["root"]["ts"] == root
