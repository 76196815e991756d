"""Text for Slack. Whatever people or pipelines wrote goes through `escape`, at the last moment."""

from collections.abc import Iterable
from datetime import datetime

from bot.release.ids import ROLLCALL, UserId


def escape(text: str) -> str:
    """Return text that Slack shows as it was written: no mention, link or formatting comes of it.

    Slack asks for `&`, `<` and `>` to be escaped. The signs of its own formatting get a word joiner in front,
    which is not visible, so that they stay signs.
    """
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for sign in "*_~`":
        safe = safe.replace(sign, f"\u2060{sign}")
    return safe


def shorten(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, with an ellipsis where some were cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def person(user: UserId) -> str:
    """Return a mention of a person."""
    return "Rollcall" if user == ROLLCALL else f"<@{user}>"


def people(users: Iterable[UserId]) -> str:
    """Return mentions as an enumeration: `a, b or c`."""
    names = [person(user) for user in users]
    return " or ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def moment(at: datetime) -> str:
    """Return a time that each reader sees in their own zone, with UTC for those who cannot."""
    fallback = at.strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{fallback}>"
