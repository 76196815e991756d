"""`list`: the open releases of the workspace."""

from bot.slack.desk import Call, Desk, Reply
from bot.slack.subcommands.subcommand import Subcommand
from bot.slack.writing.text import escape, moment
from bot.slack.writing.words import STATES

SHOWN = 20


async def answer(desk: Desk, call: Call) -> Reply:
    """List the open releases, the newest first; in public, those of the channel alone."""
    rows = await desk.releases.open_in(call.workspace, call.sees, limit=SHOWN + 1)
    if not rows:
        where = " in this channel" if call.public else ""
        return Reply(text=f"No release is open{where}. Start one: {desk.command} start")
    lines = [
        f"• *{row.id.key}* ({escape(row.service)} {escape(row.version)}) in <#{row.channel}>:"
        f" {STATES[row.state]}, started {moment(row.started_at)}"
        for row in rows[:SHOWN]
    ]
    more = [f"There are more; these are the newest {SHOWN}."] if len(rows) > SHOWN else []
    return Reply(text="\n".join([*lines, *more]))


LIST = Subcommand(name="list", usage="list", summary="the open releases", answer=answer)
