"""What Slack should show of a release: a pure function of the release."""

from collections.abc import Sequence

from bot.ledger.progress.rooms import Room
from bot.release.release import Release
from bot.slack.messages.card import card
from bot.slack.messages.closing import closing
from bot.slack.messages.evidence import evidence
from bot.slack.messages.gate import gates
from bot.slack.messages.handoff import handoffs, leavers
from bot.slack.messages.holds import holds
from bot.slack.messages.message import Message
from bot.slack.messages.override import overrides, reviews
from bot.slack.messages.reminder import reminders
from bot.slack.messages.revision import revisions
from bot.slack.messages.room import opening
from bot.slack.messages.setback import setbacks, taken_back
from bot.slack.messages.shift import shifts
from bot.slack.messages.stage import stages
from bot.slack.messages.summary import summaries


def messages(release: Release, head: str, room: Room | None = None, link: str = "") -> Sequence[Message]:
    """Return all messages of a release, in the order of its thread or its own channel: the card first.

    `link` is the address of the card, for the first message of the channel.
    """
    thread = [
        *([opening(release, link)] if room and room.channel and not room.lost else []),
        # Of what came about at once, the cause comes first.
        *taken_back(release),
        *gates(release),
        *overrides(release),
        *stages(release),
        *setbacks(release),
        *revisions(release),
        *holds(release),
        *evidence(release),
        *reviews(release),
        *handoffs(release),
        *leavers(release),
        *reminders(release),
        *summaries(release),
        *shifts(release),
        *closing(release),
    ]
    return [card(release, head, room), *sorted(thread, key=lambda message: message.born)]
