"""The subcommands. A new one is added to this list."""

from typing import Final

from bot.slack.desk import Call, Desk, Reply
from bot.slack.subcommands.away import AWAY, BACK
from bot.slack.subcommands.cancel import CANCEL
from bot.slack.subcommands.change import CHANGE
from bot.slack.subcommands.check import CHECK
from bot.slack.subcommands.drill import DRILL
from bot.slack.subcommands.handoff import HANDOFF, LEAD
from bot.slack.subcommands.help import help_for, unknown
from bot.slack.subcommands.hold import HOLD, LIFT
from bot.slack.subcommands.hours import HOURS
from bot.slack.subcommands.list import LIST
from bot.slack.subcommands.rollback import ROLLBACK, UNLOCK, VETO
from bot.slack.subcommands.start import PREFLIGHT, START
from bot.slack.subcommands.status import STATUS
from bot.slack.subcommands.subcommand import Subcommand
from bot.slack.subcommands.summary import SUMMARY
from bot.slack.subcommands.why import WHY

_WORKING: Final = (
    START,
    PREFLIGHT,
    STATUS,
    WHY,
    SUMMARY,
    LIST,
    HOLD,
    LIFT,
    CHECK,
    CHANGE,
    HANDOFF,
    LEAD,
    AWAY,
    BACK,
    HOURS,
    CANCEL,
    ROLLBACK,
    VETO,
    UNLOCK,
    DRILL,
)
SUBCOMMANDS: Final[dict[str, Subcommand]] = {one.name: one for one in (*_WORKING, help_for(_WORKING))}


async def answer(desk: Desk, word: str, call: Call) -> Reply:
    """Answer the subcommand `word`; without a word, and for one that is unknown, say what there is."""
    subcommand = SUBCOMMANDS.get(word.lower() or "help")
    if subcommand is None:
        return unknown(desk, word, tuple(SUBCOMMANDS))
    return await subcommand.answer(desk, call)
