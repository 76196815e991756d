"""`help`: what can be typed."""

from collections.abc import Sequence
from difflib import get_close_matches

from bot.slack.desk import Call, Desk, Reply
from bot.slack.messages.text import escape
from bot.slack.subcommands.subcommand import Subcommand


def help_for(subcommands: Sequence[Subcommand]) -> Subcommand:
    """Return the subcommand that explains `subcommands` and itself."""

    async def answer(desk: Desk, call: Call) -> Reply:
        lines = [f"• `{desk.command} {one.usage}`: {one.summary}" for one in (*subcommands, explains)]
        services = ", ".join(desk.runbooks.services()) or "none yet; add a runbook that names one"
        return Reply(text="\n".join(["What you can type:", *lines, f"Services: {services}"]))

    explains = Subcommand(name="help", usage="help", summary="this list", answer=answer)
    return explains


def unknown(desk: Desk, word: str, names: Sequence[str]) -> Reply:
    """Answer a word that is no subcommand."""
    near = get_close_matches(word.lower(), names, n=1)
    meant = f" Did you mean `{desk.command} {near[0]}`?" if near else ""
    shown = escape(word[:40])
    return Reply(
        text=f"There is no `{desk.command} {shown}`.{meant} `{desk.command} help` lists what there is."
    )
