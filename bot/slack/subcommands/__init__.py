"""The subcommands, one a file. A new one is added to this list."""

from typing import Final

from bot.slack.desk import Call, Desk, Reply
from bot.slack.subcommands.cancel import CANCEL
from bot.slack.subcommands.help import help_for, unknown
from bot.slack.subcommands.list import LIST
from bot.slack.subcommands.start import START
from bot.slack.subcommands.status import STATUS
from bot.slack.subcommands.subcommand import Subcommand

_WORKING: Final = (START, STATUS, LIST, CANCEL)
SUBCOMMANDS: Final[dict[str, Subcommand]] = {one.name: one for one in (*_WORKING, help_for(_WORKING))}


async def answer(desk: Desk, word: str, call: Call) -> Reply:
    """Answer the subcommand `word`; without a word, and for one that is unknown, say what there is."""
    subcommand = SUBCOMMANDS.get(word.lower() or "help")
    if subcommand is None:
        return unknown(desk, word, tuple(SUBCOMMANDS))
    return await subcommand.answer(desk, call)
