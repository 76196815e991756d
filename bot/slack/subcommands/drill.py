"""`drill`: rehearse the way back of a service, with a stopwatch."""

from bot.coordinator import Accepted
from bot.release.stages.drill import StartDrill
from bot.slack.desk import Call, Desk, Reply, answered, typed, unquoted
from bot.slack.subcommands.subcommand import Subcommand
from bot.slack.writing.drill import rehearsed
from bot.slack.writing.text import escape
from bot.slack.writing.words import mention


async def answer(desk: Desk, call: Call) -> Reply:
    """Start a drill of the service that was named."""
    service, *rest = typed(call.raw).split()[:2] or [""]
    if not service or rest:
        services = ", ".join(map(escape, desk.runbooks.services())) or "none yet"
        return Reply(
            text=f"Name the service, and nothing else, such as: drill checkout. Services: {services}."
        )
    drill = StartDrill(
        workspace=call.workspace, by=call.user, channel=call.channel, service=unquoted(service)
    )
    decided = await desk.coordinator.handle(drill, call.delivery)
    if not isinstance(decided, Accepted):
        return answered(decided, "")
    return Reply(text="\n".join([f"{mention(decided.release)} has begun.", *rehearsed(decided.release)]))


DRILL = Subcommand(
    name="drill",
    usage="drill service",
    summary="rehearse the way back where the runbook says, with a stopwatch",
    answer=answer,
)
