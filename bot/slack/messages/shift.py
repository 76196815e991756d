"""What is said to a shift that begins: at the summary that is told to it, once more, and when nobody came."""

from collections.abc import Iterable

from bot.release.ids import ROLLCALL
from bot.release.people.handoff import Duty
from bot.release.people.shift import ShiftOffer
from bot.release.release import Release
from bot.release.telling.summary import Occasion, Summarized
from bot.slack.buttons import Action, Target
from bot.slack.messages.card import hand_over_button
from bot.slack.messages.message import Message, entry
from bot.slack.writing.blocks import Block, actions, button
from bot.slack.writing.text import escape, moment, people, person


def shifts(release: Release) -> Iterable[Message]:
    """Return the reminder of each shift that was asked again, and the message that nobody of it has come."""
    for number, offer in enumerate(release.shifts):
        if offer.reminded:
            lines, buttons = [_again(release, offer)], shift_buttons(release, offer)
            yield entry(release, f"shift:{number}:again", offer.reminded, lines, buttons, fleeting=True)
        if offer.ended and offer.ended.by == ROLLCALL:
            lines, buttons = [*_missed(release, offer)], _hand_over(release, offer)
            yield entry(release, f"shift:{number}:missed", offer.ended.at, lines, buttons, broadcast=True)


def shift_begins(release: Release, summary: Summarized, stage: str) -> Iterable[str]:
    """Return how a summary begins that is told to a shift: where it stands, and who leads it."""
    to = people(summary.to, "and")
    begins = f"{to}, your shift begins" if to else f"The shift of {_roles(summary.roles)} begins"
    yield f"{begins}: this is where the stage *{stage}* stands, {moment(summary.at)}"
    captain = person(summary.captain or release.captain)
    if offer := _offer(release, summary):
        yield _leads(release, offer, "one of you" if offer.people == summary.to else people(offer.people))
    elif not to:
        yield f"Nobody of it is there, so it stays with {captain}."
    elif summary.captain in summary.to:
        yield f"{captain} leads it, and is of this shift."
    else:
        yield f"Nobody of you may lead it, so it stays with {captain}."


def take_over(release: Release, summary: Summarized) -> Iterable[Block]:
    """Return the row with which somebody of the shift takes over to which a summary was told."""
    offer = _offer(release, summary)
    return shift_buttons(release, offer) if offer else ()


def _offer(release: Release, summary: Summarized) -> ShiftOffer | None:
    told_to_shift = summary.occasion is Occasion.SHIFT
    return next((one for one in release.shifts if told_to_shift and one.at == summary.at), None)


def _leads(release: Release, offer: ShiftOffer, who: str = "") -> str:
    captain = person(offer.captain)
    if offer.ended is None and release.state.ended:
        return f"Nobody took over from {captain} before it ended."
    if offer.ended is None:
        until = f"read how it stands, and answer until {moment(offer.until)}"
        return f"{captain} leads it until {who} takes over: {until}."
    if offer.ended.by == ROLLCALL:
        return f"Nobody took over in time, so it stayed with {captain}, {moment(offer.ended.at)}"
    return f"{person(offer.ended.by)} took over from {captain}, {moment(offer.ended.at)}"


def _again(release: Release, offer: ShiftOffer) -> str:
    if offer.ended or release.state.ended:
        return f"{people(offer.people, 'and')} were asked once more. {_leads(release, offer)}"
    late = f"{people(offer.people, 'and')}, nobody has taken over from {person(offer.captain)} yet"
    return f"{late}. Read how it stands, and answer until {moment(offer.until)}."


def _missed(release: Release, offer: ShiftOffer) -> Iterable[str]:
    captain = person(offer.captain)
    # It stands in the channel as well, where nothing else names the release.
    since = moment(offer.at)
    yield f"⚠ Nobody of the shift {_roles(offer.roles)} has taken *{release.key}* over, asked since {since}."
    if _leads_still(release, offer):
        yield f"{captain}, you lead it still: hand it over to somebody who is there."
    else:
        yield f"It stayed with {captain} then."


def shift_buttons(release: Release, offer: ShiftOffer) -> Iterable[Block]:
    """Return the row with which somebody of a shift takes over, as long as that is asked."""
    if offer.ended or release.state.ended:
        return
    value = Target(release.key, name=Duty.CAPTAIN).value()
    label = f"Take {release.key} over: read how it stands, and accept"
    yield actions([button("Take over…", Action.ACCEPT_FORM, value, "primary", label=label)])


def _hand_over(release: Release, offer: ShiftOffer) -> Iterable[Block]:
    if _leads_still(release, offer):
        yield actions([hand_over_button(release)])


def _leads_still(release: Release, offer: ShiftOffer) -> bool:
    return release.captain == offer.captain and not release.state.ended


def _roles(roles: Iterable[str]) -> str:
    return " and ".join(escape(role) for role in roles)
