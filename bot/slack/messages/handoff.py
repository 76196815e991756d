"""The messages of handing a duty over, and of people who have gone while they had one."""

from collections.abc import Iterable

from bot.release.people.handoff import Duty, Handed, Offer, Outcome
from bot.release.people.leaving import Gone
from bot.release.release import Release
from bot.slack.buttons import Action, Target
from bot.slack.messages.message import Message, entry
from bot.slack.writing.blocks import Block, actions, button
from bot.slack.writing.text import escape, moment, person, quoted
from bot.slack.writing.words import next_steps

ENDS = {
    Outcome.ACCEPTED: "accepted: {to} is {duty} now",
    Outcome.DECLINED: "declined: it stays as it was",
    Outcome.LAPSED: "not answered in time: it stays as it was",
    Outcome.REPLACED: "replaced by another offer, or by another captain",
}


def handoffs(release: Release) -> Iterable[Message]:
    """Return the message of each offer, open or ended."""
    for handed in release.handed:
        yield _message(release, handed.offer, _ended(handed), ())
    if release.state.ended:
        return
    for offer in release.offers.values():
        yield _message(release, offer, _open(offer), [offer_buttons(release, offer)])


def leavers(release: Release) -> Iterable[Message]:
    """Return a message for each person who has gone with a duty."""
    if release.state.ended:
        return
    for gone, leaver in release.leavers.items():
        if not leaver.duties:
            continue
        lines = [f"{person(gone)} {leaver.how}, and is {escape(', '.join(leaver.duties))} here."]
        if leaver.how is Gone.LEFT:
            lines.append(f"{person(gone)}, hand it over, or come back.")
        told = f"{person(release.captain)}, for you to know."
        lines.append(told if gone != release.captain else _heirs(release))
        yield entry(release, f"gone:{gone}", leaver.at, lines)


def _heirs(release: Release) -> str:
    return f"Its deputy, or an owner of its stage, takes the lead by typing `lead {release.key}`."


def _message(release: Release, offer: Offer, lines: Iterable[str], buttons: Iterable[Block]) -> Message:
    slot = f"offer:{offer.duty}:{offer.at.timestamp():.6f}"
    opening = f"{person(offer.by)} asks {person(offer.to)} to be *{offer.duty}*"
    return entry(release, slot, offer.at, [opening, *_quoted(offer.note), *lines], buttons)


def _open(offer: Offer) -> Iterable[str]:
    stays = (
        "You follow along and decide nothing."
        if offer.duty is Duty.SHADOW
        else "Until you accept, it stays as it is."
    )
    yield f"{person(offer.to)}, read how it stands, and answer until {moment(offer.until)}. {stays}"


def _ended(handed: Handed) -> Iterable[str]:
    to, duty = handed.offer.to, handed.offer.duty
    yield f"It was {ENDS[handed.outcome].format(to=person(to), duty=duty)}, {moment(handed.at)}"
    yield from _quoted(handed.comment)
    if handed.outcome is Outcome.ACCEPTED and duty is not Duty.SHADOW:
        yield from next_steps([waiting for waiting in handed.waiting if to in waiting.on])


def _quoted(text: str) -> Iterable[str]:
    return [quoted(text)] if text else []


def offer_buttons(release: Release, offer: Offer) -> Block:
    """Return the row that answers an offer."""
    value = Target(release.key, name=offer.duty, person=offer.to).value()
    accept = button("Read and accept…", Action.ACCEPT_FORM, value, "primary")
    return actions([accept, button("Decline", Action.DECLINE_DUTY, value)])
