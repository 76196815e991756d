"""The closing message: how a release ended, told once in its thread."""

from collections.abc import Iterable

from bot.release.release import Release
from bot.slack.messages.blocks import section
from bot.slack.messages.message import Message
from bot.slack.messages.words import ended, mention


def closing(release: Release) -> Iterable[Message]:
    """Return the closing message of a release that has ended."""
    if release.state.ended:
        text = f"{mention(release)} is {ended(release)}"
        yield Message(slot="closing", born=release.since, text=text, blocks=[section(text)])
