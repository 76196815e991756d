"""The message of a change in what goes out: what it is now, whom that asks again, and why."""

from collections.abc import Iterable

from bot.release.release import Release
from bot.release.stages.revision import ManifestChanged
from bot.slack.messages.message import Message, entry
from bot.slack.writing.text import escape, moment, person


def revisions(release: Release) -> Iterable[Message]:
    """Return the message of each change of the manifest."""
    for number, change in enumerate(release.revisions):
        yield entry(release, f"revision:{number}", change.at, _lines(change))


def _lines(change: ManifestChanged) -> Iterable[str]:
    yield f"{person(change.by)} changed what goes out to *{escape(change.version)}*, {moment(change.at)}"
    yield "It begins again at the first stage."
    for again in change.asked_again:
        yield f"• {person(again.person)} is asked again at {escape(again.gate)}: {escape(again.because)}"
    if not change.asked_again:
        yield "Nobody is asked again."
