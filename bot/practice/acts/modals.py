"""Submitting and closing modals, and what the app's answer does to them."""

from bot.practice.acts.presence import acting
from bot.practice.acts.presses import with_values
from bot.practice.cast import Person
from bot.practice.elements import complaint, interactive
from bot.practice.shapes import Impossible, Json, Refusal
from bot.practice.slack import Slack
from bot.practice.to_app import payloads

TROUBLE = "We had some trouble connecting. Try again?"


async def submit(slack: Slack, *, user: object, values: Json) -> Json:
    """Let a person fill in and submit their open modal; answer what became of it."""
    person = acting(slack.workspace, user)
    view = slack.workspace.views.top(person.id)
    if view is None:
        raise Impossible(f"{person.real_name} has no open modal.", 404)
    if not view["submit"] and not any(block["type"] == "input" for block in view["blocks"]):
        raise Impossible("The open modal has no submit button.")
    view = with_values(slack, view, values)
    slack.workspace.views.hold(person.id, view)
    if errors := _complaints(view):
        return {"ok": True, "result": "errors", "errors": errors}
    answer = await slack.delivery.interaction(_submission(slack, person, view))
    if not answer.acknowledged:
        return _failed(f"{TROUBLE} (The app did not answer: {answer.failure}.)")
    try:
        return _follow(slack, person, view, answer.body if isinstance(answer.body, dict) else {})
    except Refusal as refusal:
        return _failed(f"{TROUBLE} (The app's answer was refused: {refusal.answer()}.)")


async def close(slack: Slack, *, user: object) -> Json:
    """Let a person close their open modal; the app hears of it if it asked to."""
    person = acting(slack.workspace, user)
    view = slack.workspace.views.close_top(person.id)
    if view is None:
        raise Impossible(f"{person.real_name} has no open modal.", 404)
    beneath = slack.workspace.views.clear(person.id) if view["clear_on_close"] else []
    slack.workspace.changed("view", user=person.id)
    for gone in (view, *beneath):
        if gone["notify_on_close"]:
            await slack.delivery.interaction(_closed(person, gone, cleared=view["clear_on_close"]))
    return {"ok": True}


def _submission(slack: Slack, person: Person, view: Json) -> Json:
    return {
        **payloads.interaction("view_submission", person, in_modal=True),
        "trigger_id": slack.triggers.issue(person.id, in_modal=True),
        "view": view,
        "response_urls": _response_urls(slack, person, view),
    }


def _closed(person: Person, view: Json, *, cleared: bool) -> Json:
    closing = payloads.interaction("view_closed", person, in_modal=True)
    return {**closing, "view": view, "is_cleared": cleared}


def _response_urls(slack: Slack, person: Person, view: Json) -> list[Json]:
    urls = []
    for block, element in interactive(view["blocks"]):
        state = view["state"]["values"].get(block["block_id"], {}).get(element["action_id"], {})
        channel = state.get("selected_conversation") or state.get("selected_channel")
        if element.get("response_url_enabled") and channel:
            url = slack.response_urls.issue(person.id, channel, None, slack.workspace.now())
            place = {"block_id": block["block_id"], "action_id": element["action_id"]}
            urls.append({**place, "channel_id": channel, "response_url": url})
    return urls


def _complaints(view: Json) -> dict[str, str]:
    found = {}
    for block, element in interactive(view["blocks"]):
        if block["type"] != "input":
            continue
        state = view["state"]["values"][block["block_id"]][element["action_id"]]
        if said := complaint(block, element, state):
            found[block["block_id"]] = said
    return found


def _follow(slack: Slack, person: Person, view: Json, answer: Json) -> Json:
    """Do what the app's acknowledgement asks for; raise Refusal when Slack would not."""
    match answer.get("response_action"):
        case None:
            _close(slack, person, view)
            return {"ok": True, "result": "closed", "errors": {}}
        case "clear":
            slack.workspace.views.clear(person.id)
            slack.workspace.changed("view", user=person.id)
            return {"ok": True, "result": "closed", "errors": {}}
        case "errors":
            return {"ok": True, "result": "errors", "errors": _known_errors(view, answer.get("errors"))}
        case "update":
            return _shown(slack, person, "updated", _updated(slack, view, answer.get("view")))
        case "push":
            return _shown(slack, person, "pushed", slack.workspace.views.push(person.id, answer.get("view")))
        case other:
            raise Refusal(f"unknown response_action {other}")


def _close(slack: Slack, person: Person, view: Json) -> None:
    top = slack.workspace.views.top(person.id)
    if top is not None and top["id"] == view["id"]:
        slack.workspace.views.close_top(person.id)
    slack.workspace.changed("view", user=person.id)


def _updated(slack: Slack, view: Json, given: object) -> Json:
    return slack.workspace.views.update(given, view_id=view["id"], external_id=None, known_hash=None)


def _shown(slack: Slack, person: Person, result: str, view: Json) -> Json:
    slack.workspace.changed("view", user=person.id)
    return {"ok": True, "result": result, "errors": {}, "view": view}


def _known_errors(view: Json, errors: object) -> dict[str, str]:
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        raise Refusal("errors must be named by block_ids of inputs in this modal")
    if not all(isinstance(sentence, str) and sentence for sentence in errors.values()):
        raise Refusal("each error must be a text")
    return errors


def _failed(sentence: str) -> Json:
    return {"ok": False, "result": "failed", "errors": {}, "error": sentence}
