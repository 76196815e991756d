"""Not being disturbed: a person's status, and the pause of their notifications."""

import re

from bot.practice.acts.presence import acting
from bot.practice.shapes import Impossible, Json
from bot.practice.slack import Slack
from bot.practice.to_app.payloads import dnd_status

STATUS_CHARACTERS = 100
PLAIN_EMOJI = ":speech_balloon:"
EMOJI = re.compile(r":[a-z0-9_+'-]+:")


def set_status(slack: Slack, *, user: object, text: str, emoji: str, expiration: int) -> Json:
    """Set a person's status until a Unix second, 0 for ever; without text and emoji it is cleared.

    The app hears of it. It hears nothing when a status expires by itself.
    """
    person = acting(slack.workspace, user)
    if len(text) > STATUS_CHARACTERS:
        raise Impossible(f"That status is too long; {STATUS_CHARACTERS} characters are the most.")
    if emoji and not EMOJI.fullmatch(emoji):
        raise Impossible(f"{emoji!r} is no emoji; one looks like :palm_tree:.")
    if expiration:
        _refuse_past(slack, expiration, "expiration")
    given = {"status_text": text, "status_emoji": emoji or (PLAIN_EMOJI if text else "")}
    facts = slack.change_person(person, **given, status_expiration=expiration if text or emoji else 0)
    return {"ok": True, "user": facts}


def pause(slack: Slack, *, user: object, start: int, until: int) -> Json:
    """Pause a person's notifications between two Unix seconds.

    A `start` of 0 is now, and an `until` of 0 takes the pause back. The app hears of it, but not of the
    end that comes by itself.
    """
    person, now = acting(slack.workspace, user), slack.workspace.now()
    if until:
        _refuse_past(slack, until, "until")
        start = start or int(now.timestamp())
        if start >= until:
            raise Impossible("A pause must begin before it ends.")
    window = {"paused_from": start if until else 0, "paused_until": until}
    status = dnd_status(slack.workspace.change_person(person.id, **window), now)
    slack.tell({"type": "dnd_updated_user", "user": person.id, "dnd_status": status})
    return {"ok": True, "dnd_status": status}


def _refuse_past(slack: Slack, second: int, name: str) -> None:
    now = int(slack.workspace.now().timestamp())
    if second <= now:
        raise Impossible(f"{name} is over already; the workspace has the Unix second {now}.")
