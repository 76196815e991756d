"""Text for Slack. Whatever people or pipelines wrote goes through `escape`, at the last moment."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from bot.release.ids import ROLLCALL, UserId

MOST_NAMED: Final = 12


def escape(text: str) -> str:
    """Return text that Slack shows as it was written: no mention, link or formatting comes of it.

    Slack asks for `&`, `<` and `>` to be escaped. The signs of its own formatting, which work in pairs, get a
    word joiner in front, which is not visible, so that they stay signs.
    """
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for sign in "*_~`":
        if safe.count(sign) > 1:
            safe = safe.replace(sign, f"\u2060{sign}")
    return safe


def shorten(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, with an ellipsis where some were cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def person(user: UserId) -> str:
    """Return a mention of a person."""
    return "Rollcall" if user == ROLLCALL else f"<@{user}>"


def people(users: Iterable[UserId], last: str = "or") -> str:
    """Return mentions as an enumeration such as `a, b or c`; of a crowd, the first and how many more."""
    names = [person(user) for user in users]
    if len(names) > MOST_NAMED:
        names = [*names[: MOST_NAMED - 1], f"{len(names) - MOST_NAMED + 1} more"]
    return f" {last} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def moment(at: datetime) -> str:
    """Return a time that each reader sees in their own zone, with UTC for those who cannot."""
    fallback = at.strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{fallback}>"
