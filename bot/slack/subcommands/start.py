"""`start`: begin a release."""

from bot.coordinator import Accepted
from bot.release.start import Start
from bot.slack.desk import Call, Desk, Reply, answered
from bot.slack.forms.start import start_form
from bot.slack.messages.words import mention
from bot.slack.subcommands.subcommand import Subcommand


async def answer(desk: Desk, call: Call) -> Reply:
    """Start the release that was named, or open the form when something is missing."""
    service, version, note = (*call.text.split(None, 2), "", "", "")[:3]
    if not version:
        return _form(desk, call, service)
    start = Start(
        workspace=call.workspace,
        by=call.user,
        channel=call.channel,
        service=service,
        version=version,
        note=note,
    )
    decided = await desk.coordinator.handle(start, call.delivery)
    started = mention(decided.release) if isinstance(decided, Accepted) else ""
    return answered(decided, f"{started} has started. Its card appears in this channel.")


def _form(desk: Desk, call: Call, service: str) -> Reply:
    services = desk.runbooks.services()
    if not services:
        return Reply(text="No runbook names a service yet, so there is nothing to start.")
    return Reply(form=start_form(services, call.channel, service))


START = Subcommand(
    name="start",
    usage="start [service] [version] [what goes out]",
    summary="start a release; without a version it opens a form",
    answer=answer,
)
