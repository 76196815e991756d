"""Buttons that ask first and overflow menus, as an app posts them and as it hears of them."""

from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.practice.conftest import Connect, Hands

Body = dict[str, Any]
RELEASES = "C0RELEASES"


def plain(text: str) -> Body:
    return {"type": "plain_text", "text": text}


ASK: Body = {
    "title": plain("Cancel checkout-1?"),
    "text": {"type": "mrkdwn", "text": "It *stops* at once."},
    "confirm": plain("Cancel it"),
    "deny": plain("Keep it"),
    "style": "danger",
}
CANCEL: Body = {
    "type": "button",
    "action_id": "cancel",
    "text": plain("Cancel"),
    "value": "checkout-1",
    "style": "danger",
    "confirm": ASK,
}
MORE: Body = {
    "type": "overflow",
    "action_id": "more",
    "options": [
        {"text": plain("Hold"), "value": "hold", "description": plain("until it is resumed")},
        {"text": plain("The log"), "value": "log", "url": "https://ci.example/1"},
    ],
    "confirm": ASK,
}


def card(*elements: Body) -> list[Body]:
    return [{"type": "actions", "block_id": "card", "elements": list(elements)}]


async def posted(client: AsyncWebClient, *elements: Body) -> Body:
    ts = (await client.chat_postMessage(channel=RELEASES, text="card", blocks=card(*elements)))["ts"]
    return {"user": "ana", "channel": "releases", "message_ts": ts}


async def test_an_option_of_an_overflow_menu_arrives_as_the_one_selected(
    app: AsyncApp, over_socket: Connect, hands: Hands, client: AsyncWebClient
) -> None:
    heard: list[Body] = []

    @app.action("more")
    async def more(ack: Any, body: Body) -> None:
        heard.append(body)
        await ack()

    await over_socket(app)
    place = await posted(client, CANCEL, MORE)
    assert (await hands.do("press", **place, action_id="more", value="hold"))["ok"]
    action = heard[0]["actions"][0]
    assert action.pop("action_ts")
    assert action == {
        "type": "overflow",
        "action_id": "more",
        "block_id": "card",
        "confirm": ASK,
        "selected_option": MORE["options"][0],
    }
    assert heard[0]["state"] == {"values": {}}


@pytest.mark.parametrize("value", [None, "nothing", ["hold"]])
async def test_an_overflow_menu_is_not_pressed_without_one_of_its_options(
    hands: Hands, client: AsyncWebClient, value: object
) -> None:
    place = await posted(client, MORE)
    answer = await hands.do("press", **place, action_id="more", value=value)
    assert (answer["http"], answer["error"]) == (
        404,
        f"more has no option {value!r}. Its options are hold, log.",
    )


async def test_a_press_of_a_button_that_asks_first_carries_what_was_asked(
    app: AsyncApp, over_socket: Connect, hands: Hands, client: AsyncWebClient
) -> None:
    heard: list[Body] = []

    @app.action("cancel")
    async def cancel(ack: Any, body: Body) -> None:
        heard.append(body)
        await ack()

    await over_socket(app)
    place = await posted(client, CANCEL, MORE)
    assert (await hands.do("press", **place, action_id="cancel"))["ok"]
    action = heard[0]["actions"][0]
    assert (action["value"], action["style"], action["confirm"]) == ("checkout-1", "danger", ASK)


@pytest.mark.parametrize(
    ("elements", "complaint"),
    [
        ([CANCEL | {"confirm": ASK | {"title": plain("x" * 101)}}], "confirm/title/text"),
        ([CANCEL | {"confirm": ASK | {"text": plain("x" * 301)}}], "confirm/text/text"),
        ([CANCEL | {"confirm": ASK | {"confirm": plain("x" * 31)}}], "confirm/confirm/text"),
        ([CANCEL | {"confirm": ASK | {"deny": {"type": "mrkdwn", "text": "no"}}}], "confirm/deny/type"),
        ([CANCEL | {"confirm": ASK | {"style": "default"}}], "confirm/style"),
        ([CANCEL | {"confirm": {key: ASK[key] for key in ("title", "text", "confirm")}}], "confirm"),
        ([MORE | {"options": []}], "options"),
        ([MORE | {"options": MORE["options"] * 3}], "options"),
        ([MORE | {"placeholder": plain("More")}], ""),
        ([MORE, MORE], "action_id"),
    ],
)
async def test_a_bad_dialog_or_menu_is_refused_by_its_place(
    client: AsyncWebClient, elements: list[Body], complaint: str
) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=RELEASES, text="card", blocks=card(*elements))
    answer = caught.value.response
    assert (answer["error"], len(answer["errors"])) == ("invalid_blocks", 1)
    at = f"/blocks/0/elements/{len(elements) - 1}/{complaint}".rstrip("/")
    assert answer["errors"][0].endswith(f"[json-pointer:{at}]")
