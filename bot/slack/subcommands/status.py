"""`status`: where a release stands and what it waits for."""

from bot.release.release import Release
from bot.release.waiting import waiting_on
from bot.slack.desk import Call, Desk, Reply, pick
from bot.slack.messages.words import ended, mention, standing, waits
from bot.slack.subcommands.subcommand import Subcommand


async def answer(desk: Desk, call: Call) -> Reply:
    """Say how the release that was named stands."""
    found = await pick(desk, call)
    return found if isinstance(found, Reply) else Reply(text=status(found[0]))


def status(release: Release) -> str:
    """Return how a release stands, a line for each thing that it waits for."""
    now = ended(release) if release.state.ended else standing(release)
    return "\n".join([f"{mention(release)} is {now}", *(f"• {waits(w)}" for w in waiting_on(release))])


STATUS = Subcommand(
    name="status",
    usage="status [key]",
    summary="where a release stands and who is waited for",
    answer=answer,
)
