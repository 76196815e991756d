"""The private answer to “why”: what is waited for by which rule, since when, and what would move it on."""

from collections.abc import Iterable, Mapping
from typing import Final

from bot.release.gates.result import SetAside
from bot.release.outlook.why import RULES, Act, Deed, Why, why
from bot.release.release import Release
from bot.slack.messages.stage import ways_on
from bot.slack.writing.text import LONGEST_TEXT, escape, moment, people, person, within
from bot.slack.writing.words import mention, standing, waits

SAYS: Final[Mapping[Deed, str]] = {
    Deed.APPROVE: "{who} approves *{name}*",
    Deed.FIND_PEOPLE: "{who} finds people for *{name}*",
    Deed.REPORT: "{who} reports that the check *{name}* has passed",
    Deed.MEND: "{who} sees to it that the check *{name}* passes",
    Deed.SOAK: "The check *{name}* goes on passing; it needs nobody",
    Deed.WITHDRAW: "{who} takes the rejection of *{name}* back, or settles it",
    Deed.BEGIN: "{who} begins *{name}*",
    Deed.FINISH: "{who} does “{name}”",
    Deed.AWAIT: "The run of “{name}” passes, or fails; it needs nobody",
    Deed.END_RUN: "{who} ends the older run that keeps “{name}” from beginning, where it runs",
    Deed.CHOOSE: "{who} chooses what follows “{name}”: {ways}",
    Deed.LIFT: "{who} lifts the hold “{name}”",
    Deed.LEAD: "{who} takes the lead",
    Deed.SIGN: "{who} signs the review",
    Deed.UNLOCK: "{who} lifts the lock",
}
MANY: Final[Mapping[Deed, str]] = {
    Deed.APPROVE: "{who} approve *{name}*",
    Deed.REPORT: "{who} report that the check *{name}* has passed",
    Deed.SIGN: "{who} sign the review",
}
LONGEST_ASIDE: Final = 800
LONGEST_ONWARD: Final = 1_500
"""Characters, of what LONGEST_TEXT allows in all."""


def why_text(release: Release) -> str:
    """Return why a release waits, as text that only one person sees."""
    found = why(release)
    stands = f"{mention(release)} is {standing(release)}"
    if not found.waiting:
        return f"{stands}\nIt waits for nothing."
    read = f"Who is in the roles was read {moment(release.read_at)}."
    below = [*_aside(found), *_onward(release, found), read]
    return "\n".join([stands, "*What it waits for*", *_waits(found, [stands, *below]), *below])


def _waits(found: Why, besides: Iterable[str]) -> Iterable[str]:
    """Return what is waited for, as far as there is room besides the rest."""
    lines = [f"• {waits(one)}\n    by the rule: {RULES[one.kind]}" for one in found.waiting]
    return within(lines, LONGEST_TEXT - len("\n".join(besides)) - len("\n*What it waits for*\n"))


def _aside(found: Why) -> Iterable[str]:
    if found.set_aside:
        yield "*What does not count*"
        yield from within([*map(_no_answer, found.set_aside)], LONGEST_ASIDE)


def _no_answer(aside: SetAside) -> str:
    return f"• {person(aside.vote.by)} at {escape(aside.vote.gate)}: {escape(aside.because)}"


def _onward(release: Release, found: Why) -> Iterable[str]:
    if not found.acts:
        return
    yield "*The shortest way on*"
    yield from within([f"• {said(act, release)}" for act in found.acts], LONGEST_ONWARD)
    if found.override:
        yield f"In an emergency, {people(found.override)} can override a gate, with a reason and a review."


def said(act: Act, release: Release) -> str:
    """Return one act as a sentence."""
    name, several = escape(act.name), act.count > 1 and act.deed in MANY
    says = MANY[act.deed] if several else SAYS[act.deed]
    who = _several(act) if several else people(act.on) or "somebody"
    return says.format(who=who, name=name, ways=ways_on(release))


def _several(act: Act) -> str:
    """Return the people of whom several are needed: all of them, or so many."""
    return people(act.on, "and") if act.count == len(act.on) else f"{act.count} of {people(act.on)}"
