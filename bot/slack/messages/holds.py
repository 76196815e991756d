"""The message of each hold: whose concern it is, why, how it is lifted, and who has lifted it."""

from collections.abc import Iterable

from bot.release.release import Release
from bot.release.stages.holds import Hold
from bot.release.state import State
from bot.slack.buttons import Action, Target
from bot.slack.messages.message import Message, entry
from bot.slack.writing.blocks import Block, actions, button
from bot.slack.writing.text import moment, person, quoted
from bot.slack.writing.words import ended_by


def holds(release: Release) -> Iterable[Message]:
    """Return the message of each hold, open or lifted."""
    for hold in (*release.lifted, *release.holds):
        still = hold.ended is None and not release.state.ended
        buttons = [hold_buttons(release, hold)] if still else []
        yield entry(release, f"hold:{hold.number}", hold.at, _lines(release, hold), buttons)


def hold_buttons(release: Release, hold: Hold) -> Block:
    """Return the row of an open hold: lift it, or say that it is still needed."""
    value = Target(release.key, number=hold.number, person=hold.owner).value()
    lift = button("Lift", Action.LIFT_HOLD, value, label=f"Lift hold {hold.number} of {release.key}")
    keep = button("Still needed", Action.KEEP_HOLD, value)
    return actions([lift] if hold.asked is None else [keep, lift])


def _lines(release: Release, hold: Hold) -> Iterable[str]:
    still = hold.ended is None and not release.state.ended
    again = f", to be asked about {moment(hold.until)}" if still and hold.until and not hold.asked else ""
    yield f"*Hold {hold.number}* by {person(hold.owner)}, {moment(hold.at)}{again}"
    yield quoted(hold.reason)
    if hold.ended:
        yield from ended_by(hold.ended)
    elif release.state.ended:
        yield "It holds nothing any more."
    elif release.state is State.ROLLING_BACK:
        yield "The way back goes on all the same."
    elif hold.asked is not None:
        yield f"{person(hold.owner)}, its time has come: is it still needed? It holds until you say so."
    else:
        yield "Nothing moves forward until its owner lifts it, or the captain, with a reason."
