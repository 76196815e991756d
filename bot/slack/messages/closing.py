"""The closing message: how a release ended, told once in its thread."""

from collections.abc import Iterable

from bot.release.release import Release
from bot.slack.messages.message import Message, entry
from bot.slack.messages.words import ended


def closing(release: Release) -> Iterable[Message]:
    """Return the closing message of a release that has ended."""
    if release.state.ended:
        yield entry(release, "closing", release.since, [f"The release is {ended(release)}"])
