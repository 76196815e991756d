"""The private answer to a preflight, and to a start that is only tried out."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from bot.release.outlook.preflight import GateOutlook, preflight
from bot.release.people.directory import Directory
from bot.release.release import Release
from bot.slack.writing.text import LONGEST_TEXT, escape, moment, people, person, within
from bot.slack.writing.words import policy, rolled_back_before, title

LONGEST_POLICY: Final = 800
"""Characters, of what LONGEST_TEXT allows in all."""


def preflight_text(release: Release, directory: Directory, now: datetime, deadline: datetime) -> str:
    """Return whether each seat of a release could be filled before the deadline."""
    outlook = preflight(release, directory.hours, now, deadline)
    above = [
        f"*{escape(title(release))}*, if it were started now: {_verdict(outlook)}",
        *rolled_back_before(release),
    ]
    below = [
        *_policy(release),
        f"Counted as awake: who is at work, by their own time zone, before {moment(deadline)}.",
        "Nothing was started.",
    ]
    return "\n".join([*above, *_gates(outlook, LONGEST_TEXT - len("\n".join([*above, "", *below]))), *below])


def _gates(outlook: Sequence[GateOutlook], room: int) -> Iterable[str]:
    """Return what can be said of each gate; where that is too much, of those that could not be met first."""
    lines = ["\n".join(_gate(gate)) for gate in outlook]
    if len("\n".join(lines)) > room:
        lines = ["\n".join(_gate(gate)) for gate in sorted(outlook, key=lambda gate: gate.fine)]
    return within(lines, room)


def _verdict(outlook: Sequence[GateOutlook]) -> str:
    troubled = sum(not gate.fine for gate in outlook)
    if not outlook:
        return "it has no gates"
    if not troubled:
        return "every gate could be met in time"
    return f"{troubled} of {len(outlook)} gates could not be met in time"


def _gate(gate: GateOutlook) -> Iterable[str]:
    name = f"*{escape(gate.gate)}* before {escape(gate.stage)}"
    if not gate.needed:
        yield f"– {name}: not needed for this release"
        return
    checks = f"the check{'s'[: len(gate.checks) > 1]} {escape(', '.join(gate.checks))}" if gate.checks else ""
    yield f"{'✓' if gate.fine else '✗'} {name}: {', and '.join(filter(None, [people(gate.may), checks]))}"
    if gate.short:
        yield f"    too few people in {escape(' and '.join(gate.short))}: add people to the role"
    if gate.asleep:
        yield f"    too few people of {escape(' and '.join(gate.asleep))} are at work before the deadline"
    for at, who in gate.wakes:
        yield f"    {person(who)} is at work from {moment(at)}: start later, or set a later deadline"


def _policy(release: Release) -> Iterable[str]:
    if release.policy:
        yield "*Who may approve has changed*, and those who could approve before sign it first:"
        yield from within([*policy(release)], LONGEST_POLICY)
