"""Putting off all reminders, as a person has pressed it in the digest."""

from bot.release.ids import UserId, WorkspaceId
from bot.release.refusal import Refused
from bot.release.telling.snooze import Snooze
from bot.slack.buttons import Action
from bot.slack.desk import Desk, Reply
from bot.slack.digest.later import LATER
from bot.slack.writing.words import refusal


async def put_off(desk: Desk, action: Action, workspace: WorkspaceId, user: UserId) -> Reply:
    """Remind somebody of nothing before a moment; the digest says until when."""
    _, until_when = LATER[action]
    until = until_when(await desk.coordinator.hours_of(workspace, user), desk.clock.now())
    # No release is looked at for it: each takes it in when it next reminds somebody.
    noted = await desk.coordinator.note(Snooze(workspace=workspace, by=user, until=until))
    return Reply(text=refusal(noted)) if isinstance(noted, Refused) else Reply()
