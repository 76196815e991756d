"""Forms: every kind of field filled in through the control API, and what the app makes of the answers."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.practice import Practice
from tests.practice.conftest import Connect, Hands

Body = dict[str, Any]


def plain(text: str) -> Body:
    return {"type": "plain_text", "text": text}


def option(value: str, **more: Any) -> Body:
    return {"text": plain(value.capitalize()), "value": value, **more}


def field(name: str, kind: str, *, optional: bool = False, **more: Any) -> Body:
    element = {"type": kind, "action_id": "given", **more}
    return {"type": "input", "block_id": name, "label": plain(name), "optional": optional, "element": element}


def form(*blocks: Body, **more: Any) -> Body:
    texts = {"title": plain("Manifest"), "submit": plain("Set")}
    return {"type": "modal", "callback_id": "form", **texts, "blocks": list(blocks), **more}


CHANGES = [option("basket"), option("prices", description=plain("of all shops")), option("search")]
RISKS = [option("low"), option("high")]
ALL_KINDS = form(
    field("changes", "checkboxes", options=CHANGES),
    field("risk", "radio_buttons", options=RISKS, initial_option=RISKS[0]),
    field("captain", "users_select"),
    field("runbook", "static_select", options=[option("standard"), option("hotfix")]),
    field("day", "datepicker"),
    field("hour", "timepicker"),
    field("moment", "datetimepicker"),
    field("others", "multi_users_select", max_selected_items=2, optional=True),
    field("flags", "multi_static_select", options=RISKS, optional=True),
)
FILLED: Body = {
    "changes": ["basket", "prices"],
    "risk": "high",
    "captain": "ana",
    "runbook": "hotfix",
    "day": "2026-11-24",
    "hour": "09:30",
    "moment": 1795426200,
}


class Form:
    """A form that ana has open, with the submissions that the app got of it."""

    def __init__(self, hands: Hands, client: AsyncWebClient, practice: Practice) -> None:
        self.hands = hands
        self.client = client
        self.practice = practice
        self.heard: list[Body] = []
        self.answer: Callable[[Body], Body] = lambda _: {}

    async def opens(self, view: Body) -> Body:
        trigger = self.practice.slack.triggers.issue("U0ANA")
        return dict((await self.client.views_open(trigger_id=trigger, view=view))["view"])

    async def submits(self, **values: Any) -> Body:
        return await self.hands.do("submit", user="ana", values=values)

    async def depth(self) -> int:
        return int((await self.hands.see("view", user="ana"))["depth"])


@pytest.fixture
async def ana(
    hands: Hands, client: AsyncWebClient, practice: Practice, app: AsyncApp, over_socket: Connect
) -> Form:
    form = Form(hands, client, practice)

    @app.view("form")
    async def submitted(ack: Any, body: Body) -> None:
        form.heard.append(body)
        await ack(**form.answer(body))

    await over_socket(app)
    return form


async def test_answers_arrive_as_slack_shapes_them(ana: Form) -> None:
    await ana.opens(ALL_KINDS)
    assert (await ana.submits(**FILLED))["result"] == "closed"
    values = {name: held["given"] for name, held in ana.heard[0]["view"]["state"]["values"].items()}
    assert values == {
        "changes": {"type": "checkboxes", "selected_options": CHANGES[:2]},
        "risk": {"type": "radio_buttons", "selected_option": RISKS[1]},
        "captain": {"type": "users_select", "selected_user": "U0ANA"},
        "runbook": {"type": "static_select", "selected_option": option("hotfix")},
        "day": {"type": "datepicker", "selected_date": "2026-11-24"},
        "hour": {"type": "timepicker", "selected_time": "09:30"},
        "moment": {"type": "datetimepicker", "selected_date_time": 1795426200},
        "others": {"type": "multi_users_select", "selected_users": []},
        "flags": {"type": "multi_static_select", "selected_options": []},
    }


async def test_what_is_not_touched_holds_what_it_held_at_first(ana: Form) -> None:
    view = form(
        field("changes", "checkboxes", options=CHANGES, initial_options=CHANGES[1:]),
        field("risk", "radio_buttons", options=RISKS, optional=True),
        field("captain", "users_select", initial_user="U0BEN"),
        field("moment", "datetimepicker", optional=True),
    )
    await ana.opens(view)
    await ana.submits()
    values = ana.heard[0]["view"]["state"]["values"]
    assert values["changes"]["given"]["selected_options"] == CHANGES[1:]
    assert values["risk"]["given"]["selected_option"] is None
    assert values["captain"]["given"]["selected_user"] == "U0BEN"
    assert values["moment"]["given"]["selected_date_time"] is None


async def test_required_boxes_need_one_tick_and_optional_ones_none(ana: Form) -> None:
    boxes: Body = {"options": CHANGES, "initial_options": CHANGES[:1]}
    await ana.opens(
        form(field("must", "checkboxes", **boxes), field("may", "checkboxes", optional=True, **boxes))
    )
    untouched = await ana.submits(must=[], may=[])
    assert untouched["errors"] == {"must": "Please complete this required field."}
    assert ana.heard == []
    assert (await ana.submits(must=["search"]))["result"] == "closed"
    values = ana.heard[0]["view"]["state"]["values"]
    assert values["must"]["given"]["selected_options"] == CHANGES[2:]
    assert values["may"]["given"]["selected_options"] == []


@pytest.mark.parametrize("missing", ["changes", "captain", "runbook", "day", "hour", "moment"])
async def test_every_kind_of_required_field_is_asked_for(ana: Form, missing: str) -> None:
    await ana.opens(ALL_KINDS)
    answer = await ana.submits(**{**FILLED, missing: None})
    assert answer["errors"] == {missing: "Please complete this required field."}
    assert ana.heard == []


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"changes": ["basket", "nothing"]},
            "given has no option 'nothing'. Its options are basket, prices,",
        ),
        ({"risk": ["low", "high"]}, "given has no option ['low', 'high']."),
        ({"captain": "zoe"}, "There is nobody called 'zoe' here."),
        ({"captain": "ben"}, "Ben Vogel is deactivated and not among those to choose from."),
        ({"day": "24.11.2026"}, "given holds something like 2026-11-23, not '24.11.2026'."),
        ({"day": "2026-02-30"}, "given holds something like 2026-11-23, not '2026-02-30'."),
        ({"hour": "9:30"}, "given holds something like 14:05, not '9:30'."),
        ({"moment": "2026-11-24 09:30"}, "given holds something like the Unix second 1795426200,"),
        ({"moment": 12}, "given holds something like the Unix second 1795426200, not 12."),
        ({"others": ["ana", "bea", "dan"]}, "given takes 2 at most, not 3."),
        ({"nowhere": "x"}, "The modal has no field 'nowhere'."),
        ({"day": {"other": "2026-11-24"}}, "The field 'day' holds no 'other'."),
    ],
)
async def test_what_the_form_does_not_offer_cannot_be_filled_in(
    ana: Form, values: Body, sentence: str
) -> None:
    await ana.hands.do("people", user="ben", deactivated=True)
    await ana.opens(ALL_KINDS)
    answer = await ana.submits(**values)
    assert (answer["ok"], answer["error"][: len(sentence)]) == (False, sentence)
    assert ana.heard == []


async def test_a_choice_that_is_given_twice_is_chosen_once(ana: Form) -> None:
    await ana.opens(ALL_KINDS)
    await ana.submits(**FILLED | {"changes": ["basket", "basket"], "others": ["ben", "ben", "U0BEN"]})
    values = ana.heard[0]["view"]["state"]["values"]
    assert values["changes"]["given"]["selected_options"] == CHANGES[:1]
    assert values["others"]["given"]["selected_users"] == ["U0BEN"]


async def test_errors_leave_the_form_open_with_what_was_filled_in(ana: Form) -> None:
    await ana.opens(ALL_KINDS)
    ana.answer = lambda _: {"response_action": "errors", "errors": {"moment": "That is over."}}
    assert (await ana.submits(**FILLED))["errors"] == {"moment": "That is over."}
    ana.answer = lambda _: {}
    assert (await ana.submits(moment=1795512600))["result"] == "closed"
    held = ana.heard[1]["view"]["state"]["values"]
    assert held["changes"] == ana.heard[0]["view"]["state"]["values"]["changes"]
    assert held["moment"]["given"]["selected_date_time"] == 1795512600


async def test_an_update_keeps_what_fields_of_the_same_name_hold(ana: Form) -> None:
    await ana.opens(ALL_KINDS)
    more = form(field("changes", "checkboxes", options=CHANGES), field("why", "plain_text_input"))
    ana.answer = lambda _: {"response_action": "update", "view": more}
    updated = await ana.submits(**FILLED)
    assert (updated["result"], await ana.depth()) == ("updated", 1)
    ana.answer = lambda _: {}
    assert (await ana.submits(why="It is late."))["result"] == "closed"
    values = ana.heard[1]["view"]["state"]["values"]
    assert values["changes"]["given"]["selected_options"] == CHANGES[:2]
    assert set(values) == {"changes", "why"}


async def test_a_pushed_form_lies_over_the_first_and_clearing_takes_both_away(ana: Form) -> None:
    await ana.opens(form(field("why", "plain_text_input")))
    ana.answer = lambda _: {
        "response_action": "push",
        "view": form(field("sure", "checkboxes", options=RISKS)),
    }
    assert (await ana.submits(why="It is late."))["result"] == "pushed"
    assert await ana.depth() == 2
    ana.answer = lambda _: {"response_action": "clear"}
    assert (await ana.submits(sure=["high"]))["result"] == "closed"
    assert await ana.depth() == 0


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"nowhere": "No such field."}},
        {"response_action": "errors", "errors": {"why": ""}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "update", "view": form(field("why", "checkboxes", options=[]))},
        {"response_action": "shut"},
    ],
)
async def test_an_answer_that_slack_refuses_leaves_the_form_open(ana: Form, answer: Body) -> None:
    await ana.opens(form(field("why", "plain_text_input")))
    ana.answer = lambda _: answer
    failed = await ana.submits(why="It is late.")
    assert (failed["http"], failed["result"]) == (424, "failed")
    assert failed["error"].startswith("We had some trouble connecting. Try again?")
    assert await ana.depth() == 1


async def test_a_form_that_the_app_updates_keeps_what_was_filled_in(ana: Form) -> None:
    view = await ana.opens(ALL_KINDS)
    ana.answer = lambda _: {"response_action": "errors", "errors": {"moment": "That is over."}}
    await ana.submits(**FILLED)
    changed = form(*ALL_KINDS["blocks"][:2], field("risk2", "radio_buttons", options=RISKS))
    updated = (await ana.client.views_update(view_id=view["id"], view=changed))["view"]
    values = updated["state"]["values"]
    assert values["changes"]["given"]["selected_options"] == CHANGES[:2]
    assert values["risk"]["given"]["selected_option"] == RISKS[1]
    assert values["risk2"]["given"]["selected_option"] is None


async def test_a_field_tells_the_app_of_a_change_only_where_it_dispatches(ana: Form, app: AsyncApp) -> None:
    heard: list[Body] = []

    @app.action("given")
    async def given(ack: Any, body: Body) -> None:
        heard.append(body)
        await ack()

    silent = field("silent", "checkboxes", options=CHANGES)
    telling = {**field("telling", "checkboxes", options=CHANGES), "dispatch_action": True}
    await ana.opens(form(silent, telling))
    press = {"user": "ana", "surface": "view", "action_id": "given", "value": ["search"]}
    refused = await ana.hands.do("press", **press, block_id="silent")
    assert refused["error"] == "'given' is a field, of which the app hears when it is submitted."
    assert (await ana.hands.do("press", **press, block_id="telling", values={"silent": ["basket"]}))["ok"]
    values = heard[0]["view"]["state"]["values"]
    assert heard[0]["actions"][0]["selected_options"] == CHANGES[2:]
    assert values["silent"]["given"]["selected_options"] == CHANGES[:1]
    assert values["telling"]["given"]["selected_options"] == CHANGES[2:]


@pytest.mark.parametrize("kind", ["checkboxes", "radio_buttons"])
async def test_ten_boxes_fit_and_eleven_do_not(ana: Form, kind: str) -> None:
    await ana.opens(form(field("many", kind, options=[option(f"o{n}") for n in range(10)])))
    trigger = ana.practice.slack.triggers.issue("U0ANA")
    view = form(field("many", kind, options=[option(f"o{n}") for n in range(11)]))
    async with ana.hands.session.post(
        "/api/views.open",
        json={"trigger_id": trigger, "view": view},
        headers={"Authorization": f"Bearer {ana.client.token}"},
    ) as response:
        refused = await response.json()
    assert refused["error"] == "invalid_arguments"
    assert refused["response_metadata"]["messages"] == [
        "[ERROR] no more than 10 items allowed [json-pointer:/view/blocks/0/element/options]"
    ]
