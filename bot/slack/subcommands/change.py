"""`change`: say that something else goes out than was started."""

from bot.slack.desk import Call, Desk, Reply
from bot.slack.forms.start import LONGEST_LIST, change_form
from bot.slack.incoming.picking import pick
from bot.slack.subcommands.subcommand import Subcommand


async def answer(desk: Desk, call: Call) -> Reply:
    """Open the form with what goes out now."""
    found = await pick(desk, call)
    if isinstance(found, Reply):
        return found
    release, _ = found
    typed = not release.manifest.commit
    if typed and len("\n".join(release.manifest.paths)) > LONGEST_LIST:
        return Reply(
            text=f"{release.key} changes more paths than a form can hold, so it is not changed here."
        )
    return Reply(form=change_form(release))


CHANGE = Subcommand(
    name="change",
    usage="change [key]",
    summary="change what goes out; those whom it concerns are asked again",
    answer=answer,
)
