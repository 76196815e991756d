"""`why`: what a release waits for by which rule, and what would move it on."""

from bot.slack.desk import Call, Desk, Reply
from bot.slack.incoming.picking import pick
from bot.slack.messages.why import why_text
from bot.slack.subcommands.subcommand import Subcommand


async def answer(desk: Desk, call: Call) -> Reply:
    """Say why the release that was named waits."""
    found = await pick(desk, call)
    return found if isinstance(found, Reply) else Reply(text=why_text(found[0]))


WHY = Subcommand(
    name="why", usage="why [key]", summary="why it waits, and the shortest way on", answer=answer
)
