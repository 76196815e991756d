"""The reasons and comments that people give."""

from typing import Final

from bot.release.refusal import Code, Refused

LIMIT: Final = 500
"""Characters. Every answer at a gate is shown in one Slack message."""


def reason_trouble(reason: str) -> Refused | None:
    """Refuse a reason that is missing, blank or too long."""
    if not any(letter.isalnum() for letter in reason):
        return Refused(
            code=Code.REASON_MISSING,
            because="A reason is needed, so that others know what to do about it.",
            instead="Say in a few words why.",
        )
    return comment_trouble(reason)


def comment_trouble(comment: str) -> Refused | None:
    """Refuse a comment that is too long."""
    if len(comment) <= LIMIT:
        return None
    return Refused(
        code=Code.TEXT_TOO_LONG,
        because=f"The text has {len(comment):,} characters; it holds {LIMIT}.",
        instead="Shorten it, or put a link in its place.",
    )
