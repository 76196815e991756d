"""Text for Slack. Whatever people or pipelines wrote goes through `escape`, at the last moment."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from bot.release.ids import ROLLCALL, UserId

MOST_NAMED: Final = 12
FORMATTING: Final = re.compile(r"(?<!\w)[*_~](?=\S)|(?<=\S)[*_~](?!\w)|`")
ADDRESS: Final = re.compile(r"(https?://[!-;=?-{}~]*[\w/=#&%+-])", re.ASCII)
HALF_A_MARK: Final = re.compile(r"(<[^>]*|&[a-z]*)\Z")


def escape(text: str) -> str:
    """Return text that Slack shows as it was written: no mention, link or formatting comes of it.

    Slack asks for `&`, `<` and `>` to be escaped. A sign of its own formatting works where a word begins or
    ends; there it gets a word joiner, which is not visible, on both sides, so that it stays a sign.
    """
    return FORMATTING.sub("\u2060\\g<0>\u2060", _entities(text))


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quoted(text: str) -> str:
    """Return what somebody wrote as a quotation, so that none of its lines can pass for Rollcall's own.

    A web address in it becomes a link that shows the whole address.
    """
    parts = ADDRESS.split(text)
    safe = "".join(f"<{_entities(part)}>" if at % 2 else escape(part) for at, part in enumerate(parts))
    return "\n".join(f"> {line}" for line in safe.splitlines())


def shorten(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, with an ellipsis where it was cut; no mark is halved."""
    return text if len(text) <= limit else HALF_A_MARK.sub("", text[: limit - 1]).rstrip() + "…"


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
