"""The Web API refuses and stores as Slack does, seen through the real slack_sdk client."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import MovableClock
from bot.practice import APP_TOKEN, BOT_TOKEN, Practice
from bot.practice.acts.talk import open_home
from bot.practice.shapes import Impossible
from bot.practice.web_api.methods import METHODS

RELEASES, RANDOM, WARROOM = "C0RELEASES", "C0RANDOM", "C0WARROOM"
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}
MODAL: dict[str, Any] = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Start"},
    "submit": {"type": "plain_text", "text": "Go"},
    "blocks": [
        {
            "type": "input",
            "block_id": "version",
            "label": {"type": "plain_text", "text": "Version"},
            "element": {"type": "plain_text_input", "action_id": "typed"},
        }
    ],
}


async def refusal(client: AsyncWebClient, method: str, **args: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        await client.api_call(method, json=args)
    data: dict[str, Any] = caught.value.response.data
    return data


async def test_the_token_says_who_the_app_is(client: AsyncWebClient, practice: Practice) -> None:
    whoami = await client.auth_test()
    assert (whoami["user_id"], whoami["bot_id"], whoami["team_id"]) == (
        "U0ROLLCALL",
        "B0ROLLCALL",
        "T0PRACTICE",
    )
    assert whoami["url"] == f"{practice.url}/"


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        (None, "auth.test", "not_authed"),
        ("xoxb-other", "auth.test", "invalid_auth"),
        (APP_TOKEN, "chat.postMessage", "not_allowed_token_type"),
        (BOT_TOKEN, "apps.connections.open", "not_allowed_token_type"),
        (BOT_TOKEN, "chat.shout", "unknown_method"),
    ],
)
async def test_a_call_without_right_is_refused(
    practice: Practice, token: str | None, method: str, error: str
) -> None:
    client = AsyncWebClient(token, base_url=practice.api_url)
    assert (await refusal(client, method))["error"] == error


async def test_a_token_may_come_as_a_form_field(practice: Practice) -> None:
    async with aiohttp.ClientSession() as session:
        form = {"token": BOT_TOKEN, "channel": RELEASES, "text": "a & b", "blocks": "[]"}
        async with session.post(f"{practice.api_url}chat.postMessage", data=form) as response:
            assert (await response.json())["message"]["text"] == "a & b"


@pytest.mark.parametrize(
    ("body", "content_type", "error"),
    [
        (b"{", "application/json", "invalid_json"),
        (b"[]", "application/json", "json_not_object"),
        (b"text=%ff\xff", "application/x-www-form-urlencoded", "invalid_form_data"),
        (b"blocks=%7B", "application/x-www-form-urlencoded", "invalid_blocks_format"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_by_name(
    practice: Practice, body: bytes, content_type: str, error: str
) -> None:
    headers = {"Authorization": f"Bearer {BOT_TOKEN}", "Content-Type": content_type}
    url = f"{practice.api_url}chat.postMessage"
    async with aiohttp.ClientSession(headers=headers) as session, session.post(url, data=body) as response:
        assert (await response.json())["error"] == error


async def test_a_missing_scope_is_named(clock: MovableClock) -> None:
    practice = Practice(clock, scopes=frozenset({"chat:write"}))
    async with practice.serving(port=0):
        client = AsyncWebClient(BOT_TOKEN, base_url=practice.api_url)
        missing = await refusal(client, "users.info", user="U0ANA")
        assert missing["error"] == "missing_scope"
        assert (missing["needed"], missing["provided"]) == ("users:read", "chat:write")
        history = await refusal(client, "conversations.history", channel=RELEASES)
        assert history["needed"] == "channels:history"
        assert (await refusal(client, "chat.postMessage", channel=RANDOM, text="x"))[
            "error"
        ] == "not_in_channel"


async def test_a_post_is_stored_as_slack_stores_it(client: AsyncWebClient) -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Approve"}, "value": "qa"}
    blocks: list[dict[str, Any]] = [SECTION, {"type": "actions", "elements": [button]}]
    posted = await client.chat_postMessage(channel=RELEASES, text="<hi>", blocks=blocks)
    message = posted["message"]
    assert message["text"] == "<hi>"
    assert (message["user"], message["bot_id"], message["app_id"]) == (
        "U0ROLLCALL",
        "B0ROLLCALL",
        "A0ROLLCALL",
    )
    assert all(block["block_id"] for block in message["blocks"])
    assert message["blocks"][1]["elements"][0]["action_id"]
    assert message["ts"] == posted["ts"]


class StoppedClock(MovableClock):
    """A clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


async def test_message_ids_grow_even_within_one_microsecond() -> None:
    practice = Practice(StoppedClock())
    async with practice.serving(port=0):
        client = AsyncWebClient(BOT_TOKEN, base_url=practice.api_url)
        ids = [(await client.chat_postMessage(channel=RELEASES, text="x"))["ts"] for _ in range(3)]
        assert ids == ["1795426200.000000", "1795426200.000001", "1795426200.000002"]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"text": "x"}, "channel_not_found"),
        ({"channel": WARROOM, "text": "x"}, "channel_not_found"),
        ({"channel": RELEASES}, "no_text"),
        ({"channel": RELEASES, "text": "", "blocks": []}, "no_text"),
        (
            {"channel": RELEASES, "blocks": [SECTION | {"text": {"type": "mrkdwn", "text": ""}}]},
            "invalid_blocks",
        ),
        ({"channel": RELEASES, "blocks": [SECTION] * 51}, "invalid_blocks"),
        ({"channel": RELEASES, "blocks": {"type": "section"}}, "invalid_blocks_format"),
        (
            {"channel": RELEASES, "blocks": [SECTION | {"text": {"type": "mrkdwn", "text": "x" * 2900}}] * 5},
            "msg_blocks_too_long",
        ),
        ({"channel": RELEASES, "text": "x", "thread_ts": "1.000000"}, "thread_not_found"),
        ({"channel": RELEASES, "text": "x", "metadata": {"event_type": "card"}}, "invalid_metadata_format"),
        (
            {
                "channel": RELEASES,
                "text": "x",
                "metadata": {"event_type": "card", "event_payload": {"a": [{"b": 1}]}},
            },
            "invalid_metadata_format",
        ),
        (
            {
                "channel": RELEASES,
                "text": "x",
                "metadata": {"event_type": "card", "event_payload": {"a": "b" * 2000}},
            },
            "metadata_too_large",
        ),
    ],
)
async def test_a_bad_post_is_refused_and_not_stored(
    client: AsyncWebClient, args: dict[str, Any], error: str
) -> None:
    assert (await refusal(client, "chat.postMessage", **args))["error"] == error
    assert (await client.conversations_history(channel=RELEASES))["messages"] == []


async def test_invalid_blocks_are_explained_by_pointer(client: AsyncWebClient) -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "x" * 76}, "action_id": "a"}
    blocks = [{"type": "actions", "elements": [button]}]
    refused = await refusal(client, "chat.postMessage", channel=RELEASES, blocks=blocks)
    assert len(refused["errors"]) == 1
    assert "json-pointer:/blocks/0/elements/0/text/text" in refused["errors"][0]
    assert refused["response_metadata"]["messages"] == [f"[ERROR] {refused['errors'][0]}"]


async def test_an_archived_channel_takes_no_posts(client: AsyncWebClient, practice: Practice) -> None:
    practice.workspace.channels[RELEASES].archived = True
    assert (await refusal(client, "chat.postMessage", channel=RELEASES, text="x"))["error"] == "is_archived"


async def test_a_post_to_a_person_goes_to_the_direct_message(client: AsyncWebClient) -> None:
    assert (await client.chat_postMessage(channel="U0ANA", text="hi"))["channel"] == "D0ANA"
    assert (await client.conversations_open(users="U0ANA"))["channel"]["id"] == "D0ANA"


async def test_a_reply_stands_in_the_thread_and_not_in_the_channel(client: AsyncWebClient) -> None:
    root = (await client.chat_postMessage(channel=RELEASES, text="card"))["ts"]
    reply = await client.chat_postMessage(channel=RELEASES, text="gate", thread_ts=root)
    history = (await client.conversations_history(channel=RELEASES))["messages"]
    assert [(one["text"], one["reply_count"], one["latest_reply"]) for one in history] == [
        ("card", 1, reply["ts"])
    ]
    replies = (await client.conversations_replies(channel=RELEASES, ts=root))["messages"]
    assert [one["text"] for one in replies] == ["card", "gate"]


async def test_a_reply_has_no_thread_of_its_own(client: AsyncWebClient) -> None:
    root = (await client.chat_postMessage(channel=RELEASES, text="card"))["ts"]
    reply = (await client.chat_postMessage(channel=RELEASES, text="gate", thread_ts=root))["ts"]
    refused = await refusal(client, "chat.postMessage", channel=RELEASES, text="x", thread_ts=reply)
    assert refused["error"] == "cannot_reply_to_message"


async def test_history_pages_newest_first(client: AsyncWebClient) -> None:
    for n in range(5):
        await client.chat_postMessage(channel=RELEASES, text=str(n))
    first = await client.conversations_history(channel=RELEASES, limit=3)
    assert [one["text"] for one in first["messages"]] == ["4", "3", "2"]
    cursor = first["response_metadata"]["next_cursor"]
    rest = await client.conversations_history(channel=RELEASES, limit=3, cursor=cursor)
    assert [one["text"] for one in rest["messages"]] == ["1", "0"]
    assert not rest["has_more"]
    assert (await refusal(client, "conversations.history", channel=RELEASES, cursor="?"))[
        "error"
    ] == "invalid_cursor"


async def test_history_between_two_messages_leaves_the_ends_out(client: AsyncWebClient) -> None:
    ids = [(await client.chat_postMessage(channel=RELEASES, text=str(n)))["ts"] for n in range(4)]
    between = await client.conversations_history(channel=RELEASES, oldest=ids[0], latest=ids[3])
    assert [one["text"] for one in between["messages"]] == ["2", "1"]
    whole = await client.conversations_history(channel=RELEASES, oldest=ids[0], latest=ids[3], inclusive=True)
    assert len(whole["messages"]) == 4


async def test_metadata_is_read_in_full_only_when_asked_for(client: AsyncWebClient) -> None:
    metadata = {"event_type": "rollcall_card", "event_payload": {"key": "checkout-1"}}
    ts = (await client.chat_postMessage(channel=RELEASES, text="card", metadata=metadata))["ts"]
    plain = (await client.conversations_history(channel=RELEASES))["messages"][0]
    assert plain["metadata"] == {"event_type": "rollcall_card"}
    full = await client.conversations_replies(channel=RELEASES, ts=ts, include_all_metadata=True)
    assert full["messages"][0]["metadata"] == metadata


async def test_text_without_blocks_takes_the_blocks_away(client: AsyncWebClient) -> None:
    ts = (await client.chat_postMessage(channel=RELEASES, text="card", blocks=[SECTION]))["ts"]
    await client.chat_update(channel=RELEASES, ts=ts, text="done")
    stored = (await client.conversations_history(channel=RELEASES))["messages"][0]
    assert (stored["text"], "blocks" in stored, "edited" in stored) == ("done", False, True)


async def test_new_blocks_show_no_edited_mark(client: AsyncWebClient) -> None:
    ts = (await client.chat_postMessage(channel=RELEASES, text="card", blocks=[SECTION]))["ts"]
    updated = await client.chat_update(
        channel=RELEASES, ts=ts, text="card", blocks=[SECTION, {"type": "divider"}]
    )
    assert len(updated["message"]["blocks"]) == 2
    assert "edited" not in updated["message"]


async def test_an_update_keeps_metadata_unless_it_is_emptied(client: AsyncWebClient) -> None:
    metadata = {"event_type": "rollcall_card", "event_payload": {"key": "checkout-1"}}
    ts = (await client.chat_postMessage(channel=RELEASES, text="card", metadata=metadata))["ts"]
    kept = await client.chat_update(channel=RELEASES, ts=ts, text="two")
    assert kept["message"]["metadata"] == metadata
    emptied = await client.chat_update(channel=RELEASES, ts=ts, text="three", metadata={})
    assert "metadata" not in emptied["message"]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"ts": "1.000000", "text": "x"}, "message_not_found"),
        ({"text": "x" * 4001}, "msg_too_long"),
        ({"channel": "U0ANA", "text": "x"}, "channel_not_found"),
        ({}, "no_text"),
    ],
)
async def test_a_bad_update_is_refused(client: AsyncWebClient, args: dict[str, Any], error: str) -> None:
    ts = (await client.chat_postMessage(channel=RELEASES, text="card"))["ts"]
    given = {"channel": RELEASES, "ts": ts, **args}
    assert (await refusal(client, "chat.update", **given))["error"] == error


async def test_only_own_messages_can_be_changed(client: AsyncWebClient, hands: Any) -> None:
    theirs = (await hands.do("message", user="ana", channel="releases", text="hi"))["message"]["ts"]
    update = await refusal(client, "chat.update", channel=RELEASES, ts=theirs, text="x")
    delete = await refusal(client, "chat.delete", channel=RELEASES, ts=theirs)
    assert (update["error"], delete["error"]) == ("cant_update_message", "cant_delete_message")


async def test_a_deleted_root_leaves_its_replies_under_a_tombstone(client: AsyncWebClient) -> None:
    root = (await client.chat_postMessage(channel=RELEASES, text="card"))["ts"]
    await client.chat_postMessage(channel=RELEASES, text="gate", thread_ts=root)
    await client.chat_delete(channel=RELEASES, ts=root)
    thread = (await client.conversations_replies(channel=RELEASES, ts=root))["messages"]
    assert [one.get("subtype", one["text"]) for one in thread] == ["tombstone", "gate"]


async def test_an_ephemeral_message_is_for_one_person_and_not_in_the_history(
    client: AsyncWebClient, hands: Any
) -> None:
    shown = await client.chat_postEphemeral(channel=RELEASES, user="U0BEN", text="psst")
    assert (await client.conversations_history(channel=RELEASES))["messages"] == []
    assert [one["text"] for one in await hands.messages(user="ben")] == ["psst"]
    assert await hands.messages(user="ana") == []
    assert [one["ephemeral_for"] for one in await hands.messages()] == ["U0BEN"]
    update = await refusal(client, "chat.update", channel=RELEASES, ts=shown["message_ts"], text="x")
    assert update["error"] == "message_not_found"


@pytest.mark.parametrize(
    ("channel", "user", "error"),
    [
        (RANDOM, "U0ANA", "not_in_channel"),
        (WARROOM, "U0ANA", "channel_not_found"),
        (RELEASES, "U0NOBODY", "user_not_in_channel"),
    ],
)
async def test_an_ephemeral_message_needs_both_in_the_channel(
    client: AsyncWebClient, channel: str, user: str, error: str
) -> None:
    refused = await refusal(client, "chat.postEphemeral", channel=channel, user=user, text="x")
    assert refused["error"] == error


async def test_only_the_newest_fifty_ephemeral_messages_of_a_person_are_kept(
    practice: Practice, hands: Any
) -> None:
    releases = practice.workspace.channels[RELEASES]
    for n in range(53):
        practice.slack.whisper(releases, "U0ANA", str(n))
    kept = await hands.messages()
    assert (len(kept), kept[0]["text"]) == (50, "3")


async def test_a_permalink_leads_into_the_thread(client: AsyncWebClient, practice: Practice) -> None:
    root = (await client.chat_postMessage(channel=RELEASES, text="card"))["ts"]
    reply = (await client.chat_postMessage(channel=RELEASES, text="gate", thread_ts=root))["ts"]
    link = (await client.chat_getPermalink(channel=RELEASES, message_ts=reply))["permalink"]
    digits = reply.replace(".", "")
    assert link == f"{practice.url}/archives/{RELEASES}/p{digits}?thread_ts={root}&cid={RELEASES}"


async def test_private_channels_without_the_app_are_not_listed(client: AsyncWebClient) -> None:
    listed = await client.conversations_list(types="public_channel,private_channel")
    assert [one["name"] for one in listed["channels"]] == ["releases", "random"]
    mine = await client.users_conversations()
    assert [one["name"] for one in mine["channels"]] == ["releases"]
    assert (await refusal(client, "conversations.list", types="im"))["needed"] == "im:read"
    assert (await refusal(client, "conversations.history", channel=RANDOM))["error"] == "not_in_channel"
    assert (await refusal(client, "conversations.join", channel=RANDOM))["needed"] == "channels:join"


async def test_people_and_groups_are_as_the_cast_says(client: AsyncWebClient) -> None:
    gus = (await client.users_info(user="U0GUS"))["user"]
    assert (gus["is_restricted"], gus["tz"], gus["real_name"]) == (True, "Europe/London", "Gus Marsh")
    cleo = (await client.users_info(user="U0CLEO"))["user"]
    assert cleo["tz_offset"] == 8 * 3600
    assert (await refusal(client, "users.info", user="U0NOBODY"))["error"] == "user_not_found"
    assert (await client.usergroups_users_list(usergroup="S0QA"))["users"] == ["U0BEN", "U0BEA"]
    assert (await refusal(client, "usergroups.users.list", usergroup="S0X"))["error"] == "no_such_subteam"
    groups = (await client.usergroups_list(include_users=True))["usergroups"]
    assert {group["handle"]: group["users"] for group in groups}["on-call"] == ["U0DAN", "U0DEE"]
    page = await client.users_list(limit=4)
    assert len(page["members"]) == 4
    assert page["response_metadata"]["next_cursor"]


@pytest.mark.proof
async def test_a_trigger_opens_one_modal_within_three_seconds(
    client: AsyncWebClient, practice: Practice
) -> None:
    trigger = practice.slack.triggers.issue("U0ANA")
    assert (await client.views_open(trigger_id=trigger, view=MODAL))["view"]["id"]
    again = await refusal(client, "views.open", trigger_id=trigger, view=MODAL)
    unknown = await refusal(client, "views.open", trigger_id="1.2.x", view=MODAL)
    late = practice.slack.triggers.issue("U0ANA")
    await asyncio.sleep(3.05)
    expired = await refusal(client, "views.open", trigger_id=late, view=MODAL)
    errors = (again["error"], unknown["error"], expired["error"])
    assert errors == ("exchanged_trigger_id", "invalid_trigger_id", "expired_trigger_id")


async def test_a_bad_view_is_explained_and_does_not_use_up_the_trigger(
    client: AsyncWebClient, practice: Practice
) -> None:
    trigger = practice.slack.triggers.issue("U0ANA")
    title = {"type": "plain_text", "text": "x" * 25}
    refused = await refusal(client, "views.open", trigger_id=trigger, view={**MODAL, "title": title})
    assert refused["error"] == "invalid_arguments"
    assert "json-pointer:/view/title" in refused["response_metadata"]["messages"][0]
    huge = {**MODAL, "private_metadata": "x" * 260_000}
    assert (await refusal(client, "views.open", trigger_id=trigger, view=huge))["error"] == "view_too_large"
    assert (await client.views_open(trigger_id=trigger, view=MODAL))["ok"]


async def test_an_old_hash_does_not_overwrite_a_newer_view(
    client: AsyncWebClient, practice: Practice
) -> None:
    opened = (await client.views_open(trigger_id=practice.slack.triggers.issue("U0ANA"), view=MODAL))["view"]
    await client.views_update(view_id=opened["id"], hash=opened["hash"], view=MODAL)
    stale = await refusal(client, "views.update", view_id=opened["id"], hash=opened["hash"], view=MODAL)
    assert stale["error"] == "hash_conflict"
    assert (await refusal(client, "views.update", view_id="V0", view=MODAL))["error"] == "not_found"


async def test_what_was_typed_stays_where_the_ids_stay(
    client: AsyncWebClient, practice: Practice, hands: Any
) -> None:
    second = {**MODAL["blocks"][0], "block_id": "note"}
    view = {**MODAL, "blocks": [*MODAL["blocks"], second]}
    opened = (await client.views_open(trigger_id=practice.slack.triggers.issue("U0ANA"), view=view))["view"]
    refused = await hands.do("submit", user="ana", values={"version": "1.4.0"})
    assert refused["errors"] == {"note": "Please complete this required field."}
    other = {**MODAL["blocks"][0], "block_id": "fresh"}
    changed = {**MODAL, "blocks": [*MODAL["blocks"], other]}
    values = (await client.views_update(view_id=opened["id"], view=changed))["view"]["state"]["values"]
    assert {block: held["typed"]["value"] for block, held in values.items()} == {
        "version": "1.4.0",
        "fresh": None,
    }


async def test_three_modals_lie_on_each_other_at_most(client: AsyncWebClient, practice: Practice) -> None:
    root = (await client.views_open(trigger_id=practice.slack.triggers.issue("U0ANA"), view=MODAL))["view"]
    for _ in range(2):
        trigger = practice.slack.triggers.issue("U0ANA", in_modal=True)
        pushed = (await client.views_push(trigger_id=trigger, view=MODAL))["view"]
    assert pushed["root_view_id"] == root["id"]
    trigger = practice.slack.triggers.issue("U0ANA", in_modal=True)
    assert (await refusal(client, "views.push", trigger_id=trigger, view=MODAL))[
        "error"
    ] == "push_limit_reached"


async def test_a_home_tab_is_published_for_one_person(client: AsyncWebClient, hands: Any) -> None:
    await client.views_publish(user_id="U0ANA", view={"type": "home", "blocks": [SECTION]})
    assert (await hands.see("home", user="ana"))["view"]["blocks"][0]["text"] == SECTION["text"]
    assert (await hands.see("home", user="ben"))["view"] is None
    assert (await refusal(client, "views.publish", user_id="U0ANA", view=MODAL))[
        "error"
    ] == "invalid_arguments"


async def test_a_home_tab_is_published_over_the_one_that_is_known_or_over_any(client: AsyncWebClient) -> None:
    view = {"type": "home", "blocks": [SECTION]}
    first = (await client.views_publish(user_id="U0ANA", view=view))["view"]
    second = (await client.views_publish(user_id="U0ANA", view=view, hash=first["hash"]))["view"]
    assert (second["id"], second["hash"] == first["hash"]) == (first["id"], False)
    late = await refusal(client, "views.publish", user_id="U0ANA", view=view, hash=first["hash"])
    assert late["error"] == "hash_conflict"
    assert (await client.views_publish(user_id="U0ANA", view=view))["ok"]


async def test_a_home_tab_is_for_somebody_and_of_some_size(client: AsyncWebClient) -> None:
    view = {"type": "home", "blocks": [SECTION]}
    nobody = await refusal(client, "views.publish", user_id="U0NOBODY", view=view)
    assert nobody["response_metadata"]["messages"] == ["invalid `user_id`"]
    large = {"type": "home", "blocks": [{"type": "markdown", "text": "x" * 250_000}]}
    assert (await refusal(client, "views.publish", user_id="U0ANA", view=large))["error"] == "view_too_large"


async def test_a_home_tab_that_is_not_enabled_is_neither_opened_nor_published(clock: MovableClock) -> None:
    practice = Practice(clock, home_tab=False)
    async with practice.serving(port=0):
        client = AsyncWebClient(BOT_TOKEN, base_url=practice.api_url, retry_handlers=[])
        view = {"type": "home", "blocks": [SECTION]}
        assert (await refusal(client, "views.publish", user_id="U0ANA", view=view))["error"] == "not_enabled"
        with pytest.raises(Impossible, match="The app has no tab 'home'"):
            open_home(practice.slack, user="ana")


async def test_posts_beyond_a_short_burst_are_limited_for_their_channel_alone(client: AsyncWebClient) -> None:
    for n in range(5):
        await client.chat_postMessage(channel=RELEASES, text=str(n))
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=RELEASES, text="one too many")
    assert (caught.value.response.status_code, caught.value.response["error"]) == (429, "ratelimited")
    assert caught.value.response.headers["Retry-After"] == "1"
    assert (await client.chat_postMessage(channel=RANDOM, text="elsewhere"))["ok"]
    await asyncio.sleep(1.05)
    assert (await client.chat_postMessage(channel=RELEASES, text="again"))["ok"]


async def test_a_method_is_limited_by_its_tier(client: AsyncWebClient) -> None:
    for _ in range(25):
        await client.usergroups_list()
    with pytest.raises(SlackApiError) as caught:
        await client.usergroups_list()
    assert 50 <= int(caught.value.response.headers["Retry-After"]) <= 60
    assert (await client.users_list())["ok"]


ODD: tuple[Any, ...] = ("x", -1, [], [{}], {}, {"type": "modal"})


@pytest.mark.parametrize("method", sorted(METHODS))
async def test_no_odd_argument_breaks_a_method(clock: MovableClock, method: str) -> None:
    practice = Practice(clock, limits=False)
    async with practice.serving(port=0):
        names = (
            "channel text blocks metadata attachments view ts thread_ts user users limit cursor trigger_id"
        )
        names += " view_id hash types oldest latest message_ts usergroup bot user_id include_users external_id reply_broadcast"
        plain = {"channel": RELEASES, "text": "x", "user": "U0ANA", "user_id": "U0ANA"}
        token = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            for name in names.split():
                for value in ODD:
                    body = {**plain, name: value}
                    async with session.post(f"{practice.api_url}{method}", json=body) as response:
                        assert (name, value, response.status) == (name, value, 200)
