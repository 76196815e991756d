"""Presses of buttons and picks of options, in messages, modals and Home tabs."""

from dataclasses import dataclass

from bot.practice.acts.presence import acting, present
from bot.practice.cast import SLACKBOT, Person
from bot.practice.elements import filled, interactive, untouched
from bot.practice.shapes import Impossible, Json
from bot.practice.slack import Slack
from bot.practice.to_app import payloads
from bot.practice.to_app.answers import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """What is pressed: the action, and where it stands more than once also the block or the value."""

    action_id: str
    block_id: str | None = None
    value: object = None


async def press_in_message(slack: Slack, *, user: object, channel: object, ts: object, press: Press) -> Json:
    """Let a person press something in a message that they can see."""
    person = acting(slack.workspace, user)
    place = present(slack.workspace, person, channel)
    message = place.messages.get(ts) if isinstance(ts, str) else None
    if message is None or message.get("ephemeral_for", person.id) != person.id:
        raise Impossible(f"{person.real_name} sees no message {ts} there.", 404)
    if message["user"] == SLACKBOT:
        raise Impossible("There is nothing to press in that message.", 404)
    block, element = _found(message.get("blocks", []), press)
    held = _held(slack, element, press)
    state = {block["block_id"]: {element["action_id"]: held}} if untouched(element) else {}
    url = slack.response_urls.issue(person.id, place.id, message["ts"], slack.workspace.now())
    payload = {
        **payloads.interaction("block_actions", person),
        **payloads.in_message(place, message, state),
        "trigger_id": slack.triggers.issue(person.id),
        "response_url": url,
        "actions": [payloads.action(block, element, _shown(element, held))],
    }
    return _told(await slack.delivery.interaction(payload))


async def press_in_view(
    slack: Slack, *, user: object, surface: str, press: Press, values: object = None
) -> Json:
    """Let a person press something in their open modal or on their Home tab."""
    person = acting(slack.workspace, user)
    view = _view(slack, person, surface)
    block, element = _found(view["blocks"], press)
    held = _held(slack, element, press)
    if isinstance(values, dict):
        view = with_values(slack, view, values)
    if untouched(element) is not None:
        view = _with_state(view, block["block_id"], element["action_id"], held)
    slack.workspace.views.hold(person.id, view)
    payload = {
        **payloads.interaction("block_actions", person, in_modal=surface == "view"),
        **payloads.in_view(view),
        "trigger_id": slack.triggers.issue(person.id, in_modal=surface == "view"),
        "actions": [payloads.action(block, element, _shown(element, held))],
    }
    return _told(await slack.delivery.interaction(payload))


def with_values(slack: Slack, view: Json, values: Json) -> Json:
    """Return the view with values filled in: by block, or by block and action."""
    fields: dict[str, dict[str, Json]] = {}
    for block, element in interactive(view["blocks"]):
        fields.setdefault(block["block_id"], {})[element["action_id"]] = element
    for block_id, given in values.items():
        if block_id not in fields:
            raise Impossible(f"The modal has no field {block_id!r}. Its fields are {', '.join(fields)}.", 404)
        by_action = given if isinstance(given, dict) else {next(iter(fields[block_id])): given}
        for action_id, value in by_action.items():
            if action_id not in fields[block_id]:
                raise Impossible(f"The field {block_id!r} holds no {action_id!r}.", 404)
            state = _fill(slack, fields[block_id][action_id], value)
            view = _with_state(view, block_id, action_id, state)
    return view


def _with_state(view: Json, block_id: str, action_id: str, state: Json) -> Json:
    values = view["state"]["values"]
    block = {**values.get(block_id, {}), action_id: state}
    return {**view, "state": {"values": {**values, block_id: block}}}


def _view(slack: Slack, person: Person, surface: str) -> Json:
    views = slack.workspace.views
    view = views.homes.get(person.id) if surface == "home" else views.top(person.id)
    if view is None:
        thing = "Home tab" if surface == "home" else "open modal"
        raise Impossible(f"{person.real_name} has no {thing}.", 404)
    return view


def _found(blocks: list[Json], press: Press) -> tuple[Json, Json]:
    for block, element in interactive(blocks):
        if element["action_id"] != press.action_id or press.block_id not in (None, block["block_id"]):
            continue
        is_other = press.value is not None and element.get("value", press.value) != press.value
        if element["type"] == "button" and is_other:
            continue
        if block["type"] == "input" and not block.get("dispatch_action"):
            raise Impossible(f"{press.action_id!r} is a field, of which the app hears when it is submitted.")
        return block, element
    there = ", ".join(sorted({element["action_id"] for _, element in interactive(blocks)})) or "nothing"
    raise Impossible(f"There is no {press.action_id!r} to press there. There is {there}.", 404)


def _held(slack: Slack, element: Json, press: Press) -> Json:
    if element["type"] in ("button", "workflow_button", "icon_button", "feedback_buttons"):
        return {}
    return _fill(slack, element, press.value)


def _fill(slack: Slack, element: Json, value: object) -> Json:
    workspace = slack.workspace
    return filled(
        element,
        value,
        person=lambda given: _offered(workspace.person(given)).id,
        channel=lambda given: workspace.channel(given).id,
    )


def _offered(person: Person) -> Person:
    if person.deactivated:
        raise Impossible(f"{person.real_name} is deactivated and not among those to choose from.", 404)
    return person


def _shown(element: Json, held: Json) -> Json:
    return held or ({"value": element["value"]} if "value" in element else {})


def _told(answer: Answer) -> Json:
    result: Json = {"ok": answer.acknowledged, "status": answer.status, "ms": answer.ms, "body": answer.body}
    if answer.acknowledged:
        return result
    return {**result, "error": f"The app did not take the press ({answer.failure}). Try again."}
