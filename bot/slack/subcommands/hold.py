"""`hold` and `lift`: name a concern, and say that it is settled."""

from bot.release.refusal import Code, Refused
from bot.release.stages.holds import LiftHold, PlaceHold
from bot.slack.desk import Call, Desk, Reply, answered
from bot.slack.forms.hold import hold_form, span
from bot.slack.incoming.picking import pick
from bot.slack.subcommands.subcommand import Subcommand
from bot.slack.writing.text import moment
from bot.slack.writing.words import mention, refusal


async def hold(desk: Desk, call: Call) -> Reply:
    """Place a hold for the reason that follows the key, or open the form when there is none."""
    found = await pick(desk, call)
    if isinstance(found, Reply):
        return found
    release, rest = found
    if not rest:
        return Reply(form=hold_form(release.key))
    first, reason = (*rest.split(None, 1), "", "")[:2]
    wait = span(first)
    place = PlaceHold(
        workspace=call.workspace,
        release=release.key,
        by=call.user,
        reason=rest if wait is None else reason,
        until=None if wait is None else desk.clock.now() + wait,
    )
    decided = await desk.coordinator.handle(place, call.delivery)
    again = f" You are asked about it {moment(place.until)}." if place.until else ""
    return answered(
        decided, f"{mention(release)} is on hold. Nothing moves forward until you lift it.{again}"
    )


async def lift(desk: Desk, call: Call) -> Reply:
    """Lift the hold that was named by its number; the number may be left out where there is only one."""
    found = await pick(desk, call)
    if isinstance(found, Reply):
        return found
    release, rest = found
    first, reason = (*rest.split(None, 1), "", "")[:2]
    if first.isascii() and first.isdigit() and len(first) < 6:
        number = int(first)
    elif len(release.holds) == 1:
        number, reason = release.holds[0].number, rest
    else:
        return Reply(text=refusal(_which(len(release.holds), release.key)))
    command = LiftHold(
        workspace=call.workspace, release=release.key, by=call.user, number=number, reason=reason
    )
    decided = await desk.coordinator.handle(command, call.delivery)
    return answered(decided, f"Hold {number} of {mention(release)} is lifted.")


def _which(holds: int, key: str) -> Refused:
    if not holds:
        return Refused(code=Code.NOTHING_TO_DO, because=f"{key} has no hold that is open.")
    return Refused(
        code=Code.STALE,
        because=f"{key} has {holds} open holds.",
        instead=f"Name one by its number, such as: lift {key} 1",
    )


HOLD = Subcommand(
    name="hold",
    usage="hold [key] [2h] [reason]",
    summary="stop it from moving forward, for a reason; with a time after which it is asked again",
    answer=hold,
)
LIFT = Subcommand(
    name="lift",
    usage="lift [key] [number] [reason]",
    summary="lift a hold; somebody else’s needs a reason",
    answer=lift,
)
