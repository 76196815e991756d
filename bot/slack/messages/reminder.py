"""The message of a reminder: what is asked of whom, since when, and what it blocks."""

from collections.abc import Iterable

from bot.release.gates.result import gate_status
from bot.release.release import Release
from bot.release.telling.reminders import Reminded
from bot.slack.messages.gate import answer_buttons
from bot.slack.messages.message import Message, entry
from bot.slack.messages.text import escape, moment, people


def reminders(release: Release) -> Iterable[Message]:
    """Return the message of each reminder; the newest at an open gate has the buttons with it."""
    newest = {(past.stage, past.gate): past.count for past in release.reminders}
    for past in release.reminders:
        gate = release.gate(past.stage, past.gate)
        met = gate is not None and gate_status(release, gate, past.stage).passes
        last = newest[past.stage, past.gate] == past.count
        buttons = answer_buttons(release, gate, past.stage) if gate and last and not met else ()
        slot = f"reminder:{past.stage}:{past.gate}:{past.count}"
        yield entry(release, slot, past.at, [_answered(past) if met else _asked(release, past)], buttons)


def _asked(release: Release, past: Reminded) -> str:
    stage, since = escape(release.stage_name(past.stage)), moment(release.opened[past.stage])
    asked = f"{people(past.people, 'and')}, *{escape(past.gate)}* has waited for an answer since {since}."
    return f"{asked} Until it is met, {stage} cannot begin."


def _answered(past: Reminded) -> str:
    return f"{people(past.people, 'and')} were reminded of *{escape(past.gate)}*. It is *met* now."
