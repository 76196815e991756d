"""Putting off everything that waits for a person, from the digest."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from bot.coordinator import Accepted
from bot.ledger.answers import Delivery
from bot.release.ids import UserId, WorkspaceId
from bot.release.people.hours import Hours
from bot.release.refusal import Refused
from bot.release.telling.snooze import LONGEST, Snooze
from bot.release.waiting import waiting_on
from bot.slack.buttons import NO_RELEASE, Action
from bot.slack.desk import Desk, Reply
from bot.slack.messages.blocks import Block, actions, button
from bot.slack.messages.words import refusal

NOTHING: Final = "Nothing waits for you any more."
LATER: Final[Mapping[Action, tuple[str, Callable[[Hours, datetime], datetime]]]] = {
    Action.REMIND_IN_AN_HOUR: ("In an hour", lambda _, now: now + timedelta(hours=1)),
    Action.REMIND_IN_FOUR_HOURS: ("In four hours", lambda _, now: now + timedelta(hours=4)),
    Action.REMIND_TOMORROW: (
        "In the morning",
        lambda hours, now: min(hours.next_morning(now), now + LONGEST),
    ),
}
"""The buttons that put off, with what is on them and until when they do."""


def later_buttons() -> Block:
    """Return the row with which a person puts off all that the digest says."""
    value = NO_RELEASE.value()
    return actions(
        [
            button(text, action, value, label=f"Remind me again {text.lower()}")
            for action, (text, _) in LATER.items()
        ]
    )


async def put_off(desk: Desk, action: Action, workspace: WorkspaceId, user: UserId, delivery: str) -> Reply:
    """Put off the reminders of each release that waits for a person; the digest says until when."""
    _, until_when = LATER[action]
    until = until_when(await desk.coordinator.hours_of(workspace, user), desk.clock.now())
    waiting = [
        release
        for release in await desk.releases.unsettled(workspace)
        if any(user in one.on for one in waiting_on(release))
    ]
    answers = [
        await desk.coordinator.handle(
            Snooze(workspace=workspace, release=release.key, by=user, until=until),
            Delivery(f"{delivery}:{release.key}"),
        )
        for release in waiting
    ]
    if any(isinstance(answer, Accepted) for answer in answers):
        return Reply()
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    return Reply(text=refusal(refused[0]) if refused else NOTHING)
