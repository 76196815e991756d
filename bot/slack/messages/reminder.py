"""The message of a reminder: what is asked of whom, since when, and what it blocks."""

from collections.abc import Iterable

from bot.release.release import Release
from bot.release.reminders import Reminded
from bot.slack.messages.blocks import section
from bot.slack.messages.gate import answer_buttons
from bot.slack.messages.message import Message
from bot.slack.messages.text import escape, moment, people
from bot.slack.messages.words import mention


def reminders(release: Release) -> Iterable[Message]:
    """Return the message of each reminder; the newest at an open gate has the buttons with it."""
    newest = {(past.stage, past.gate): past.count for past in release.reminders}
    for past in release.reminders:
        gate = release.gate(past.stage, past.gate)
        text = _text(release, past)
        last = gate is not None and newest[past.stage, past.gate] == past.count
        buttons = answer_buttons(release, gate, past.stage) if gate and last else ()
        slot = f"reminder:{past.stage}:{past.gate}:{past.count}"
        yield Message(slot=slot, born=past.at, text=text, blocks=[section(text), *buttons])


def _text(release: Release, past: Reminded) -> str:
    stage = escape(release.runbook.stages[past.stage].name)
    since = moment(release.opened[past.stage])
    return (
        f"{people(past.people, 'and')}: {mention(release)} asked you at *{escape(past.gate)}*, {since}."
        f" Until it is answered, {stage} cannot begin."
    )
