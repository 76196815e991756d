"""The closing message: how a release ended, told once in its thread."""

from collections.abc import Iterable

from bot.release.release import Release
from bot.release.state import State
from bot.slack.buttons import Action, Target
from bot.slack.messages.evidence import attached
from bot.slack.messages.message import Message, entry
from bot.slack.messages.summary import happened
from bot.slack.writing.blocks import Block, actions, button
from bot.slack.writing.drill import times
from bot.slack.writing.text import escape
from bot.slack.writing.words import ended


def closing(release: Release) -> Iterable[Message]:
    """Return the closing message of a release that has ended."""
    if not release.state.ended:
        return
    buttons = [unlock_button(release)] if release.lock else []
    yield entry(release, f"closing:{release.state}", release.since, _lines(release), buttons)


def unlock_button(release: Release) -> Block:
    """Return the row that lifts the lock on the service."""
    value, label = Target(release.key).value(), f"Lift the lock on {release.service}"
    return actions([button("Lift the lock…", Action.UNLOCK_FORM, value, label=label)])


def _lines(release: Release) -> Iterable[str]:
    """Return how it ended, and what the summaries so far have not told."""
    yield f"The {'drill' if release.rehearsal else 'release'} is {ended(release)}"
    if release.state is State.ROLLED_BACK:
        yield f"{escape(release.version)} is withdrawn."
    yield from times(release)
    if release.lock:
        yield f"*{release.service}* is *locked*: no release of it starts until somebody says what was mended."
    if evidence := attached(release):
        yield evidence
    if release.news:
        yield from happened(release.news, max((past.at for past in release.summaries), default=None))
