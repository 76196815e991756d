"""What can be read of a check: whether it passes, or why that is not known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.release.gates.checks import Outcome
from bot.runbook.checks import Read


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be read for one release: what the runbook says of it, and the values of its fields.

    What is not known of the release, such as its commit, is not in `values`.
    """

    read: Read
    repository: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a check goes, and what was said of it: a few words that can follow a colon."""

    outcome: Outcome
    said: str = ""


class Unreadable(Exception):
    """It cannot be read how a check goes; the message says why, in words that can follow a colon."""


class Source(Protocol):
    """Something in which checks can be read."""

    async def read(self, asked: Asked) -> Reading:
        """Return how a check goes now. Raises Unreadable, and only that for what can go wrong outside."""
        ...


def with_values(fill: Callable[[str, Mapping[str, str]], str], text: str, values: Mapping[str, str]) -> str:
    """Return a text that `fill` has filled. Raises Unreadable where a value is not known."""
    try:
        return fill(text, values)
    except KeyError as field:
        raise Unreadable(f"the {field.args[0]} of this release is not known") from None
