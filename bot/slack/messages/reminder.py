"""The message of a reminder in the thread: what is asked of whom, since when, what it blocks, and who helps.

What is asked of people privately stands in their digest.
"""

from collections import Counter
from collections.abc import Iterable

from bot.release.gates.result import gate_status
from bot.release.people.reachable import not_away
from bot.release.release import Release
from bot.release.replace import replace
from bot.release.telling.reminders import Reminded, Way, asked_since, at_gate_since, number_of, place_of
from bot.release.waiting import Awaited, waiting_on
from bot.runbook.gates.gate import Reminders
from bot.slack.messages.answers import answers
from bot.slack.messages.gate import answer_buttons
from bot.slack.messages.message import Message, entry
from bot.slack.writing.blocks import Block
from bot.slack.writing.text import escape, moment, people

WHAT = {
    Awaited.CHECK: "the check *{name}* has not passed",
    Awaited.READING: "the check *{name}* does not pass where Rollcall reads it",
    Awaited.PEOPLE: "*{name}* needs people, and nobody is left to ask",
    Awaited.REJECTION: "*{name}* was *rejected*: take it back, or the captain settles it with a reason",
    Awaited.GO: "*{name}* begins with the captain’s go",
    Awaited.STEP: "“{name}” is to be done",
    Awaited.HELD_UP: "“{name}” cannot begin: an older run does not stop; end it where it runs",
    Awaited.CHOICE: "“{name}” has *failed*: choose what follows",
    Awaited.HOLD: "lift the hold “{name}” when it is settled",
    Awaited.QUESTION: "is the hold still needed? {name}",
    Awaited.CAPTAIN: "its captain {name}, and somebody is to lead it",
}


def reminders(release: Release) -> Iterable[Message]:
    """Return the newest reminder of each thing that is waited for; of a gate, also what came of it."""
    public = [past for past in release.reminders if past.way is not Way.PRIVATE]
    newest = {place_of(past): past for past in public}
    rungs = Counter((place_of(past), past.count) for past in public)
    for past in newest.values():
        lines, buttons = _gate(release, past) if past.about is Awaited.APPROVAL else _other(release, past)
        if lines:
            slot = f"reminder:{past.stage}:{past.gate}:{past.count}"
            slot = slot if past.about is Awaited.APPROVAL else f"{slot}:{past.about}:{past.number}"
            # What is asked anew is told anew, and not by an edit.
            again = rungs[place_of(past), past.count]
            slot = slot if again == 1 else f"{slot}:{again}"
            loud = past.way is Way.CHANNEL
            yield entry(release, slot, past.at, lines, buttons, broadcast=loud, fleeting=True)


def _gate(release: Release, past: Reminded) -> tuple[list[str], Iterable[Block]]:
    gate = release.gate(past.stage, past.gate)
    assert gate is not None
    if release.state.ended or past.stage != release.stage:
        return [], ()
    # What was put away, as it is asked anew, stays away whatever comes of it.
    asked = at_gate_since(release, past.gate, *past.people)
    if past.at < asked:
        return [], ()
    status = gate_status(release, gate, past.stage)
    if status.passes:
        who = people(past.people, "and") or "Those who are asked"
        return [f"{who} were reminded of *{escape(past.gate)}*. It is *{status}* now."], ()
    since, stage = moment(asked), escape(release.stage_name(past.stage))
    which = f" of *{release.key}*" if past.way is Way.CHANNEL else ""
    waited = f"*{escape(past.gate)}*{which} has waited for an answer since {since}."
    blocks = f"Until it is met, {stage} cannot begin."
    plan = gate.remind or release.runbook.reminders
    return [*_asked(past, plan, f"{waited} {blocks}")], answer_buttons(release, gate, past.stage)


def _other(release: Release, past: Reminded) -> tuple[list[str], Iterable[Block]]:
    """Return the reminder of something else than a gate: nothing once it is waited for no more, or anew."""
    about = (past.about, past.gate, past.number)
    waits = (one for one in waiting_on(release) if (one.kind, one.name, number_of(one)) == about)
    waiting = next(waits, None) if past.stage == release.stage else None
    if waiting is None or past.at < asked_since(release, waiting):
        return [], ()
    what = WHAT[past.about].format(name=escape(waiting.name))
    # In the channel nothing else names the release.
    where = f"*{release.key}*: " if past.way is Way.CHANNEL else ""
    waited = f"{where}{what}. It has waited since {moment(waiting.since)}."
    if waiting.each:
        # Who has reported meanwhile that it passed is not named any more.
        content = {one.by for one in release.reports.get(waiting.name, ()) if one.passed}
        past = replace(past, people=tuple(person for person in past.people if person not in content))
    stands_in = past.people and not {*past.people} & {*waiting.on}
    if waiting.kind is Awaited.CHECK and stands_in and not not_away(release, waiting.on):
        whose = people(waiting.on, "and" if waiting.each else "or")
        away = (
            f"{waited.removesuffix('.')} for {whose}, away just now. You lead this release: find another way."
        )
        return [*_asked(past, release.runbook.reminders, away)], ()
    return [*_asked(past, release.runbook.reminders, waited)], answers(release, waiting)


def _asked(past: Reminded, plan: Reminders, what: str) -> Iterable[str]:
    who = people(past.people, "and")
    yield f"{who}, {what}" if who else f"{what[:1].upper()}{what[1:]} Whom it asks is not at work just now."
    helpers = people(past.helpers, "and")
    if helpers and past.way is Way.BACKUP:
        yield f"{helpers}, please help to reach them."
    if helpers and past.way is Way.CHANNEL:
        yield f"{helpers}, you lead this release: ask them, or choose another way."
    if past.count == plan.limit:
        yield "This is the last reminder of it."
