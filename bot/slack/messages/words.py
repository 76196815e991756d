"""How releases and what they wait for are put in words."""

from bot.release.refusal import Refused
from bot.release.release import Release
from bot.release.state import State
from bot.release.waiting import Awaited, Waiting
from bot.slack.messages.text import escape, moment, people, person

STATES = {
    State.AWAITING_APPROVAL: "awaiting approval",
    State.READY: "ready",
    State.IN_PROGRESS: "in progress",
    State.COMPLETED: "completed",
    State.CANCELLED: "cancelled",
}


def title(release: Release) -> str:
    """Return what goes out: service and version."""
    return f"{release.service} {release.version}"


def standing(release: Release) -> str:
    """Return where a release stands, in a few words."""
    if release.state.ended:
        return STATES[release.state]
    count = len(release.runbook.stages)
    return f"{escape(release.current.name)} (stage {release.stage + 1} of {count}), {STATES[release.state]}"


def waits(waiting: Waiting) -> str:
    """Return one thing that a release waits for, as a sentence."""
    name, who, since = escape(waiting.name), people(waiting.on), moment(waiting.since)
    match waiting.kind:
        case Awaited.APPROVAL:
            return f"*{name}* waits for an approval from {escape(waiting.role)}: {who}, since {since}"
        case Awaited.REJECTION:
            return f"*{name}* was rejected by {who}, {since}; approving takes the rejection back"
        case Awaited.GO:
            return f"*{name}* waits for the go of {who}, since {since}"
        case Awaited.STEP:
            return f"“{name}” waits for {who}, since {since}"


def refusal(refused: Refused) -> str:
    """Return a refusal: why, what to do instead, and whom to ask."""
    ask = f"Ask {people(refused.ask)}." if refused.ask else ""
    return " ".join(filter(None, [escape(refused.because), escape(refused.instead), ask]))


def mention(release: Release) -> str:
    """Return a release by key and content, for the first words of a message."""
    return f"*{release.key}* ({escape(title(release))})"


def ended(release: Release) -> str:
    """Return how a release ended, with who and why where there is one."""
    if release.ended_by is None:
        return f"{STATES[release.state]}, {moment(release.since)}"
    why = escape(release.ended_because)
    return f"{STATES[release.state]} by {person(release.ended_by)}, {moment(release.since)}: {why}"
