"""The message of each piece of evidence: who has attached it, where it is, and what they say of it."""

from collections.abc import Iterable

from bot.release.gates.evidence import Evidence
from bot.release.release import Release
from bot.slack.messages.message import Message, entry
from bot.slack.writing.text import moment, person, quoted


def evidence(release: Release) -> Iterable[Message]:
    """Return the message of each piece of evidence."""
    for number, attached in enumerate(release.evidence, start=1):
        yield entry(release, f"evidence:{number}", attached.at, _lines(number, attached))


def attached(release: Release) -> str:
    """Return a sentence about how much evidence there is, or nothing."""
    match len(release.evidence):
        case 0:
            return ""
        case 1:
            return "1 piece of evidence is attached, in a message of its own."
        case count:
            return f"{count} pieces of evidence are attached, each in a message of its own."


def _lines(number: int, one: Evidence) -> Iterable[str]:
    yield f"*Evidence {number}* attached by {person(one.by)}, {moment(one.at)}"
    yield quoted(one.link)
    if one.comment:
        yield quoted(one.comment)
