"""How releases and what they wait for are put in words."""

from bot.release.refusal import Refused
from bot.release.release import Release
from bot.release.state import State
from bot.release.waiting import Awaited, Waiting
from bot.slack.messages.text import escape, moment, people, person, quoted

STATES = {
    State.AWAITING_APPROVAL: "awaiting approval",
    State.READY: "ready",
    State.IN_PROGRESS: "in progress",
    State.COMPLETED: "completed",
    State.CANCELLED: "cancelled",
}
BEFORE_STAGE = {State.AWAITING_APPROVAL: "for", State.READY: "for", State.IN_PROGRESS: "with"}


def title(release: Release) -> str:
    """Return what goes out: service and version."""
    return f"{release.service} {release.version}"


def standing(release: Release) -> str:
    """Return where a release stands, in words that follow its name and `is`."""
    if release.state.ended:
        return ended(release)
    stage = f"{BEFORE_STAGE[release.state]} {escape(release.current.name)}"
    return f"*{STATES[release.state]}* {stage} (stage {release.stage + 1} of {len(release.runbook.stages)})"


def waits(waiting: Waiting) -> str:
    """Return one thing that a release waits for, as a sentence."""
    name, who, since = escape(waiting.name), people(waiting.on), moment(waiting.since)
    match waiting.kind:
        case Awaited.APPROVAL:
            return f"{who}: *{name}* needs {_approvals(waiting)}, since {since}"
        case Awaited.PEOPLE:
            return f"{who}: *{name}* needs {_approvals(waiting)}, and nobody is left to ask, since {since}"
        case Awaited.REJECTION:
            return f"{who} rejected *{name}*, {since}; approving it takes the rejection back"
        case Awaited.GO:
            return f"{who}: *{name}* begins with the captain’s go, since {since}"
        case Awaited.STEP:
            return f"{who}: “{name}” is to be done, since {since}"


def _approvals(waiting: Waiting) -> str:
    count = "an approval" if waiting.count == 1 else f"{waiting.count} approvals"
    return f"{count} from {escape(waiting.role)}"


def refusal(refused: Refused) -> str:
    """Return a refusal: why, what to do instead, and whom to ask."""
    ask = f"Ask {people(refused.ask)}." if refused.ask else ""
    return " ".join(filter(None, [escape(refused.because), escape(refused.instead), ask]))


def mention(release: Release) -> str:
    """Return a release by key and content, for the first words of a message."""
    return f"*{release.key}* ({escape(title(release))})"


def ended(release: Release) -> str:
    """Return how a release ended, with who and why where there is one."""
    by = f" by {person(release.ended_by)}" if release.ended_by else ""
    how = f"*{STATES[release.state]}{by}*, {moment(release.since)}"
    return "\n".join([how, quoted(release.ended_because)]) if release.ended_because else how
