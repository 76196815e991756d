"""`help`: what can be typed."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from bot.slack.desk import MENTIONED, Call, Desk, Reply
from bot.slack.messages.text import escape
from bot.slack.subcommands.subcommand import Subcommand

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
    "sign": ("Sign off…", "the review"),
}
"""What people type and is a button: its words, and the message that it stands at."""


def help_for(subcommands: Sequence[Subcommand]) -> Subcommand:
    """Return the subcommand that explains `subcommands` and itself."""

    async def answer(desk: Desk, call: Call) -> Reply:
        lines = [f"• `{desk.command} {one.usage}`: {one.summary}" for one in (*subcommands, explains)]
        services = ", ".join(desk.runbooks.services()) or "none yet; add a runbook that names one"
        threads = f"In threads, Slack has no commands: write `{MENTIONED} status` there, or press a button."
        return Reply(text="\n".join(["What you can type:", *lines, f"Services: {services}", threads]))

    explains = Subcommand(name="help", usage="help", summary="this list", answer=answer)
    return explains


def unknown(desk: Desk, word: str, names: Sequence[str]) -> Reply:
    """Answer a word that is no subcommand: what was meant, or the button that does it."""
    near = next(iter(get_close_matches(word.lower(), (*names, *BUTTONS), n=1)), "")
    shown = escape(word[:40])
    if near in BUTTONS:
        button, place = BUTTONS[near]
        how = f"That is the button *{button}*, in the thread of a release, at the message of {place}."
        return Reply(text=f"There is no `{desk.command} {shown}`. {how}")
    meant = f" Did you mean `{desk.command} {near}`?" if near else ""
    return Reply(
        text=f"There is no `{desk.command} {shown}`.{meant} `{desk.command} help` lists what there is."
    )
