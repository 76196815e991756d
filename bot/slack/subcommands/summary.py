"""`summary`: what a handoff summary would tell now, for somebody who comes in between two of them."""

from bot.slack.desk import Call, Desk, Reply
from bot.slack.incoming.picking import pick
from bot.slack.messages.summary import summary_text
from bot.slack.subcommands.subcommand import Subcommand


async def answer(desk: Desk, call: Call) -> Reply:
    """Sum up the release that was named."""
    found = await pick(desk, call)
    return found if isinstance(found, Reply) else Reply(text=summary_text(found[0]))


SUMMARY = Subcommand(
    name="summary",
    usage="summary [key]",
    summary="what has happened since the last summary, and what comes next",
    answer=answer,
)
