"""Text for Slack. Whatever people or pipelines wrote goes through `escape`, at the last moment."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Final

from bot.release.ids import ROLLCALL, ChannelId, UserId

MOST_NAMED: Final = 12
LONGEST_TEXT: Final = 4_000
"""Characters that an update of a message may have as its text (docs.slack.dev, chat.update)."""
LONGEST_MORE: Final = 20
"""Characters of the line that says how many more there are."""
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


def within(lines: Sequence[str], limit: int) -> list[str]:
    """Return as many of the lines as hold `limit` characters in all, and then how many more there are."""
    whole = "\n".join(lines)
    if len(whole) <= limit:
        return [*lines]
    ends = [*accumulate(len(line) + 1 for line in lines)]
    many = max(bisect_right(ends, limit - LONGEST_MORE), 1)
    more = [f"… and {len(lines) - many} more"] if many < len(lines) else []
    return [shorten(line, limit - LONGEST_MORE) for line in lines[:many]] + more


def person(user: UserId) -> str:
    """Return a mention of a person."""
    return "Rollcall" if user == ROLLCALL else f"<@{user}>"


def people(users: Iterable[UserId], last: str = "or") -> str:
    """Return mentions as an enumeration such as `a, b or c`; of a crowd, the first and how many more."""
    names = [person(user) for user in users]
    if len(names) > MOST_NAMED:
        names = [*names[: MOST_NAMED - 1], f"{len(names) - MOST_NAMED + 1} more"]
    return enumerated(names, last)


def needed(users: Sequence[UserId], count: int) -> str:
    """Return those of whom so many are needed: `a and b` where that is all of them, else `a, b or c`."""
    return people(users, "and" if count >= len(users) else "or")


def enumerated(names: Sequence[str], last: str) -> str:
    """Return names such as `a, b or c`, where `last` stands before the last one."""
    return f" {last} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def address(workspace: str, channel: ChannelId, ts: str) -> str:
    """Return the address of a message as Slack writes it (docs.slack.dev, chat.getPermalink).

    `workspace` is that of the workspace, with a slash at its end.
    """
    return f"{workspace}archives/{channel}/p{ts.replace('.', '')}"


def moment(at: datetime) -> str:
    """Return a time that each reader sees in their own zone, with UTC for those who cannot."""
    fallback = at.strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{fallback}>"
