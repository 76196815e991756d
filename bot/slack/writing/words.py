"""How releases and what they wait for are put in words."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, assert_never

from bot.release.ids import UserId
from bot.release.manifest import Commit
from bot.release.refusal import Refused, sentences
from bot.release.release import Ending, Release
from bot.release.stages.withdrawn import going_out_again
from bot.release.state import State
from bot.release.waiting import Awaited, Waiting
from bot.slack.writing.text import escape, moment, needed, people, person, quoted, shorten

STATES = {
    State.AWAITING_APPROVAL: "awaiting approval",
    State.READY: "ready",
    State.IN_PROGRESS: "in progress",
    State.FAILED: "stopped by a failure",
    State.ROLLING_BACK: "rolling back",
    State.COMPLETED: "completed",
    State.ROLLED_BACK: "rolled back",
    State.CANCELLED: "cancelled",
}
BEFORE_STAGE = {
    State.AWAITING_APPROVAL: "for",
    State.READY: "for",
    State.IN_PROGRESS: "with",
    State.FAILED: "in",
}


LONGEST_REASON: Final = 200
"""Characters of why something was withdrawn before, and of what was mended."""


def title(release: Release) -> str:
    """Return what goes out: service and version."""
    return f"{release.service} {release.version}"


def standing(release: Release) -> str:
    """Return where a release stands, in words that follow its name and `is`."""
    if release.state.ended:
        return ended(release)
    held = f", *on hold* ({len(release.holds)})" if release.holds else ""
    if release.state is State.ROLLING_BACK:
        back = f" to {escape(release.lock.to)}" if release.lock and release.lock.to else ""
        return f"*rolling back*{back}"
    stage = f"{BEFORE_STAGE[release.state]} {escape(release.current.name)}"
    count = f"(stage {release.stage + 1} of {len(release.runbook.stages)})"
    return f"*{STATES[release.state]}* {stage} {count}{held}"


def waits(waiting: Waiting) -> str:
    """Return one thing that a release waits for, as a sentence."""
    name, who, since = escape(waiting.name), people(waiting.on), moment(waiting.since)
    match waiting.kind:
        case Awaited.APPROVAL:
            return f"{needed(waiting.on, waiting.count)}: *{name}* needs {_approvals(waiting)}, since {since}"
        case Awaited.PEOPLE:
            return f"{who}: *{name}* needs {_people(waiting)}, and nobody is left to ask, since {since}"
        case Awaited.CHECK if waiting.each:
            how = waiting.said or "has not been reported"
            return f"{people(waiting.on, 'and')}: the check *{name}* {how}; asked since {since}"
        case Awaited.CHECK | Awaited.READING:
            how, colon, because = (waiting.said or "has not passed").partition(": ")
            return f"{who}: the check *{name}* {how}, since {since}{colon}{escape(because)}"
        case Awaited.SOAK:
            return f"The check *{name}* has passed since {since} and soaks{_until(waiting)}"
        case Awaited.REJECTION:
            giver, *lead = waiting.on
            settled = f", or settled by {people(lead)}" if lead else ""
            return f"{person(giver)} rejected *{name}*, {since}; it blocks until taken back{settled}"
        case Awaited.GO:
            return f"{who}: *{name}* begins with the captain’s go, since {since}"
        case Awaited.STEP:
            return f"{who}: “{name}” is to be done, since {since}"
        case Awaited.RUN:
            return f"“{name}” is being run, since {since}{_until(waiting)}"
        case Awaited.HELD_UP:
            return (
                f"{who}: “{name}” waits since {since} for {waiting.said}, which does not stop; end that first"
            )
        case Awaited.CHOICE:
            back = f"; it goes back by itself {moment(waiting.until)}" if waiting.until else ""
            return f"{who}: “{name}” has *failed*, {since}: choose what follows{back}"
        case Awaited.HOLD:
            return f"{who}: hold {waiting.count} is to be lifted when it is settled, since {since}: {name}"
        case Awaited.QUESTION:
            return f"{who}: is hold {waiting.count} still needed? Its time has come: {name}"
        case Awaited.CAPTAIN:
            return f"{who}: its captain {name}, {since}; somebody is to lead it"
        case Awaited.REVIEW:
            signers = needed(waiting.on, waiting.count)
            return f"{signers}: its review needs {_signatures(waiting)}{_until(waiting)}"
        case Awaited.LOCK:
            return f"{who}: the lock on the service is to be lifted, since {since}"
        case _:
            assert_never(waiting.kind)


def next_steps(asked: Sequence[Waiting]) -> Iterable[str]:
    """Return the lines that tell people what they are asked to do next, by what they are waited for."""
    yield "*Next for you*" if asked else "Nothing is asked of you just now."
    yield from (f"• {waits(one)}" for one in asked)


def brief(waiting: Waiting) -> str:
    """Return one thing that a release waits for in plain text, for the options of a form."""
    match waiting.kind:
        case Awaited.APPROVAL:
            text = f"{waiting.name} needs {_plain_approvals(waiting)}"
        case Awaited.PEOPLE:
            text = f"{waiting.name} needs {_plain_people(waiting)}"
        case Awaited.CHECK | Awaited.READING | Awaited.SOAK:
            text = f"The check {waiting.name} {waiting.said or 'has not passed'}"
        case Awaited.REJECTION:
            text = f"{waiting.name} was rejected"
        case Awaited.GO:
            text = f"{waiting.name} begins with the captain’s go"
        case Awaited.STEP:
            text = f"“{waiting.name}” is to be done"
        case Awaited.RUN:
            text = f"“{waiting.name}” is being run"
        case Awaited.HELD_UP:
            text = f"“{waiting.name}” waits for {waiting.said}, which does not stop"
        case Awaited.CHOICE:
            text = f"“{waiting.name}” has failed"
        case Awaited.HOLD | Awaited.QUESTION:
            text = f"Hold {waiting.count}: {waiting.name}"
        case Awaited.CAPTAIN:
            text = f"The captain {waiting.name}"
        case Awaited.REVIEW:
            text = f"Its review needs {_signatures(waiting)}"
        case Awaited.LOCK:
            text = "The lock on the service is to be lifted"
        case _:
            assert_never(waiting.kind)
    return shorten(text, 150)


def refusal(refused: Refused) -> str:
    """Return a refusal: why, what to do instead, and whom to ask."""
    ask = f"Ask {people(refused.ask)}." if refused.ask else ""
    return sentences(escape(refused.because), escape(refused.instead), ask)


def policy(release: Release) -> Iterable[str]:
    """Return a line for each thing that is different in who may say go, with people as mentions."""
    named = {person for role in release.runbook.roles for person in role.named}
    for change in release.policy:
        words = re.split(r"(\w+)", escape(change))
        yield "• " + "".join(person(UserId(word)) if word in named else word for word in words)


def plain_refusal(refused: Refused) -> str:
    """Return a refusal for a field of a form, where Slack shows plain text and no mentions."""
    return sentences(refused.because, refused.instead)


def mention(release: Release) -> str:
    """Return a release by key and content, for the first words of a message."""
    return f"*{release.key}* ({escape(title(release))})"


def ended(release: Release) -> str:
    """Return how a release ended, with who and why where there is one."""
    by = f" by {person(release.ended_by)}" if release.ended_by else ""
    how = f"*{STATES[release.state]}{by}*, {moment(release.since)}"
    return "\n".join([how, quoted(release.ended_because)]) if release.ended_because else how


def rolled_back_before(release: Release) -> Iterable[str]:
    """Return the lines that say that the version, or some of it, was rolled back before, and why."""
    if release.earlier:
        yield f"⚠ This version was rolled back as {release.earlier.key}, {moment(release.earlier.at)}"
        yield quoted(release.earlier.reason)
    for one, commits in going_out_again(release):
        yield f"⚠ {_how_much(commits)} withdrawn with {one.key} ({escape(one.version)}), {moment(one.at)}"
        yield quoted(shorten(one.reason, LONGEST_REASON))
        if one.mended:
            yield f"Said to be mended:\n{quoted(shorten(one.mended, LONGEST_REASON))}"


def ended_by(ending: Ending) -> Iterable[str]:
    """Return the lines that say how a rejection, a failure or a hold ended."""
    yield f"{person(ending.by)} {ending.how}, {moment(ending.at)}"
    if ending.reason:
        yield quoted(ending.reason)


def _how_much(commits: Sequence[Commit]) -> str:
    match len(commits):
        case 0:
            return "Some of it may have been"
        case 1:
            return "1 commit of it was"
        case number:
            return f"{number:,} commits of it were"


def _approvals(waiting: Waiting) -> str:
    return escape(_plain_approvals(waiting))


def _plain_approvals(waiting: Waiting) -> str:
    count = "an approval" if waiting.count == 1 else f"{waiting.count} approvals"
    return f"{count} from {waiting.role}"


def _people(waiting: Waiting) -> str:
    return escape(_plain_people(waiting))


def _plain_people(waiting: Waiting) -> str:
    count = "somebody" if waiting.count == 1 else f"{waiting.count} people"
    return f"{count} from {waiting.role}"


def _signatures(waiting: Waiting) -> str:
    return "a signature" if waiting.count == 1 else f"{waiting.count} signatures"


def _until(waiting: Waiting) -> str:
    return f", until {moment(waiting.until)}" if waiting.until else ""
