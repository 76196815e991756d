"""The kinds of people: members, guests, bots, the deactivated, and people of other workspaces."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import MovableClock
from bot.practice import BOT_TOKEN, Practice
from bot.practice.cast import SCOPES
from bot.practice.to_app.payloads import user_object
from tests.practice.conftest import Connect
from tests.practice.eventually import eventually

Body = dict[str, Any]
RELEASES = "C0RELEASES"


async def user(client: AsyncWebClient, user_id: str) -> Body:
    return dict((await client.users_info(user=user_id))["user"])


async def gate(client: AsyncWebClient) -> str:
    button = {"type": "button", "action_id": "approve", "text": {"type": "plain_text", "text": "Approve"}}
    blocks = [{"type": "actions", "elements": [button]}]
    return str((await client.chat_postMessage(channel=RELEASES, text="gate", blocks=blocks))["ts"])


async def test_a_zone_is_told_by_name_label_and_offset_that_follow_the_season() -> None:
    practice = Practice(MovableClock())
    ana = practice.workspace.person("ana")
    winter, summer = (
        user_object(ana, practice.workspace.now().replace(month=month, day=15)) for month in (1, 7)
    )
    assert (winter["tz"], winter["tz_label"], winter["tz_offset"]) == (
        "America/New_York",
        "Eastern Standard Time",
        -5 * 3600,
    )
    assert (summer["tz_label"], summer["tz_offset"]) == ("Eastern Daylight Time", -4 * 3600)


async def test_guests_of_one_and_of_several_channels_are_told_apart(client: AsyncWebClient) -> None:
    marks = {
        name: [
            (await user(client, f"U0{name.upper()}"))[key] for key in ("is_restricted", "is_ultra_restricted")
        ]
        for name in ("ana", "gus", "gil")
    }
    assert marks == {"ana": [False, False], "gus": [True, False], "gil": [True, True]}


async def test_bots_are_told_and_slackbot_is_none(client: AsyncWebClient) -> None:
    listed = {one["name"]: one["is_bot"] for one in (await client.users_list())["members"]}
    assert [name for name, is_bot in listed.items() if is_bot] == ["pipeline", "rollcall"]
    assert listed["slackbot"] is False


async def test_who_is_from_elsewhere_and_in_a_channel_with_the_app_is_no_stranger(
    client: AsyncWebClient, hands: Any
) -> None:
    sol = await user(client, "U0SOL")
    assert (sol["team_id"], sol["profile"]["team"]) == ("T0ELSEWHERE", "T0ELSEWHERE")
    withheld = {"is_stranger", "is_restricted", "is_ultra_restricted", "is_admin", "tz", "tz_offset"}
    assert withheld & set(sol) == set()
    await hands.do("leave", user="sol", channel="releases")
    assert (await user(client, "U0SOL"))["is_stranger"] is True
    await hands.do("command", user="ana", channel="random", command="/invite", text="@sol")
    assert (await user(client, "U0SOL"))["is_stranger"] is True
    await hands.do("command", user="ana", channel="random", command="/invite", text="@rollcall")
    assert "is_stranger" not in await user(client, "U0SOL")


async def test_a_channel_with_people_from_elsewhere_is_shared(client: AsyncWebClient, hands: Any) -> None:
    async def shared(channel: str) -> list[bool]:
        facts = (await client.conversations_info(channel=channel))["channel"]
        return [facts[key] for key in ("is_shared", "is_ext_shared", "is_org_shared")]

    assert await shared(RELEASES) == [True, True, False]
    assert await shared("C0RANDOM") == [False, False, False]
    await hands.do("leave", user="sol", channel="releases")
    assert await shared(RELEASES) == [False, False, False]


async def test_the_deactivated_are_listed_with_no_zone_and_no_role(
    client: AsyncWebClient, hands: Any
) -> None:
    await hands.do("people", user="ben", deactivated=True)
    listed = {one["name"]: one for one in (await client.users_list())["members"]}
    assert listed["ben"]["deleted"] is True
    assert {"tz", "tz_label", "tz_offset", "is_admin", "is_restricted"} & set(listed["ben"]) == set()
    assert listed["bea"]["deleted"] is False
    await hands.do("people", user="ben", deactivated=False)
    assert (await user(client, "U0BEN"))["tz"] == "Europe/Berlin"


@pytest.fixture
async def without_email(clock: MovableClock) -> AsyncIterator[Practice]:
    practice = Practice(clock, scopes=SCOPES - {"users:read.email"})
    async with practice.serving(port=0):
        yield practice


async def test_an_address_is_told_by_its_own_scope_alone(
    client: AsyncWebClient, without_email: Practice
) -> None:
    assert (await user(client, "U0ANA"))["profile"]["email"] == "ana@practice.example"
    assert (await user(client, "U0SOL"))["profile"]["email"] == "sol@elsewhere.example"
    assert "email" not in (await user(client, "U0PIPELINE"))["profile"]
    other = AsyncWebClient(BOT_TOKEN, base_url=without_email.api_url)
    assert "email" not in (await user(other, "U0ANA"))["profile"]


@pytest.mark.parametrize("name", ["ana", "gus", "gil", "sol"])
async def test_every_kind_of_person_can_press(
    app: AsyncApp, over_socket: Connect, hands: Any, client: AsyncWebClient, name: str
) -> None:
    heard: list[Body] = []

    @app.action("approve")
    async def approve(ack: Any, body: Body) -> None:
        heard.append(body)
        await ack()

    await over_socket(app)
    place = {"channel": "releases", "message_ts": await gate(client), "action_id": "approve"}
    assert (await hands.do("press", user=name, **place))["ok"]
    assert heard[0]["user"]["id"] == f"U0{name.upper()}"
    assert heard[0]["user"]["team_id"] == ("T0ELSEWHERE" if name == "sol" else "T0PRACTICE")
    assert heard[0]["team"]["id"] == "T0PRACTICE"


async def test_a_bot_presses_nothing_and_neither_do_the_deactivated(
    hands: Any, client: AsyncWebClient
) -> None:
    place = {"channel": "releases", "message_ts": await gate(client), "action_id": "approve"}
    await hands.do("people", user="ben", deactivated=True)
    answers = {name: await hands.do("press", user=name, **place) for name in ("pipeline", "ben")}
    assert {name: (answer["http"], answer["error"]) for name, answer in answers.items()} == {
        "pipeline": (403, "Only people can act here, not bots."),
        "ben": (403, "Ben Vogel is deactivated and cannot act."),
    }


async def test_a_bot_can_be_in_a_user_group(client: AsyncWebClient, hands: Any) -> None:
    await hands.do("groups", group="qa", users=["ben", "pipeline", "gus"])
    members = (await client.usergroups_users_list(usergroup="S0QA"))["users"]
    assert members == ["U0BEN", "U0PIPELINE", "U0GUS"]


async def test_commands_are_not_shared_with_other_workspaces(hands: Any) -> None:
    typed = {"channel": "releases", "command": "/release", "text": "list"}
    answer = await hands.do("command", user="sol", **typed)
    assert (answer["http"], answer["error"]) == (403, "/release is not shared with other workspaces.")
    said = (await hands.messages(user="sol"))[-1]
    assert (said["ephemeral_for"], said["text"]) == ("U0SOL", "/release is not a valid command.")


async def test_a_form_of_somebody_from_elsewhere_names_their_own_workspace(
    app: AsyncApp, over_socket: Connect, hands: Any, client: AsyncWebClient
) -> None:
    heard: list[Body] = []
    view: Body = {"type": "modal", "callback_id": "why", "title": {"type": "plain_text", "text": "Why"}}
    button = {"type": "button", "action_id": "help", "text": {"type": "plain_text", "text": "Help"}}
    view |= {"submit": {"type": "plain_text", "text": "Send"}}
    view |= {"blocks": [{"type": "actions", "elements": [button]}]}

    @app.action("approve")
    async def approve(ack: Any, body: Body, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.action("help")
    @app.view("why")
    async def why(ack: Any, body: Body) -> None:
        heard.append(body)
        await ack()

    await over_socket(app)
    place = {"channel": "releases", "message_ts": await gate(client), "action_id": "approve"}
    await hands.do("press", user="sol", **place)
    await hands.do("press", user="sol", surface="view", action_id="help")
    assert (await hands.do("submit", user="sol", values={}))["result"] == "closed"
    assert [body["type"] for body in heard] == ["block_actions", "view_submission"]
    for body in heard:
        assert body["team"] == {"id": "T0ELSEWHERE", "domain": "elsewhere"}
        assert body["view"]["app_installed_team_id"] == "T0PRACTICE"


async def test_what_somebody_from_elsewhere_says_is_told_as_theirs(
    app: AsyncApp, over_socket: Connect, hands: Any
) -> None:
    heard: list[Body] = []

    @app.event("app_mention")
    async def mentioned(body: Body) -> None:
        heard.append(body)

    await over_socket(app)
    await hands.do("message", user="sol", channel="releases", text="@rollcall hi")
    await eventually(lambda: heard)
    assert (heard[0]["team_id"], heard[0]["is_ext_shared_channel"]) == ("T0PRACTICE", True)
    assert (heard[0]["event"]["user_team"], heard[0]["event"]["team"]) == ("T0ELSEWHERE", "T0ELSEWHERE")


async def test_somebody_is_made_a_guest_and_a_member_again(
    app: AsyncApp, over_socket: Connect, hands: Any
) -> None:
    heard: list[Body] = []

    @app.event("user_change")
    async def changed(event: Body) -> None:
        heard.append(event["user"])

    await over_socket(app)
    several = await hands.do("people", user="ben", guest=True, single_channel=True)
    assert several["error"] == "Ben Vogel is in several channels; let them leave all but one first."
    await hands.do("leave", user="ben", channel="random")
    await hands.do("people", user="ben", guest=True, single_channel=True)
    member = (await hands.do("people", user="ben", guest=False))["user"]
    assert (member["is_restricted"], member["is_ultra_restricted"]) == (False, False)
    await eventually(lambda: len(heard) == 2)
    assert sorted((one["is_restricted"], one["is_ultra_restricted"]) for one in heard) == [
        (False, False),
        (True, True),
    ]


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        ("ana", {"single_channel": True}, "Only a guest can be limited to a single channel"),
        ("pipeline", {"guest": True}, "Pipeline cannot be a guest"),
        ("sol", {"guest": True}, "Sol Reyes cannot be a guest"),
        ("ana", {"guest": "yes"}, "guest cannot be set so. What can be set: deactivated, guest,"),
        ("ana", {"team": "T0ELSEWHERE"}, "team cannot be set so."),
    ],
)
async def test_nobody_becomes_what_slack_does_not_know(
    hands: Any, name: str, changes: Body, sentence: str
) -> None:
    answer = await hands.do("people", user=name, **changes)
    assert (answer["http"], answer["error"][: len(sentence)]) == (400, sentence)


@pytest.mark.parametrize(
    ("name", "seen"), [("ana", ["releases", "random", "war-room"]), ("gil", ["releases"])]
)
async def test_guests_see_only_the_channels_that_they_are_in(hands: Any, name: str, seen: list[str]) -> None:
    workspace = await hands.see("workspace", user=name)
    assert [one["name"] for one in workspace["channels"]] == seen
    await hands.do("message", user="ben", channel="random", text="hi")
    assert len(await hands.messages("random", user=name)) == (1 if "random" in seen else 0)


async def test_a_workspace_that_was_kept_before_guests_were_told_apart_is_still_read(tmp_path: Path) -> None:
    state = tmp_path / "practice.json"
    first = Practice(MovableClock(), state)
    async with first.serving(port=0):
        pass
    kept = json.loads(state.read_text("utf-8"))
    for person in kept["people"]:
        del person["single_channel"], person["team"]
    state.write_text(json.dumps(kept), "utf-8")
    second = Practice(MovableClock(), state)
    async with second.serving(port=0):
        gil = second.slack.user_facts(second.workspace.person("gil"))
    assert (gil["is_restricted"], gil["is_ultra_restricted"], gil["team_id"]) == (True, False, "T0PRACTICE")
