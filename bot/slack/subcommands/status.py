"""`status`: where a release stands and what it waits for."""

from bot.release.release import Release
from bot.release.waiting import waiting_on
from bot.slack.desk import Call, Desk, Reply
from bot.slack.incoming.picking import pick
from bot.slack.subcommands.subcommand import Subcommand
from bot.slack.writing.text import LONGEST_TEXT, within
from bot.slack.writing.words import mention, standing, waits


async def answer(desk: Desk, call: Call) -> Reply:
    """Say how the release that was named stands."""
    found = await pick(desk, call)
    return found if isinstance(found, Reply) else Reply(text=status(found[0]))


def status(release: Release) -> str:
    """Return how a release stands, a line for each thing that it waits for."""
    stands = f"{mention(release)} is {standing(release)}"
    lines = [f"• {waits(waiting)}" for waiting in waiting_on(release)]
    return "\n".join([stands, *within(lines, LONGEST_TEXT - len(stands) - 1)])


STATUS = Subcommand(
    name="status",
    usage="status [key]",
    summary="where a release stands and who is waited for",
    answer=answer,
)
