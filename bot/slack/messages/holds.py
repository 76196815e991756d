"""The message of each open hold: whose concern it is, why, and how it is lifted."""

from collections.abc import Iterable

from bot.release.release import Release
from bot.release.stages.holds import Hold
from bot.release.state import State
from bot.slack.buttons import Action, Target
from bot.slack.messages.blocks import actions, button
from bot.slack.messages.message import Message, entry
from bot.slack.messages.text import moment, person, quoted


def holds(release: Release) -> Iterable[Message]:
    """Return the message of each open hold. It goes when the hold is lifted."""
    if release.state.ended:
        return
    for hold in release.holds:
        value = Target(release.key, number=hold.number, person=hold.owner).value()
        lift = button("Lift", Action.LIFT_HOLD, value, label=f"Lift hold {hold.number} of {release.key}")
        keep = button("Still needed", Action.KEEP_HOLD, value)
        buttons = [actions([lift] if hold.asked is None else [keep, lift])]
        yield entry(release, f"hold:{hold.number}", hold.at, _lines(release, hold), buttons)


def _lines(release: Release, hold: Hold) -> Iterable[str]:
    again = f", to be asked about {moment(hold.until)}" if hold.until and not hold.asked else ""
    yield f"*Hold {hold.number}* by {person(hold.owner)}, {moment(hold.at)}{again}"
    yield quoted(hold.reason)
    if release.state is State.ROLLING_BACK:
        yield "The way back goes on all the same."
    elif hold.asked is not None:
        yield f"{person(hold.owner)}, its time has come: is it still needed? It holds until you say so."
    else:
        yield "Nothing moves forward until its owner lifts it, or the captain, with a reason."
