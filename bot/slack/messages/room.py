"""The channel of its own that a release may have: what it should be, and the first message in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bot.ledger.progress.rooms import Room
from bot.release.ids import UserId
from bot.release.release import Release
from bot.release.state import State
from bot.release.waiting import waiting_on
from bot.slack.messages.message import Message
from bot.slack.writing.blocks import section, sections
from bot.slack.writing.text import escape, person, quoted, shorten
from bot.slack.writing.words import BEFORE_STAGE, STATES, mention, title

LONGEST_TOPIC: Final = 250
"""Characters of a topic (docs.slack.dev, conversations.setTopic)."""
NO_ROOM: Final = "no room"
"""The slot of the private message to a captain whose release has no channel of its own after all."""
BECAUSE: Final = {
    "channel_not_found": "It is not there any more.",
    "is_archived": "Somebody has archived it.",
    "missing_scope": "I lack the scope for it. Ask whoever runs Rollcall to install me anew by its manifest.",
    "not_in_channel": "I was taken out of it.",
    "restricted_action": "I am not allowed to. Ask a workspace admin to let me.",
}
"""The errors by which a channel is lost that people can do something about, with what has happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRoom:
    """What the channel of a release should be. When `over`, it goes into the archive once all is shown."""

    name: str
    topic: str
    people: frozenset[UserId]
    over: bool


def wanted_room(release: Release) -> WantedRoom | None:
    """Return what the channel of a release should be, or None where its runbook asks for none."""
    if not release.runbook.own_channel:
        return None
    over = release.state.ended and not waiting_on(release)
    # A service's key is made of what a channel's name may have, and leaves room for the number.
    name = f"release-{release.key}"
    return WantedRoom(name=name, topic=_topic(release), people=frozenset(_people(release)), over=over)


def opening(release: Release, link: str) -> Message:
    """Return the first message of the channel; `link` leads to the card."""
    text = "\n".join(_opening(release, link))
    return Message(slot="opening", born=release.started_at, text=text, blocks=sections(text))


def where(room: Room | None) -> Iterable[str]:
    """Return the line of the card that leads to the channel."""
    if room and room.channel and not room.lost:
        until, archived = (" until its end", ", which is archived") if room.closed else ("", "")
        yield f"All about it{until} stands in <#{room.channel}>{archived}"


def no_room(release: Release, error: str) -> Message:
    """Return what the captain is told about a channel that could not be made, or that was lost."""
    because = BECAUSE.get(error, f"Slack says `{escape(error)}`.")
    text = (
        f"{mention(release)} goes on without a channel of its own, in the thread of its card in"
        f" <#{release.channel}>. {because}"
    )
    return Message(slot=NO_ROOM, born=release.started_at, text=text, blocks=[section(text)])


def _topic(release: Release) -> str:
    """Return in one sentence how a release stands; every change of it is told in the channel."""
    count = f"(stage {release.stage + 1} of {len(release.runbook.stages)})"
    before = BEFORE_STAGE.get(release.state)
    stage = f" {before} {release.current.name} {count}" if before else ""
    held = ", on hold" if release.holds and release.state is not State.ROLLING_BACK else ""
    return shorten(escape(f"{title(release)} is {STATES[release.state]}{stage}{held}"), LONGEST_TOPIC)


def _people(release: Release) -> Iterable[UserId]:
    """Return who leads a release, who owns its stage, and everybody who is asked something."""
    yield release.captain
    yield from filter(None, [release.deputy])
    yield from release.owners
    yield from (offer.to for offer in release.offers.values())
    for gate in release.open_gates:
        for role in gate.roles:
            yield from release.members.get(role, ())
    for waiting in waiting_on(release):
        yield from waiting.on


def _opening(release: Release, link: str) -> Iterable[str]:
    yield f"{mention(release)} goes out from here. {person(release.starter)} has started it."
    if release.note:
        yield quoted(release.note)
    yield f"<{link}|Its card> in <#{release.channel}> shows how it stands. What you type here is about it."
