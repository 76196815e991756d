"""The private answer to “why”: what is waited for by which rule, since when, and what would move it on."""

from collections.abc import Iterable, Mapping
from typing import Final

from bot.release.outlook.why import RULES, Act, Deed, why
from bot.release.release import Release
from bot.slack.messages.text import escape, moment, people, person
from bot.slack.messages.words import mention, standing, waits

SAYS: Final[Mapping[Deed, str]] = {
    Deed.APPROVE: "{who} approves *{name}*",
    Deed.FIND_PEOPLE: "{who} finds people for *{name}*",
    Deed.REPORT: "{who} reports that the check *{name}* has passed",
    Deed.WITHDRAW: "{who} takes the rejection of *{name}* back, or settles it",
    Deed.BEGIN: "{who} begins *{name}*",
    Deed.FINISH: "{who} does “{name}”",
    Deed.CHOOSE: "{who} retries or skips “{name}”, or rolls back",
    Deed.LIFT: "{who} lifts the hold “{name}”",
    Deed.LEAD: "{who} takes the lead",
    Deed.SIGN: "{who} signs the review",
    Deed.UNLOCK: "{who} lifts the lock",
}
MANY: Final = "{count} of {who} approve *{name}*"


def why_text(release: Release) -> str:
    """Return why a release waits, as text that only one person sees."""
    found = why(release)
    if not found.waiting:
        return f"{mention(release)} is {standing(release)}\nIt waits for nothing."
    return "\n".join(
        [
            f"{mention(release)} is {standing(release)}",
            "*What it waits for*",
            *(f"• {waits(one)}\n    by the rule: {RULES[one.kind]}" for one in found.waiting),
            *_aside(release),
            *_onward(release),
            f"Who is in the roles was read {moment(release.read_at)}.",
        ]
    )


def _aside(release: Release) -> Iterable[str]:
    found = why(release)
    if found.set_aside:
        yield "*What does not count*"
    for one in found.set_aside:
        yield f"• {person(one.vote.by)} at {escape(one.vote.gate)}: {escape(one.because)}"


def _onward(release: Release) -> Iterable[str]:
    found = why(release)
    if not found.acts:
        return
    yield "*The shortest way on*"
    yield from (f"• {said(act)}" for act in found.acts)
    if found.override:
        yield f"In an emergency, {people(found.override)} can override a gate, with a reason and a review."


def said(act: Act) -> str:
    """Return one act as a sentence."""
    who, name = people(act.on) or "somebody", escape(act.name)
    if act.count > 1 and act.deed is Deed.APPROVE:
        return MANY.format(count=act.count, who=who, name=name)
    return SAYS[act.deed].format(who=who, name=name)
