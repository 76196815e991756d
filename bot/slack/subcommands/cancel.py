"""`cancel`: call a release off."""

from bot.release.stages.cancel import Cancel
from bot.slack.desk import Call, Desk, Reply, answered
from bot.slack.incoming.picking import pick
from bot.slack.subcommands.subcommand import Subcommand
from bot.slack.writing.words import mention


async def answer(desk: Desk, call: Call) -> Reply:
    """Cancel the release that was named, for the reason that follows its key."""
    found = await pick(desk, call)
    if isinstance(found, Reply):
        return found
    release, reason = found
    cancel = Cancel(workspace=call.workspace, release=release.key, by=call.user, reason=reason)
    decided = await desk.coordinator.handle(cancel, call.delivery)
    return answered(decided, f"{mention(release)} is cancelled.")


CANCEL = Subcommand(
    name="cancel",
    usage="cancel [key] reason",
    summary="call a release off, before it has touched production",
    answer=answer,
)
