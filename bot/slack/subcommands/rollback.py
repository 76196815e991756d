"""`rollback`, `veto` and `unlock`: take a release back, or not, and let the next start when it is mended."""

from typing import Final

from bot.ledger.reader import Reader
from bot.release.decide import decide
from bot.release.ids import WorkspaceId
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.stages.going_back import VetoRollback
from bot.release.stages.lock import LiftLock
from bot.release.stages.rollback import Rollback
from bot.slack.buttons import Action, Target
from bot.slack.desk import Call, Desk, Reply, answered
from bot.slack.forms.reasons import REASONS
from bot.slack.forms.rollback import rollback_form
from bot.slack.incoming.picking import Fitting, pick
from bot.slack.subcommands.subcommand import Subcommand
from bot.slack.writing.words import mention, refusal


async def rollback(desk: Desk, call: Call) -> Reply:
    """Roll the release back whose key and reason were typed; without both, open the form that asks again."""
    found = await pick(desk, call)
    if isinstance(found, Reply):
        return found
    release, reason = found
    typed_out = call.text.lower().startswith(release.key)
    if not reason or not typed_out:
        last = await desk.releases.recoveries(call.workspace, release.service)
        return Reply(form=rollback_form(release, last))
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
        refused = decide(release, keep, await desk.coordinator.facts(release))
        if isinstance(refused, Refused) and refused.code is not Code.REASON_MISSING:
            return Reply(text=refusal(refused))
        return Reply(form=REASONS[Action.VETO_FORM].block(Target(release.key)))
    decided = await desk.coordinator.handle(keep, call.delivery)
    return answered(decided, f"{mention(release)} does not go back by itself.")


async def _locking(releases: Reader, workspace: WorkspaceId, service: str) -> Release | None:
    """Return the release that keeps a service locked, or will when it has been rolled back."""
    _, going_out = await releases.of_service(workspace, service)
    will = going_out if going_out and going_out.lock else None
    return await releases.locked(workspace, service) or will


LOCKING: Final = Fitting(find=_locking, none="{service} is not locked.")


async def unlock(desk: Desk, call: Call) -> Reply:
    """Lift the lock that the release which was named keeps on its service."""
    found = await pick(desk, call, LOCKING)
    if isinstance(found, Reply):
        return found
    release, mended = found
    lift = LiftLock(workspace=call.workspace, release=release.key, by=call.user, reason=mended)
    if not mended:
        # A form cannot mention people, so who may not lift it is told before it opens.
        refused = decide(release, lift, await desk.coordinator.facts(release))
        if isinstance(refused, Refused) and refused.code is not Code.REASON_MISSING:
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
