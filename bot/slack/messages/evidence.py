"""The message of each piece of evidence: who has attached it, where it is, and what they say of it."""

from collections.abc import Iterable

from bot.release.gates.evidence import Evidence
from bot.release.release import Release
from bot.slack.messages.message import Message, entry
from bot.slack.messages.text import moment, person, quoted


def evidence(release: Release) -> Iterable[Message]:
    """Return the message of each piece of evidence."""
    for number, attached in enumerate(release.evidence, start=1):
        yield entry(release, f"evidence:{number}", attached.at, _lines(number, attached))


def attached(release: Release) -> str:
    """Return how much evidence there is, or nothing."""
    count = len(release.evidence)
    return f"{count} {'piece' if count == 1 else 'pieces'} of evidence attached" if count else ""


def _lines(number: int, one: Evidence) -> Iterable[str]:
    yield f"*Evidence {number}* attached by {person(one.by)}, {moment(one.at)}"
    yield quoted(one.link)
    if one.comment:
        yield quoted(one.comment)
