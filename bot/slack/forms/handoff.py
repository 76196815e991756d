"""The forms of a handoff: to whom, and the state that is read back before it is accepted."""

import json
from typing import Final

from bot.release.command import Command
from bot.release.ids import ReleaseKey, UserId
from bot.release.people.handoff import AcceptDuty, Duty, OfferDuty, fingerprint
from bot.release.reason import LIMIT
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.waiting import waiting_on
from bot.slack.buttons import Target
from bot.slack.forms.form import Form, Submission, field, modal
from bot.slack.writing.blocks import Block, plain, section
from bot.slack.writing.text import person, quoted
from bot.slack.writing.words import brief, mention, standing

OFFER_CALLBACK: Final = "offer_v1"
ACCEPT_CALLBACK: Final = "accept_v1"
MOST: Final = 10
"""Options of checkboxes (docs.slack.dev, checkboxes element)."""
DUTIES: Final = {
    Duty.CAPTAIN: "Captain: leads the release from then on",
    Duty.DEPUTY: "Deputy: may do what the captain may",
    Duty.SHADOW: "Shadow: follows along, and learns",
}


def offer_form(release: ReleaseKey) -> Block:
    """Return the form that offers a duty of a release to somebody."""
    duties = [{"text": plain(text, 75), "value": duty} for duty, text in DUTIES.items()]
    note = {"type": "plain_text_input", "multiline": True, "max_length": LIMIT}
    fields = [
        field("to", "To whom?", {"type": "users_select"}),
        field("duty", "As what?", {"type": "radio_buttons", "options": duties, "initial_option": duties[0]}),
        field("note", "What should they know?", note, optional=True),
    ]
    return modal(OFFER_CALLBACK, "Hand over", "Ask them", Target(release).value(), fields)


def accept_form(release: Release, target: Target) -> Block:
    """Return the form with where a release stands: each open point is confirmed, and then it is accepted."""
    points = [brief(waiting) for waiting in waiting_on(release)]
    shown = [*points[: MOST - 1], f"… and {len(points) - MOST + 1} more"] if len(points) > MOST else points
    options = [{"text": plain(text, 75), "value": str(n), **_whole(text)} for n, text in enumerate(shown)]
    remembered = json.dumps([target.value(), fingerprint(release), len(options)])
    hint = "Tick each point when you have read it."
    offer = release.offers.get(Duty(target.name)) if target.person else None
    note = [section(f"{person(offer.by)} says:\n{quoted(offer.note)}")] if offer and offer.note else []
    fields = [
        section(f"{mention(release)} is {standing(release)}"),
        *note,
        field("read", "What is open", {"type": "checkboxes", "options": options}, hint=hint),
    ]
    return modal(ACCEPT_CALLBACK, "Read and accept", "Accept", remembered, fields)


def _whole(text: str) -> Block:
    """Return the whole of a point as a description, where an option does not hold it."""
    return {"description": plain(text[74:], 75)} if len(text) > 75 else {}


def _offers(submission: Submission) -> Command:
    return OfferDuty(
        workspace=submission.workspace,
        release=Target.read(submission.remembered).release,
        by=submission.user,
        duty=Duty(submission.values["duty"]),
        to=UserId(submission.values["to"]),
        note=submission.values["note"],
    )


def _accepts(submission: Submission) -> Command | Refused:
    value, read, points = json.loads(submission.remembered)
    target = Target.read(value)
    if len(set(filter(None, submission.values["read"].split(",")))) < points:
        return Refused(
            code=Code.NOT_READ,
            because="Not every point is ticked, so it stays where it is.",
            instead="Read each, tick it, and accept then.",
        )
    return AcceptDuty(
        workspace=submission.workspace,
        release=target.release,
        by=submission.user,
        duty=Duty(target.name),
        read=read,
    )


OFFER: Final = Form(
    callback=OFFER_CALLBACK,
    means=_offers,
    field_of=lambda refused: "note" if refused.code in (Code.TEXT_TOO_LONG, Code.TEXT_UNREADABLE) else "to",
)
ACCEPT: Final = Form(callback=ACCEPT_CALLBACK, means=_accepts, field_of=lambda refused: "read")
