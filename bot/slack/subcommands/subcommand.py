"""What a subcommand of the slash command is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.slack.desk import Call, Desk, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Subcommand:
    """A word after the slash command: how it is written, what it does, and the function that answers it."""

    name: str
    usage: str
    summary: str
    answer: Callable[[Desk, Call], Awaitable[Reply]]
