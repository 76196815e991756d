"""`rollback`, `veto` and `unlock`: take a release back, or not, and let the next start when it is mended."""

from collections.abc import Sequence
from typing import Final

from bot.ledger.reader import Reader
from bot.release.ids import ChannelId, ReleaseKey, WorkspaceId
from bot.release.release import Release
from bot.release.stages.going_back import VetoRollback
from bot.release.stages.lock import LiftLock
from bot.release.stages.rollback import Rollback
from bot.slack.buttons import Action, Target
from bot.slack.desk import Call, Desk, Reply, answered
from bot.slack.forms.reasons import REASONS
from bot.slack.incoming.opening import asks_again
from bot.slack.incoming.picking import NONE_HERE, Fitting, open_here, open_of, pick
from bot.slack.subcommands.subcommand import Subcommand
from bot.slack.writing.words import mention, refusal


async def _way_back_of(releases: Reader, workspace: WorkspaceId, service: str) -> Release | None:
    """Return what a rollback of a service takes back: what has touched production, or was completed last."""
    completed, going_out = await releases.of_service(workspace, service)
    touched = going_out if going_out and going_out.touched_production else None
    return touched or completed or going_out


async def _way_back_here(
    releases: Reader, workspace: WorkspaceId, channel: ChannelId
) -> Sequence[ReleaseKey]:
    """Return what a rollback can be about in a channel where nothing is named."""
    found = [await releases.find(row.id) for row in await releases.open_in(workspace, channel)]
    if touched := [release.key for release in found if release and release.touched_production]:
        return touched
    completed = await releases.completed_in(workspace, channel)
    return [completed.key] if completed else []


TAKEN_BACK: Final = Fitting(
    of_service=_way_back_of,
    of_channel=_way_back_here,
    no_such="{service} has no release that could be rolled back{here}.",
    none_here="No release of this channel is in production or on its way there, so there is nothing to roll"
    " back. If you mean one of another channel, name its key.",
)


async def rollback(desk: Desk, call: Call) -> Reply:
    """Roll the release back whose key and reason were typed; without both, open the form that asks again."""
    found = await pick(desk, call, TAKEN_BACK)
    if isinstance(found, Reply):
        return found
    release, reason = found
    typed_out = call.text.lower().startswith(release.key)
    if not reason or not typed_out:
        return await asks_again(desk, release, call.user)
    back = Rollback(workspace=call.workspace, release=release.key, by=call.user, reason=reason)
    decided = await desk.coordinator.handle(back, call.delivery)
    return answered(decided, f"The rollback of {mention(release)} has begun. Its messages have the steps.")


async def veto(desk: Desk, call: Call) -> Reply:
    """Keep the release that was named from going back by itself."""
    found = await pick(desk, call)
    if isinstance(found, Reply):
        return found
    release, reason = found
    keep = VetoRollback(workspace=call.workspace, release=release.key, by=call.user, reason=reason)
    if not reason:
        if refused := await desk.refuses(keep):
            return Reply(text=refusal(refused))
        return Reply(form=REASONS[Action.VETO_FORM].block(Target(release.key)))
    decided = await desk.coordinator.handle(keep, call.delivery)
    return answered(decided, f"{mention(release)} does not go back by itself.")


async def _locking(releases: Reader, workspace: WorkspaceId, service: str) -> Release | None:
    """Return the release that keeps a service locked, or will when it has been rolled back."""
    going_out = await open_of(releases, workspace, service)
    will = going_out if going_out and going_out.lock else None
    return await releases.locked(workspace, service) or will


LOCKING: Final = Fitting(
    of_service=_locking, of_channel=open_here, no_such="{service} is not locked.", none_here=NONE_HERE
)


async def unlock(desk: Desk, call: Call) -> Reply:
    """Lift the lock that the release which was named keeps on its service."""
    found = await pick(desk, call, LOCKING)
    if isinstance(found, Reply):
        return found
    release, mended = found
    lift = LiftLock(workspace=call.workspace, release=release.key, by=call.user, reason=mended)
    if not mended:
        if refused := await desk.refuses(lift):
            return Reply(text=refusal(refused))
        return Reply(form=REASONS[Action.UNLOCK_FORM].block(Target(release.key)))
    decided = await desk.coordinator.handle(lift, call.delivery)
    return answered(decided, f"Releases of {release.service} may start again.")


ROLLBACK = Subcommand(
    name="rollback",
    usage="rollback [key] [reason]",
    summary="take a release back that has touched production, or the newest completed one",
    answer=rollback,
)
VETO = Subcommand(
    name="veto",
    usage="veto [key] [reason]",
    summary="keep a release from going back by itself",
    answer=veto,
)
UNLOCK = Subcommand(
    name="unlock",
    usage="unlock key [what was mended]",
    summary="let releases of a service start again that was rolled back",
    answer=unlock,
)
