"""The message of a reminder: what is asked of whom, since when, and what it blocks."""

from collections.abc import Iterable

from bot.release.gates.result import gate_status
from bot.release.gates.tree import GateStatus
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
        assert gate is not None
        status = gate_status(release, gate, past.stage)
        open_still = newest[past.stage, past.gate] == past.count and not status.passes
        line = _answered(past, status) if status.passes else _asked(release, past)
        buttons = answer_buttons(release, gate, past.stage) if open_still else ()
        slot = f"reminder:{past.stage}:{past.gate}:{past.count}"
        yield entry(release, slot, past.at, [line], buttons, fleeting=True)


def _asked(release: Release, past: Reminded) -> str:
    stage, since = escape(release.stage_name(past.stage)), moment(release.opened[past.stage])
    asked = f"{people(past.people, 'and')}, *{escape(past.gate)}* has waited for an answer since {since}."
    return f"{asked} Until it is met, {stage} cannot begin."


def _answered(past: Reminded, status: GateStatus) -> str:
    return f"{people(past.people, 'and')} were reminded of *{escape(past.gate)}*. It is *{status}* now."
