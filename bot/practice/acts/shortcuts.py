"""Shortcuts: the global ones, and those of a message; what the app has to answer comes as a modal."""

from typing import Final

from bot.practice.acts.presence import acting, present
from bot.practice.cast import SLACKBOT, Person
from bot.practice.shapes import Impossible, Json
from bot.practice.slack import Slack
from bot.practice.to_app import payloads
from bot.practice.to_app.answers import Answer
from bot.practice.to_app.payloads import name_of

GUEST: Final = "Guests have no global shortcuts."


async def run_shortcut(slack: Slack, *, user: object, callback: str) -> Json:
    """Let a person choose a global shortcut: it tells of no channel, and has no response URL."""
    person = acting(slack.workspace, user)
    if person.guest:
        raise Impossible(GUEST, 403)
    _refuse_unknown(slack, person, callback, "global")
    return _told(await slack.delivery.interaction(_chosen(slack, "shortcut", person, callback)))


async def run_message_shortcut(
    slack: Slack, *, user: object, channel: object, ts: object, callback: str
) -> Json:
    """Let a person choose a shortcut of a message that everybody in its channel sees."""
    person = acting(slack.workspace, user)
    place = present(slack.workspace, person, channel)
    message = place.get(ts)
    if message is None or message["user"] == SLACKBOT:
        raise Impossible(f"{person.real_name} sees no message {ts} there that has shortcuts.", 404)
    _refuse_unknown(slack, person, callback, "message")
    url = slack.response_urls.issue(person.id, place.id, message["ts"], slack.workspace.now())
    about = {
        "channel": {"id": place.id, "name": name_of(place)},
        "message_ts": message["ts"],
        "message": message,
        "response_url": url,
    }
    payload = _chosen(slack, "message_action", person, callback) | about
    return _told(await slack.delivery.interaction(payload))


def _chosen(slack: Slack, kind: str, person: Person, callback: str) -> Json:
    trigger, now = slack.triggers.issue(person.id), slack.workspace.now()
    chosen = {"callback_id": callback, "trigger_id": trigger, "action_ts": f"{now.timestamp():.6f}"}
    return {**payloads.interaction(kind, person), **chosen}


def _refuse_unknown(slack: Slack, person: Person, callback: str, kind: str) -> None:
    if person.external:
        raise Impossible("Shortcuts are not shared with other workspaces.", 403)
    known = [one.callback_id for one in slack.shortcuts if one.type == kind]
    if callback not in known:
        raise Impossible(f"There is no {kind} shortcut {callback!r}. There are {', '.join(known)}.", 404)


def _told(answer: Answer) -> Json:
    result: Json = {"ok": answer.acknowledged, "status": answer.status, "ms": answer.ms, "body": answer.body}
    if answer.acknowledged:
        return result
    return {**result, "error": f"The app did not take the shortcut ({answer.failure}). Try again."}
