"""What can be read of a check: whether it passes, or why that is not known."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from bot.release.gates.checks import Outcome
from bot.runbook.checks import Read

SHOWN: Final = 5
"""Names that a reason holds."""
SHOWN_OF_A_NAME: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be read for one release: what the runbook says of it, and the values of its fields.

    What is not known of the release, such as its commit, is not in `values`. `tickets` are those of the
    release, and `untold` is why there may be more of them.
    """

    read: Read
    repository: str
    values: Mapping[str, str]
    tickets: tuple[str, ...] = ()
    untold: str = ""


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


def listed(names: Sequence[str]) -> str:
    """Return names in one line, as far as they can be seen and there is room."""
    seen = [_seen(name) for name in names[:SHOWN]]
    more = [f"and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
    return ", ".join([*seen, *more])


def _seen(name: str) -> str:
    return "".join(c if c.isprintable() else " " for c in name)[:SHOWN_OF_A_NAME]
