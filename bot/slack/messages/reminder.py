"""The message of a reminder in the thread: what is asked of whom, since when, what it blocks, and who helps.

What is asked of people privately stands in their digest.
"""

from collections.abc import Iterable

from bot.release.gates.result import gate_status
from bot.release.gates.tree import GateStatus
from bot.release.release import Release
from bot.release.telling.reminders import Reminded, Way
from bot.slack.messages.gate import answer_buttons
from bot.slack.messages.message import Message, entry
from bot.slack.messages.text import escape, moment, people


def reminders(release: Release) -> Iterable[Message]:
    """Return the newest reminder of each gate, with the buttons as long as it is open."""
    newest = {(past.stage, past.gate): past for past in release.reminders if past.way is not Way.PRIVATE}
    for past in newest.values():
        gate = release.gate(past.stage, past.gate)
        assert gate is not None
        status = gate_status(release, gate, past.stage)
        lines = [_answered(past, status)] if status.passes else _asked(release, past)
        buttons = () if status.passes else answer_buttons(release, gate, past.stage)
        slot = f"reminder:{past.stage}:{past.gate}:{past.count}"
        loud = past.way is Way.CHANNEL
        yield entry(release, slot, past.at, lines, buttons, broadcast=loud, fleeting=True)


def _asked(release: Release, past: Reminded) -> Iterable[str]:
    # In the channel nothing else names the release.
    gate = f"*{escape(past.gate)}*" + (f" of *{release.key}*" if past.way is Way.CHANNEL else "")
    since, stage = moment(release.opened[past.stage]), escape(release.stage_name(past.stage))
    waited = f"{gate} has waited for an answer since {since}. Until it is met, {stage} cannot begin."
    who = people(past.people, "and")
    yield f"{who}, {waited}" if who else f"{waited} Whom it asks is not at work just now."
    if past.way is Way.BACKUP:
        yield f"{people(past.helpers, 'and')}, please help to reach them."
    if past.way is Way.CHANNEL:
        yield f"{people(past.helpers, 'and')}, you lead this release: ask them, or choose another way."


def _answered(past: Reminded, status: GateStatus) -> str:
    who = people(past.people, "and") or "Those who are asked"
    return f"{who} were reminded of *{escape(past.gate)}*. It is *{status}* now."
