"""The message of an override, shown in the channel as well, and that of the review that follows it."""

from collections.abc import Iterable
from datetime import datetime

from bot.release.gates.override import Overridden
from bot.release.gates.review import Because, Review, reviewers
from bot.release.release import Release, Verdict
from bot.slack.buttons import Action, Target
from bot.slack.messages.message import Message, entry
from bot.slack.writing.blocks import Block, actions, button
from bot.slack.writing.text import escape, moment, needed, people, person, quoted


def overrides(release: Release) -> Iterable[Message]:
    """Return the message of each override. The people whom the gate asks are named, and so are told."""
    for number, past in enumerate(release.overrides, start=1):
        yield entry(release, f"override:{number}", past.at, _override(release, past), broadcast=True)


def reviews(release: Release) -> Iterable[Message]:
    """Return the message of the review, and one for each time that it was due and not signed."""
    review = release.review
    if review is None:
        return
    buttons = [] if review.done else [sign_button(release)]
    yield entry(release, "review", review.opened, _review(release, review), buttons)
    for number, at in enumerate(review.reminded, start=1):
        last = number == len(review.reminded) and not review.done
        lines = [_reminder(release, review, at) if last else "The reviewers were reminded of the review."]
        yield entry(release, f"review:{number}", at, lines, buttons if last else ())


def reviewed(release: Release) -> Iterable[str]:
    """Return what there is to review, for those who read of the review alone."""
    if not release.overrides:
        yield "Its runbook asks for a review of each release."
    for past in release.overrides:
        yield f"{person(past.by)} overrode *{escape(past.gate)}*, {moment(past.at)}"
        yield quoted(past.reason)


def sign_button(release: Release) -> Block:
    """Return the row that signs the review."""
    value, label = Target(release.key).value(), f"Sign off the review of {release.key}"
    return actions([button("Sign off…", Action.SIGN_FORM, value, "primary", label=label)])


def _override(release: Release, past: Overridden) -> Iterable[str]:
    gate = release.gate(past.stage, past.gate)
    asked = {p for role in gate.roles for p in release.members.get(role, ())} if gate else set()
    # It stands in the channel as well, where nothing else names the release.
    what = f"*overrode* {escape(past.gate)} of *{release.key}*"
    yield f"⚠ {person(past.by)} {what}, {moment(past.at)}: it is passed, and not met"
    yield quoted(past.reason)
    yield f"Its captain is {person(release.captain)}."
    place = (past.stage, past.gate, Verdict.REJECTED)
    for vote in release.votes:
        if (vote.stage, vote.gate, vote.verdict) == place and vote.at < past.at:
            yield f"{person(vote.by)} had rejected it, {moment(vote.at)}\n{quoted(vote.comment)}"
    if to := people(sorted(asked - {past.by}), "and"):
        yield f"For {to} to know: it was yours to answer."


def _review(release: Release, review: Review) -> Iterable[str]:
    why = "because a gate was overridden" if review.because is Because.OVERRIDE else "as its runbook asks"
    status = "*done*" if review.done else f"due {moment(review.due)}"
    yield f"*Review* of this release, {why}: {status}, {len(review.signed)} of {review.count} signed"
    for signature in review.signed:
        yield f"✓ {person(signature.by)}, {moment(signature.at)}"
        if signature.comment:
            yield quoted(signature.comment)
    if not review.done:
        left = review.count - len(review.signed)
        yield f"☐ {needed(reviewers(release), left) or 'nobody is left to sign it'}"


def _reminder(release: Release, review: Review, at: datetime) -> str:
    left = review.count - len(review.signed)
    who = needed(reviewers(release), left)
    is_due = "is due" if at < review.due else "was due"
    needs = "a signature" if left == 1 else f"{left} signatures"
    asked = f"{who or person(release.captain)}, the review of this release still needs {needs}."
    role = release.runbook.review.role or "a role of the runbook"
    find = "" if who else f" Nobody is left to sign it: add people to {escape(role)}."
    return f"{asked} It {is_due} {moment(review.due)}.{find}"
