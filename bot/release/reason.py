"""The reasons and comments that people give."""

import re
import unicodedata
from typing import Final

from bot.release.refusal import Code, Refused

LIMIT: Final = 500
"""Characters. Every answer at a gate is shown in one Slack message."""

TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Unicode's embeddings, overrides and isolates of direction (UAX 9)."""
LINK: Final = re.compile(r"https?://[!-;=?-{}~]+", re.ASCII)
"""A web address without spaces and what Slack would take for its own marks."""


def is_link(text: str) -> bool:
    """Return whether a text is a web address that can be shown."""
    return len(text) <= LIMIT and LINK.fullmatch(text) is not None


def reason_trouble(reason: str) -> Refused | None:
    """Refuse a reason that is missing, blank or too long."""
    if not any(letter.isalnum() for letter in reason):
        return Refused(
            code=Code.REASON_MISSING,
            because="A reason is needed, so that others know what to do about it.",
            instead="Say in a few words why.",
        )
    return comment_trouble(reason)


def comment_trouble(comment: str, limit: int = LIMIT) -> Refused | None:
    """Refuse a text that is too long, or that would not be read as it was written."""
    if len(comment) > limit:
        return Refused(
            code=Code.TEXT_TOO_LONG,
            because=f"The text has {len(comment):,} characters; it holds {limit:,}.",
            instead="Shorten it, or put a link in its place.",
        )
    if not comment.isprintable() and any(_misleads(letter) for letter in comment):
        return Refused(
            code=Code.TEXT_UNREADABLE,
            because="The text holds signs that cannot be seen and change how the rest is read.",
            instead="Type it anew, without what was pasted.",
        )
    return None


def _misleads(letter: str) -> bool:
    # Halves of surrogate pairs, control characters, and those that turn the direction of what follows: none
    # of them is printable.
    return (unicodedata.category(letter) in ("Cs", "Cc") and letter not in "\n\t\r") or letter in TURNING
