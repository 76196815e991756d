"""`help`: what can be typed."""

from collections.abc import AsyncIterator, Sequence
from difflib import get_close_matches
from typing import Final

from bot.release.waiting import waiting_on
from bot.slack.desk import MENTIONED, Call, Desk, Reply
from bot.slack.subcommands.subcommand import Subcommand
from bot.slack.writing.text import escape, within
from bot.slack.writing.words import mention, standing, waits

GATE: Final = "the gate"
STAGE: Final = "the stage"
BUTTONS: Final = {
    "approve": ("Approve", GATE),
    "reject": ("Reject", GATE),
    "abstain": ("More…", GATE),
    "withdraw": ("More…", GATE),
    "settle": ("More…", GATE),
    "override": ("More…", GATE),
    "begin": ("Begin", STAGE),
    "done": ("Done", STAGE),
    "failed": ("It failed…", STAGE),
    "retry": ("Retry", STAGE),
    "skip": ("Skip…", STAGE),
    "accept": ("Read and accept…", "the handoff"),
    "decline": ("Decline", "the handoff"),
    "takeover": ("Take over…", "the summary"),
    "sign": ("Sign off…", "the review"),
}
"""What people type and is a button: its words, and the message that it stands at."""
SHOWN: Final = 5
"""Open releases of the channel that the help names."""
LONGEST_HERE: Final = 1_200
"""Characters of what it says of them, so that what can be typed stands below."""


def help_for(subcommands: Sequence[Subcommand]) -> Subcommand:
    """Return the subcommand that explains `subcommands` and itself."""

    async def answer(desk: Desk, call: Call) -> Reply:
        lines = [f"• `{desk.command} {one.usage}`: {one.summary}" for one in (*subcommands, explains)]
        services = ", ".join(desk.runbooks.services()) or "none yet; add a runbook that names one"
        threads = f"In threads, Slack has no commands: write `{MENTIONED} status` there, or press a button."
        here = within([line async for line in _here(desk, call)], LONGEST_HERE)
        return Reply(text="\n".join([*here, "What you can type:", *lines, f"Services: {services}", threads]))

    explains = Subcommand(name="help", usage="help", summary="this list", answer=answer)
    return explains


def unknown(desk: Desk, word: str, names: Sequence[str]) -> Reply:
    """Answer a word that is no subcommand: what was meant, or the button that does it."""
    near = next(iter(get_close_matches(word.lower(), (*names, *BUTTONS), n=1)), "")
    shown = escape(word[:40])
    if near in BUTTONS:
        button, place = BUTTONS[near]
        how = f"That is the button *{button}* of a release, at the message of {place}."
        return Reply(text=f"There is no `{desk.command} {shown}`. {how}")
    meant = f" Did you mean `{desk.command} {near}`?" if near else ""
    return Reply(
        text=f"There is no `{desk.command} {shown}`.{meant} `{desk.command} help` lists what there is."
    )


async def _here(desk: Desk, call: Call) -> AsyncIterator[str]:
    """Return lines for the newest open releases of the channel, and for what of them waits for the caller."""
    rows = await desk.releases.open_in(call.workspace, call.channel, limit=SHOWN)
    for row in rows:
        if release := await desk.releases.find(row.id):
            yield f"• {mention(release)} is {standing(release)}"
            for one in waiting_on(release):
                if call.user in one.on:
                    yield f"      It waits for you: {waits(one)}"
