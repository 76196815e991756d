"""Block Kit's rules, at each limit and one past it, against payloads that Slack's own SDK builds too."""

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest
from slack_sdk.models import blocks as sdk
from slack_sdk.models.blocks.basic_components import DispatchActionConfig
from slack_sdk.models.metadata import Metadata
from slack_sdk.models.views import View

from bot.practice.blockkit import Surface, message_problems, problems, view_problems

Json = dict[str, Any]
SURFACES: tuple[Surface, ...] = ("message", "modal", "home")


def plain(text: str = "Approve") -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "*checkout* 2.4.0") -> Json:
    return {"type": "mrkdwn", "text": text}


def button(**fields: Any) -> Json:
    return {"type": "button", "text": plain(), **fields}


def option(value: str = "a", **fields: Any) -> Json:
    return {"text": plain(f"Option {value}"), "value": value, **fields}


def options(count: int, **fields: Any) -> list[Json]:
    return [option(str(place), **fields) for place in range(count)]


def group(count: int = 1, **fields: Any) -> Json:
    return {"label": plain("Services"), "options": options(count), **fields}


def confirm(**fields: Any) -> Json:
    return {"title": plain(), "text": mrkdwn(), "confirm": plain(), "deny": plain(), **fields}


def select(kind: str = "static_select", **fields: Any) -> Json:
    return {"type": kind, "options": options(1), **fields}


def image(**fields: Any) -> Json:
    return {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "A chart", **fields}


def section(**fields: Any) -> Json:
    return {"type": "section", "text": mrkdwn(), **fields}


def beside(element: Json) -> Json:
    return section(accessory=element)


def context(*elements: Json) -> Json:
    return {"type": "context", "elements": list(elements)}


def actions(*elements: Json, **fields: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **fields}


def asked(element: Json | None = None, **fields: Any) -> Json:
    return {"type": "input", "label": plain(), "element": element or {"type": "plain_text_input"}, **fields}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def row(*elements: Json, kind: str = "rich_text_section", **fields: Any) -> Json:
    return {"type": kind, "elements": list(elements), **fields}


def modal(**fields: Any) -> Json:
    return {"type": "modal", "title": plain(), "submit": plain(), "blocks": [section()], **fields}


def home(**fields: Any) -> Json:
    return {"type": "home", "blocks": [section()], **fields}


def dividers(count: int) -> list[Json]:
    return [{"type": "divider"} for _ in range(count)]


VALID_BLOCKS: dict[str, Json] = {
    "a section with text": section(),
    "a section with plain text": section(text={**plain(), "emoji": True}),
    "a section with verbatim text": section(text={**mrkdwn(), "verbatim": True}),
    "a section with only fields": {"type": "section", "fields": [mrkdwn(), plain()]},
    "a section with text, fields, an accessory and expansion": section(
        fields=[mrkdwn()], accessory=button(), expand=True, block_id="card"
    ),
    "a header": {"type": "header", "text": plain("checkout-42"), "block_id": "head"},
    "a context": context(mrkdwn(), plain(), image()),
    "a divider": {"type": "divider", "block_id": "line"},
    "an image": image(title=plain("Lead time"), block_id="chart"),
    "an image from a Slack file": {"type": "image", "slack_file": {"id": "F0CHART"}, "alt_text": "A chart"},
    "buttons": actions(
        button(action_id="approve", value="checkout-42", style="primary", confirm=confirm(style="danger")),
        button(action_id="reject", style="danger", accessibility_label="Reject checkout-42"),
        button(url="https://example.com/runs/7", value=""),
    ),
    "menus": actions(
        select(action_id="one", placeholder=plain("Choose"), initial_option=option("0"), confirm=confirm()),
        {"type": "static_select", "option_groups": [group(2)], "initial_option": option("1")},
        select("multi_static_select", initial_options=options(1), max_selected_items=1),
        {"type": "external_select", "min_query_length": 0},
        {"type": "multi_external_select", "initial_options": [option()]},
        {"type": "users_select", "initial_user": "U0ANA"},
        {"type": "multi_users_select", "initial_users": ["U0ANA", "U0BEN"]},
        {
            "type": "conversations_select",
            "default_to_current_conversation": True,
            "filter": {"include": ["public", "private"], "exclude_bot_users": True},
        },
        {"type": "multi_conversations_select", "initial_conversations": ["C0RELEASES"]},
        {"type": "channels_select", "initial_channel": "C0RELEASES"},
        {"type": "multi_channels_select", "initial_channels": []},
        {"type": "overflow", "options": options(1, url="https://example.com", description=plain())},
    ),
    "ticks and times": actions(
        {
            "type": "checkboxes",
            "options": [option("0"), option(text=mrkdwn(), description=mrkdwn())],
            "initial_options": [option("0")],
            "focus_on_load": True,
        },
        select("radio_buttons", initial_option=option("0")),
        {"type": "datepicker", "initial_date": "2026-11-30", "placeholder": plain("Day")},
        {"type": "timepicker", "initial_time": "23:59", "timezone": "Europe/Berlin"},
        {"type": "datetimepicker", "initial_date_time": 1_795_600_000},
    ),
    "a question": asked(
        {
            "type": "plain_text_input",
            "action_id": "reason",
            "multiline": True,
            "min_length": 0,
            "max_length": 3000,
            "initial_value": "",
            "placeholder": plain("Why"),
            "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed", "on_character_entered"]},
        },
        hint=plain("One sentence is enough."),
        optional=True,
        dispatch_action=True,
        block_id="reason",
    ),
    "a number": asked(
        {"type": "number_input", "is_decimal_allowed": True, "min_value": "-1.5", "max_value": "10"}
    ),
    "an address": asked({"type": "email_text_input", "initial_value": "ana@example.com"}),
    "a link": asked({"type": "url_text_input", "initial_value": "https://example.com"}),
    "a channel to answer in": asked({"type": "conversations_select", "response_url_enabled": True}),
    "rich text without rows": rich(),
    "rich text with an empty row": rich(row(), row(kind="rich_text_list", style="bullet", offset=0)),
    "rich text": rich(
        row(
            {"type": "text", "text": "Waiting for ", "style": {"bold": True, "italic": False}},
            {"type": "user", "user_id": "U0BEN"},
            {"type": "usergroup", "usergroup_id": "S0QA"},
            {"type": "channel", "channel_id": "C0RELEASES"},
            {"type": "link", "url": "https://example.com", "text": "the run", "style": {"code": True}},
            {"type": "emoji", "name": "rocket"},
            {"type": "date", "timestamp": 1_795_600_000, "format": "{date_short} {time}", "fallback": "soon"},
            {"type": "broadcast", "range": "here"},
            {"type": "team", "team_id": "T0PRACTICE"},
            {"type": "color", "value": "#FF8800"},
        ),
        row(row({"type": "text", "text": "one"}), kind="rich_text_list", style="ordered", indent=8, border=1),
        row({"type": "text", "text": "said"}, kind="rich_text_quote", border=0),
        row({"type": "text", "text": "make"}, kind="rich_text_preformatted"),
    ),
}

Build = Callable[[str], Json]
TEXT_LIMITS: dict[str, tuple[int, str, Build]] = {
    "section text": (3000, "text/text", lambda x: section(text=mrkdwn(x))),
    "section field": (2000, "fields/0/text", lambda x: section(fields=[mrkdwn(x)])),
    "header": (150, "text/text", lambda x: {"type": "header", "text": plain(x)}),
    "context text": (3000, "elements/0/text", lambda x: context(plain(x))),
    "block id": (255, "block_id", lambda x: section(block_id=x)),
    "action id": (255, "elements/0/action_id", lambda x: actions(button(action_id=x))),
    "button text": (75, "elements/0/text/text", lambda x: actions(button(text=plain(x)))),
    "button link": (3000, "elements/0/url", lambda x: actions(button(url=x))),
    "button label": (75, "elements/0/accessibility_label", lambda x: actions(button(accessibility_label=x))),
    "confirm title": (
        100,
        "accessory/confirm/title/text",
        lambda x: beside(button(confirm=confirm(title=plain(x)))),
    ),
    "confirm text": (
        300,
        "accessory/confirm/text/text",
        lambda x: beside(button(confirm=confirm(text=mrkdwn(x)))),
    ),
    "confirm button": (
        30,
        "accessory/confirm/confirm/text",
        lambda x: beside(button(confirm=confirm(confirm=plain(x)))),
    ),
    "deny button": (
        30,
        "accessory/confirm/deny/text",
        lambda x: beside(button(confirm=confirm(deny=plain(x)))),
    ),
    "image alternative": (2000, "alt_text", lambda x: image(alt_text=x)),
    "image title": (2000, "title/text", lambda x: image(title=plain(x))),
    "option text": (
        75,
        "accessory/options/0/text/text",
        lambda x: beside(select(options=[option(text=plain(x))])),
    ),
    "option value": (
        150,
        "accessory/options/0/value",
        lambda x: beside(select(options=[option(x, text=plain())])),
    ),
    "option description": (
        75,
        "accessory/options/0/description/text",
        lambda x: beside(select(options=[option(description=plain(x))])),
    ),
    "tick text": (
        75,
        "accessory/options/0/text/text",
        lambda x: beside(select("checkboxes", options=[option(text=mrkdwn(x))])),
    ),
    "tick value": (
        150,
        "accessory/options/0/value",
        lambda x: beside(select("checkboxes", options=[option(x, text=plain())])),
    ),
    "tick description": (
        75,
        "accessory/options/0/description/text",
        lambda x: beside(select("checkboxes", options=[option(description=mrkdwn(x))])),
    ),
    "overflow link": (
        3000,
        "accessory/options/0/url",
        lambda x: beside(select("overflow", options=[option(url=x)])),
    ),
    "group label": (
        75,
        "accessory/option_groups/0/label/text",
        lambda x: beside({"type": "static_select", "option_groups": [group(label=plain(x))]}),
    ),
    "placeholder": (150, "accessory/placeholder/text", lambda x: beside(select(placeholder=plain(x)))),
    "input label": (2000, "label/text", lambda x: asked(label=plain(x))),
    "input hint": (2000, "hint/text", lambda x: asked(hint=plain(x))),
}
MAY_BE_EMPTY: dict[str, tuple[int, str, Build]] = {
    "button value": (2000, "elements/0/value", lambda x: actions(button(value=x))),
    "first value": (
        3000,
        "element/initial_value",
        lambda x: asked({"type": "plain_text_input", "initial_value": x}),
    ),
}
ITEM_LIMITS: dict[str, tuple[int, str, Callable[[int], Json]]] = {
    "section fields": (10, "fields", lambda n: section(fields=[mrkdwn()] * n)),
    "context elements": (10, "elements", lambda n: context(*[mrkdwn()] * n)),
    "actions elements": (25, "elements", lambda n: actions(*[button()] * n)),
    "select options": (100, "accessory/options", lambda n: beside(select(options=options(n)))),
    "option groups": (
        100,
        "accessory/option_groups",
        lambda n: beside({"type": "static_select", "option_groups": [group()] * n}),
    ),
    "options in a group": (
        100,
        "accessory/option_groups/0/options",
        lambda n: beside({"type": "static_select", "option_groups": [group(n)]}),
    ),
    "overflow options": (5, "accessory/options", lambda n: beside(select("overflow", options=options(n)))),
    "checkboxes": (10, "accessory/options", lambda n: beside(select("checkboxes", options=options(n)))),
    "radio buttons": (10, "accessory/options", lambda n: beside(select("radio_buttons", options=options(n)))),
}
NUMBER_LIMITS: dict[str, tuple[int, int, str, Callable[[int], Json]]] = {
    "shortest answer": (
        0,
        3000,
        "element/min_length",
        lambda n: asked({"type": "plain_text_input", "min_length": n}),
    ),
    "longest answer": (
        1,
        3000,
        "element/max_length",
        lambda n: asked({"type": "plain_text_input", "max_length": n}),
    ),
    "first moment": (
        10**9,
        10**10 - 1,
        "element/initial_date_time",
        lambda n: asked({"type": "datetimepicker", "initial_date_time": n}),
    ),
    "list indent": (
        0,
        8,
        "elements/0/indent",
        lambda n: rich(row(kind="rich_text_list", style="bullet", indent=n)),
    ),
    "quote border": (0, 1, "elements/0/border", lambda n: rich(row(kind="rich_text_quote", border=n))),
    "skin tone": (
        1,
        6,
        "elements/0/elements/0/skin_tone",
        lambda n: rich(row({"type": "emoji", "name": "wave", "skin_tone": n})),
    ),
}
PLAIN_ONLY: dict[str, tuple[str, Callable[[Json], Json]]] = {
    "a header": ("text", lambda text: {"type": "header", "text": text}),
    "a button": ("accessory/text", lambda text: beside(button(text=text))),
    "a confirm title": ("accessory/confirm/title", lambda text: beside(button(confirm=confirm(title=text)))),
    "a confirm button": (
        "accessory/confirm/confirm",
        lambda text: beside(button(confirm=confirm(confirm=text))),
    ),
    "a deny button": ("accessory/confirm/deny", lambda text: beside(button(confirm=confirm(deny=text)))),
    "an option": ("accessory/options/0/text", lambda text: beside(select(options=[option(text=text)]))),
    "a description": (
        "accessory/options/0/description",
        lambda text: beside(select(options=[option(description=text)])),
    ),
    "a group": (
        "accessory/option_groups/0/label",
        lambda text: beside({"type": "static_select", "option_groups": [group(label=text)]}),
    ),
    "a placeholder": ("accessory/placeholder", lambda text: beside(select(placeholder=text))),
    "an image title": ("title", lambda text: image(title=text)),
    "a label": ("label", lambda text: asked(label=text)),
    "a hint": ("hint", lambda text: asked(hint=text)),
}

FAULTS: dict[str, tuple[Json, str]] = {
    "an unknown block": ({"type": "foo"}, "unsupported type: foo [/type]"),
    "a block without type": ({"text": plain()}, "missing required field: type []"),
    "a type that is no string": ({"type": ["section"]}, "must provide a string [/type]"),
    "an empty section": ({"type": "section"}, "missing required field: text []"),
    "a string for a text object": (section(text="hi"), "must provide an object [/text]"),
    "text without text": (section(text={"type": "mrkdwn"}), "missing required field: text [/text]"),
    "a number for text": (section(text=mrkdwn() | {"text": 7}), "must provide a string [/text/text]"),
    "a null": (section(accessory=None), "must provide an object [/accessory]"),
    "an unknown text type": (section(text=plain() | {"type": "html"}), "unsupported type: html [/text/type]"),
    "emoji on mrkdwn": (
        section(text=mrkdwn() | {"emoji": True}),
        "invalid additional property: emoji [/text]",
    ),
    "verbatim on plain text": (
        section(text=plain() | {"verbatim": True}),
        "invalid additional property: verbatim [/text]",
    ),
    "a flag that is none": (section(text=plain() | {"emoji": "yes"}), "must provide a boolean [/text/emoji]"),
    "an unknown field": (section(colour="red"), "invalid additional property: colour []"),
    "a text on a divider": ({"type": "divider", "text": plain()}, "invalid additional property: text []"),
    "an unknown style": (
        actions(button(style="default")),
        "must be one of: primary, danger [/elements/0/style]",
    ),
    "a style that is none": (actions(button(style=None)), "must provide a string [/elements/0/style]"),
    "no elements": (actions(), "must provide at least 1 items [/elements]"),
    "elements that are no list": ({"type": "context", "elements": {}}, "must provide an array [/elements]"),
    "a button in a context": (context(button()), "unsupported type: button [/elements/0/type]"),
    "a text field among actions": (
        actions({"type": "plain_text_input"}),
        "unsupported type: plain_text_input [/elements/0/type]",
    ),
    "a button as an input": (asked(button()), "unsupported type: button [/element/type]"),
    "a moment beside a section": (
        beside({"type": "datetimepicker"}),
        "unsupported type: datetimepicker [/accessory/type]",
    ),
    "an input without element": ({"type": "input", "label": plain()}, "missing required field: element []"),
    "an input without label": (
        {"type": "input", "element": {"type": "plain_text_input"}},
        "missing required field: label []",
    ),
    "a select without options": (
        beside({"type": "static_select"}),
        "missing required field: options [/accessory]",
    ),
    "a select with options twice": (
        beside(select(option_groups=[group()])),
        "must provide only one of: options, option_groups [/accessory]",
    ),
    "many menus in one": (
        beside(select("multi_static_select", option_groups=[group()])),
        "must provide only one of: options, option_groups [/accessory]",
    ),
    "a preset that is not offered": (
        beside(select(initial_option=option("z"))),
        "must match one of the options [/accessory/initial_option]",
    ),
    "a tick that is not offered": (
        beside(select("checkboxes", initial_options=[option("0"), option("z")])),
        "must match one of the options [/accessory/initial_options/1]",
    ),
    "an option without value": (
        beside(select(options=[{"text": plain()}])),
        "missing required field: value [/accessory/options/0]",
    ),
    "a link in a select": (
        beside(select(options=[option(url="https://example.com")])),
        "invalid additional property: url [/accessory/options/0]",
    ),
    "a confirm without deny": (
        beside(button(confirm={name: of for name, of in confirm().items() if name != "deny"})),
        "missing required field: deny [/accessory/confirm]",
    ),
    "an empty filter": (
        beside({"type": "conversations_select", "filter": {}}),
        "missing required field: include [/accessory/filter]",
    ),
    "none to choose": (
        beside(select("multi_static_select", max_selected_items=0)),
        "must be greater than 0 [/accessory/max_selected_items]",
    ),
    "a number as words": (
        asked({"type": "plain_text_input", "min_length": "3"}),
        "must provide an integer [/element/min_length]",
    ),
    "a flag as a number": (
        asked({"type": "plain_text_input", "min_length": True}),
        "must provide an integer [/element/min_length]",
    ),
    "a month 13": (
        beside({"type": "datepicker", "initial_date": "2026-13-01"}),
        "failed to match the expected format [/accessory/initial_date]",
    ),
    "an hour 24": (
        beside({"type": "timepicker", "initial_time": "24:00"}),
        "failed to match the expected format [/accessory/initial_time]",
    ),
    "a number that is none": (
        asked({"type": "number_input", "is_decimal_allowed": False, "min_value": "few"}),
        "failed to match the expected format [/element/min_value]",
    ),
    "an image without address": (
        {"type": "image", "alt_text": "A chart"},
        "missing required field: image_url []",
    ),
    "an image with a bad address": (
        image(image_url="chart.png"),
        "failed to match the expected format [/image_url]",
    ),
    "an image without alternative": (
        {"type": "image", "image_url": "https://example.com/a.png"},
        "missing required field: alt_text []",
    ),
    "a trigger that is unknown": (
        asked({"type": "plain_text_input", "dispatch_action_config": {"trigger_actions_on": ["on_paste"]}}),
        "must be one of: on_enter_pressed, on_character_entered "
        "[/element/dispatch_action_config/trigger_actions_on/0]",
    ),
    "the same action twice": (
        actions(button(action_id="go"), button(action_id="go")),
        '`action_id` "go" already exists [/elements/1/action_id]',
    ),
    "two elements with focus": (
        actions(select(focus_on_load=True), select(focus_on_load=True)),
        "only one element may have focus on load [/elements/1/focus_on_load]",
    ),
    "bare text in rich text": (
        rich({"type": "text", "text": "hi"}),
        "unsupported type: text [/elements/0/type]",
    ),
    "text in a list": (
        rich(row({"type": "text", "text": "hi"}, kind="rich_text_list", style="bullet")),
        "unsupported type: text [/elements/0/elements/0/type]",
    ),
    "a list without style": (
        rich(row(kind="rich_text_list")),
        "missing required field: style [/elements/0]",
    ),
    "a person in preformatted text": (
        rich(row({"type": "user", "user_id": "U0ANA"}, kind="rich_text_preformatted")),
        "unsupported type: user [/elements/0/elements/0/type]",
    ),
    "empty rich words": (
        rich(row({"type": "text", "text": ""})),
        "must be more than 0 characters [/elements/0/elements/0/text]",
    ),
    "an unknown look": (
        rich(row({"type": "text", "text": "hi", "style": {"blink": True}})),
        "invalid additional property: blink [/elements/0/elements/0/style]",
    ),
}


def table(cases: Mapping[str, object]) -> pytest.MarkDecorator:
    """Parametrize a test with the rows of a table, named by their keys."""
    return pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in cases.items()])


def told(message: str, at: str) -> list[str]:
    return [f"{message} [json-pointer:{at}]"]


@pytest.mark.parametrize("surface", SURFACES)
@table(VALID_BLOCKS)
def test_what_slack_accepts_passes_on_every_surface(case: Json, surface: Surface) -> None:
    assert problems([case], surface=surface) == []


@table(TEXT_LIMITS | MAY_BE_EMPTY)
def test_a_text_may_be_as_long_as_its_limit_and_no_longer(case: tuple[int, str, Build]) -> None:
    longest, at, build = case
    assert problems([build("x" * longest)], surface="message") == []
    assert problems([build("x" * (longest + 1))], surface="message") == told(
        f"must be less than {longest + 1} characters", f"/blocks/0/{at}"
    )


@table(TEXT_LIMITS)
def test_a_text_may_not_be_empty(case: tuple[int, str, Build]) -> None:
    _, at, build = case
    assert problems([build("")], surface="message") == told(
        "must be more than 0 characters", f"/blocks/0/{at}"
    )


@table(MAY_BE_EMPTY)
def test_a_value_may_be_empty(case: tuple[int, str, Build]) -> None:
    _, _, build = case
    assert problems([build("")], surface="message") == []


@table(ITEM_LIMITS)
def test_a_list_holds_one_item_up_to_its_limit(case: tuple[int, str, Callable[[int], Json]]) -> None:
    most, at, build = case
    assert problems([build(1)], surface="message") == []
    assert problems([build(most)], surface="message") == []
    assert problems([build(0)], surface="message") == told("must provide at least 1 items", f"/blocks/0/{at}")
    assert problems([build(most + 1)], surface="message") == told(
        f"no more than {most} items allowed", f"/blocks/0/{at}"
    )


@table(NUMBER_LIMITS)
def test_a_number_stays_between_its_bounds(case: tuple[int, int, str, Callable[[int], Json]]) -> None:
    least, most, place, build = case
    at = f"/blocks/0/{place}"
    assert problems([build(least), build(most)], surface="modal") == []
    assert problems([build(least - 1)], surface="modal") == told(f"must be greater than {least - 1}", at)
    assert problems([build(most + 1)], surface="modal") == told(f"must be less than {most + 1}", at)


@table(PLAIN_ONLY)
def test_some_texts_are_plain_only(case: tuple[str, Callable[[Json], Json]]) -> None:
    at, build = case
    assert problems([build(plain())], surface="message") == []
    assert problems([build(mrkdwn())], surface="message") == told(
        "unsupported type: mrkdwn", f"/blocks/0/{at}/type"
    )


@table(FAULTS)
def test_a_fault_is_named_with_its_place(case: tuple[Json, str]) -> None:
    block, expected = case
    message, _, at = expected.rpartition(" [")
    assert problems([{"type": "divider"}, block], surface="modal") == told(message, f"/blocks/1{at[:-1]}")


@pytest.mark.parametrize(("surface", "most"), [("message", 50), ("modal", 100), ("home", 100)])
def test_each_surface_holds_so_many_blocks(surface: Surface, most: int) -> None:
    assert problems(dividers(most), surface=surface) == []
    assert problems(dividers(most + 1), surface=surface) == told(
        f"no more than {most} items allowed", "/blocks"
    )


@pytest.mark.parametrize("blocks", [None, "[]", {}, 7])
def test_blocks_must_be_a_list(blocks: object) -> None:
    assert problems(blocks, surface="message") == told("must provide an array", "/blocks")


def test_a_block_must_be_an_object() -> None:
    assert problems(["divider"], surface="home") == told("must provide an object", "/blocks/0")


def test_every_fault_of_a_payload_is_reported() -> None:
    found = problems([{"type": "foo"}, {"type": "section"}, actions(button(text="Go"))], surface="message")
    assert found == [
        "unsupported type: foo [json-pointer:/blocks/0/type]",
        "missing required field: text [json-pointer:/blocks/1]",
        "must provide an object [json-pointer:/blocks/2/elements/0/text]",
    ]


def test_a_block_id_stands_once_in_a_payload() -> None:
    assert problems([section(block_id="a"), section(block_id="a")], surface="message") == told(
        '`block_id` "a" already exists', "/blocks/1/block_id"
    )


def test_an_action_id_may_come_again_in_another_block() -> None:
    assert problems([actions(button(action_id="go")), actions(button(action_id="go"))], surface="home") == []


def test_focus_goes_to_one_element_of_all_blocks() -> None:
    def asks(focus: bool) -> Json:
        return asked({"type": "plain_text_input", "focus_on_load": focus})

    assert problems([asks(True), asks(False), asks(False)], surface="modal") == []
    assert problems([asks(True), asks(True)], surface="modal") == told(
        "only one element may have focus on load", "/blocks/1/element/focus_on_load"
    )


def test_markdown_is_for_messages() -> None:
    block = {"type": "markdown", "text": "# Notes"}
    assert problems([block], surface="message") == []
    for surface in ("modal", "home"):
        assert problems([block], surface=surface) == told("unsupported type: markdown", "/blocks/0/type")


def test_all_markdown_of_a_message_shares_one_limit() -> None:
    def halves(first: int, second: int) -> list[Json]:
        return [{"type": "markdown", "text": "x" * length} for length in (first, second)]

    assert problems(halves(6000, 6000), surface="message") == []
    assert problems(halves(6000, 6001), surface="message") == told(
        "must be less than 12001 characters in all", "/blocks/1/text"
    )
    assert problems(halves(12000, 1), surface="message") == told(
        "must be less than 12001 characters in all", "/blocks/1/text"
    )
    assert problems(halves(12001, 1), surface="message") == told(
        "must be less than 12001 characters", "/blocks/0/text"
    )


@pytest.mark.parametrize(
    "view",
    [
        modal(),
        modal(close=plain("Not now"), clear_on_close=True, notify_on_close=True, callback_id="start"),
        modal(blocks=[asked()]),
        {"type": "modal", "title": plain(), "blocks": [section()]},
        home(),
        home(blocks=[], private_metadata="", callback_id="", external_id=""),
        home(private_metadata="checkout", callback_id="home", external_id="home-ana", blocks=[asked()]),
    ],
)
def test_a_sound_view_passes(view: Json) -> None:
    assert view_problems(view) == []


@pytest.mark.parametrize(
    ("name", "longest", "build"),
    [
        ("title/text", 24, lambda x: modal(title=plain(x))),
        ("submit/text", 24, lambda x: modal(submit=plain(x))),
        ("close/text", 24, lambda x: modal(close=plain(x))),
        ("private_metadata", 3000, lambda x: modal(private_metadata=x)),
        ("callback_id", 255, lambda x: modal(callback_id=x)),
        ("external_id", 255, lambda x: modal(external_id=x)),
        ("private_metadata", 3000, lambda x: home(private_metadata=x)),
        ("callback_id", 255, lambda x: home(callback_id=x)),
    ],
)
def test_a_view_keeps_its_limits(name: str, longest: int, build: Build) -> None:
    assert view_problems(build("x" * longest)) == []
    assert view_problems(build("x" * (longest + 1))) == told(
        f"must be less than {longest + 1} characters", f"/view/{name}"
    )


@pytest.mark.parametrize(
    ("view", "message", "at"),
    [
        (None, "must provide an object", "/view"),
        ({}, "missing required field: type", "/view"),
        ({"type": "workflow_step"}, "unsupported type: workflow_step", "/view/type"),
        ({"type": "modal", "blocks": []}, "missing required field: title", "/view"),
        ({"type": "home"}, "missing required field: blocks", "/view"),
        (modal(title=mrkdwn()), "unsupported type: mrkdwn", "/view/title/type"),
        (modal(submit=mrkdwn()), "unsupported type: mrkdwn", "/view/submit/type"),
        (modal(close=mrkdwn()), "unsupported type: mrkdwn", "/view/close/type"),
        (modal(submit="Go"), "must provide an object", "/view/submit"),
        (modal(hash="1.a"), "invalid additional property: hash", "/view"),
        (home(title=plain()), "invalid additional property: title", "/view"),
        (modal(blocks=dividers(101)), "no more than 100 items allowed", "/view/blocks"),
        (home(blocks=dividers(101)), "no more than 100 items allowed", "/view/blocks"),
        (
            home(blocks=[{"type": "markdown", "text": "x"}]),
            "unsupported type: markdown",
            "/view/blocks/0/type",
        ),
        (
            {"type": "modal", "title": plain(), "blocks": [section(), asked()]},
            "must define `submit` to use an `input` block in modals",
            "/view/blocks/1/input",
        ),
        (
            modal(blocks=[asked(block_id="why"), asked(block_id="why")]),
            '`block_id` "why" already exists',
            "/view/blocks/1/block_id",
        ),
    ],
)
def test_a_faulty_view_is_refused(view: object, message: str, at: str) -> None:
    assert view_problems(view) == told(message, at)


def test_a_view_has_a_largest_size() -> None:
    def weighing(size: int) -> Json:
        blocks = [section(text=mrkdwn("é" * 1500)) for _ in range(81)]
        lightest = home(blocks=[*blocks, section(text=mrkdwn(""))])
        taken = len(json.dumps(lightest, ensure_ascii=False, separators=(",", ":")).encode())
        return home(blocks=[*blocks, section(text=mrkdwn("x" * (size - taken)))])

    assert view_problems(weighing(250_000)) == []
    assert view_problems(weighing(250_001)) == told("must be less than 250001 bytes", "/view")


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"channel": "C0RELEASES", "text": "Approve checkout", "unfurl_links": False},
        {"text": "x" * 40_000},
        {"text": "", "blocks": []},
        {"text": None, "blocks": None, "metadata": None},
        {"blocks": dividers(50)},
        {"metadata": {}},
        {"metadata": {"event_type": "rollcall_card", "event_payload": {}}},
        {
            "metadata": {
                "event_type": "rollcall_card",
                "event_payload": {
                    "release": "checkout-42",
                    "version": 3,
                    "share": 0.5,
                    "open": True,
                    "ids": ["a", 1],
                },
            }
        },
    ],
)
def test_a_sound_message_passes(payload: Json) -> None:
    assert message_problems(payload) == []


FLAT = "must provide a string, a number, a boolean or an array of those"


@pytest.mark.parametrize(
    ("payload", "message", "at"),
    [
        ({"text": "x" * 40_001}, "must be less than 40001 characters", "/text"),
        ({"text": 7}, "must provide a string", "/text"),
        ({"blocks": dividers(51)}, "no more than 50 items allowed", "/blocks"),
        ({"blocks": [{"type": "foo"}]}, "unsupported type: foo", "/blocks/0/type"),
        (
            {"blocks": [section(block_id="a"), section(block_id="a")]},
            '`block_id` "a" already exists',
            "/blocks/1/block_id",
        ),
        ({"metadata": "rollcall_card"}, "must provide an object", "/metadata"),
        ({"metadata": {"event_type": "card"}}, "missing required field: event_payload", "/metadata"),
        ({"metadata": {"event_payload": {}}}, "missing required field: event_type", "/metadata"),
        (
            {"metadata": {"event_type": "", "event_payload": {}}},
            "must be more than 0 characters",
            "/metadata/event_type",
        ),
        (
            {"metadata": {"event_type": "card", "event_payload": []}},
            "must provide an object",
            "/metadata/event_payload",
        ),
        (
            {"metadata": {"event_type": "card", "event_payload": {"a": {"b": 1}}}},
            FLAT,
            "/metadata/event_payload/a",
        ),
        (
            {"metadata": {"event_type": "card", "event_payload": {"a": [{"b": 1}]}}},
            FLAT,
            "/metadata/event_payload/a",
        ),
        (
            {"metadata": {"event_type": "card", "event_payload": {"a": None}}},
            FLAT,
            "/metadata/event_payload/a",
        ),
        (
            {"metadata": {"event_type": "card", "event_payload": {}, "secret": 1}},
            "invalid additional property: secret",
            "/metadata",
        ),
    ],
)
def test_a_faulty_message_is_refused(payload: Json, message: str, at: str) -> None:
    assert message_problems(payload) == told(message, at)


def test_a_check_leaves_its_payload_as_it_was() -> None:
    payload = {"blocks": list(VALID_BLOCKS.values()), "metadata": {}}
    before = deepcopy(payload)
    assert message_problems(payload) == []
    assert payload == before


JUNK: tuple[object, ...] = (None, 7, [], {}, {"type": []})


def spoilt(value: object) -> Iterator[Any]:
    """Yield copies of a JSON value with junk at each of its places in turn."""
    yield from JUNK
    if isinstance(value, dict):
        yield from ({**value, name: bad} for name, of in value.items() for bad in spoilt(of))
    elif isinstance(value, list):
        yield from ([*value[:at], bad, *value[at + 1 :]] for at, of in enumerate(value) for bad in spoilt(of))


@table(VALID_BLOCKS)
def test_junk_at_any_place_is_answered(case: Json) -> None:
    for junk in spoilt(case):
        assert all("[json-pointer:/" in found for found in problems([junk], surface="message"))
        assert all("[json-pointer:/" in found for found in view_problems(modal(blocks=[junk])))


SDK_OPTION = sdk.Option(text="Checkout", value="checkout")
SDK_CONFIRM = sdk.ConfirmObject(title="Sure", text="This goes to production.", confirm="Go", deny="Wait")
SDK_BLOCKS: list[sdk.Block] = [
    sdk.HeaderBlock(text="checkout-42"),
    sdk.SectionBlock(text="*2.4.0*", fields=["*Captain*", "Ana"], block_id="head"),
    sdk.SectionBlock(
        text=sdk.PlainTextObject(text="Open the run", emoji=True),
        accessory=sdk.LinkButtonElement(text="Run", url="https://example.com/runs/7"),
    ),
    sdk.ContextBlock(
        elements=[
            sdk.MarkdownTextObject(text="head 1f3c", verbatim=True),
            sdk.ImageElement(image_url="https://example.com/a.png", alt_text="A chart"),
        ]
    ),
    sdk.DividerBlock(),
    sdk.ImageBlock(image_url="https://example.com/a.png", alt_text="A chart", title="Lead time"),
    sdk.ActionsBlock(
        elements=[
            sdk.ButtonElement(text="Go", action_id="go", value="1", style="primary", confirm=SDK_CONFIRM),
            sdk.StaticSelectElement(placeholder="Service", action_id="service", options=[SDK_OPTION]),
            sdk.StaticSelectElement(
                placeholder="Grouped",
                action_id="grouped",
                option_groups=[sdk.OptionGroup(label="Ours", options=[SDK_OPTION])],
                initial_option=SDK_OPTION,
            ),
            sdk.StaticMultiSelectElement(
                placeholder="Services", action_id="services", options=[SDK_OPTION], max_selected_items=1
            ),
            sdk.UserSelectElement(placeholder="Who", action_id="who", initial_user="U0ANA"),
            sdk.UserMultiSelectElement(placeholder="Who else", action_id="others", initial_users=["U0BEN"]),
            sdk.ConversationSelectElement(
                placeholder="Where",
                action_id="where",
                filter=sdk.ConversationFilter(include=["public"], exclude_bot_users=True),
            ),
            sdk.ChannelSelectElement(placeholder="Channel", action_id="channel"),
            sdk.ExternalDataSelectElement(placeholder="Version", action_id="version", min_query_length=2),
            sdk.OverflowMenuElement(action_id="more", options=[SDK_OPTION, SDK_OPTION]),
            sdk.CheckboxesElement(action_id="steps", options=[SDK_OPTION], initial_options=[SDK_OPTION]),
            sdk.RadioButtonsElement(action_id="way", options=[SDK_OPTION], focus_on_load=True),
            sdk.DatePickerElement(action_id="day", initial_date="2026-11-30"),
            sdk.TimePickerElement(action_id="time", initial_time="09:30", timezone="Europe/London"),
            sdk.DateTimePickerElement(action_id="moment", initial_date_time=1_795_600_000),
        ]
    ),
    sdk.InputBlock(
        label="Reason",
        hint="One sentence",
        optional=True,
        dispatch_action=True,
        element=sdk.PlainTextInputElement(
            action_id="reason",
            multiline=True,
            max_length=500,
            dispatch_action_config=DispatchActionConfig(trigger_actions_on=["on_enter_pressed"]),
        ),
    ),
    sdk.InputBlock(
        label="Share",
        element=sdk.NumberInputElement(action_id="share", is_decimal_allowed=True, max_value="100"),
    ),
    sdk.InputBlock(label="Mail", element=sdk.EmailInputElement(action_id="mail")),
    sdk.InputBlock(label="Link", element=sdk.UrlInputElement(action_id="link")),
    sdk.RichTextBlock(
        elements=[
            sdk.RichTextSectionElement(
                elements=[
                    sdk.RichTextElementParts.Text(
                        text="hi", style=sdk.RichTextElementParts.TextStyle(bold=True)
                    ),
                    sdk.RichTextElementParts.User(user_id="U0ANA"),
                    sdk.RichTextElementParts.UserGroup(usergroup_id="S0QA"),
                    sdk.RichTextElementParts.Channel(channel_id="C0RELEASES"),
                    sdk.RichTextElementParts.Link(url="https://example.com", text="run"),
                    sdk.RichTextElementParts.Emoji(name="rocket"),
                    sdk.RichTextElementParts.Date(timestamp=1_795_600_000, format="{time}", fallback="soon"),
                    sdk.RichTextElementParts.Broadcast(range="here"),
                ]
            ),
            sdk.RichTextListElement(
                style="bullet",
                indent=1,
                elements=[sdk.RichTextSectionElement(elements=[sdk.RichTextElementParts.Text(text="one")])],
            ),
            sdk.RichTextQuoteElement(elements=[sdk.RichTextElementParts.Text(text="said")]),
            sdk.RichTextPreformattedElement(elements=[sdk.RichTextElementParts.Text(text="make")]),
        ]
    ),
]


@pytest.mark.parametrize("block", SDK_BLOCKS, ids=lambda block: block.type)
def test_what_the_sdk_builds_passes(block: sdk.Block) -> None:
    assert problems([block.to_dict()], surface="message") == []


def test_a_view_that_the_sdk_builds_passes() -> None:
    view = View(
        type="modal",
        title=sdk.PlainTextObject(text="Start a release"),
        submit=sdk.PlainTextObject(text="Start"),
        close=sdk.PlainTextObject(text="Not now"),
        callback_id="start",
        private_metadata="checkout",
        notify_on_close=True,
        blocks=SDK_BLOCKS,
    )
    assert view_problems(view.to_dict()) == []


def test_metadata_that_the_sdk_builds_passes() -> None:
    metadata = Metadata(event_type="rollcall_card", event_payload={"release": "checkout-42"})
    assert message_problems({"text": "hi", "metadata": metadata.to_dict()}) == []
