"""Putting off everything that waits for a person, as they have pressed it in the digest."""

from typing import Final

from bot.coordinator import Accepted
from bot.ledger.answers import Delivery
from bot.release.ids import UserId, WorkspaceId
from bot.release.refusal import Refused
from bot.release.telling.snooze import Snooze
from bot.release.waiting import waiting_on
from bot.slack.buttons import Action
from bot.slack.desk import Desk, Reply
from bot.slack.digest.later import LATER
from bot.slack.messages.words import refusal

NOTHING: Final = "Nothing waits for you any more."


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
