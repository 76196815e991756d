"""What the digest of a person says: a pure function of what waits for them."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.slack.asked.entries import Entry, shown, stands
from bot.slack.digest.later import later_buttons
from bot.slack.digest.times import Digest
from bot.slack.messages.message import Message
from bot.slack.writing.blocks import context, divider, header, section
from bot.slack.writing.text import moment

MOST: Final = 10
LARGEST: Final = 10_000
"""Characters of JSON; Slack refuses messages with blocks of about 13,200 (slackapi/bolt-js#2509)."""
NOTHING: Final = "Nothing waits for you just now."
LATER: Final = "Not now? Be reminded again later:"


def message(digest: Digest, entries: Sequence[Entry], off: datetime | None, now: datetime) -> Message:
    """Return the digest of what waits for a person, who has put it `off` until then, if at all.

    Of very much, the first has its buttons with it.
    """
    if not entries:
        return _message(digest, NOTHING, [section(NOTHING)])
    what = "1 thing waits for you" if len(entries) == 1 else f"{len(entries)} things wait for you"
    later = f"You are reminded again {moment(off)}." if off and off > now else LATER
    lines = (line for entry in entries for line in (stands(entry.of), *entry.lines))
    blocks = [header(what), *shown(entries, _that_fit(entries)), divider(), context(later), later_buttons()]
    return _message(digest, "\n".join([f"{what}:", *dict.fromkeys(lines), later]), blocks)


def _message(digest: Digest, text: str, blocks: Sequence[dict[str, object]]) -> Message:
    return Message(slot=digest.slot, born=digest.at, text=text, blocks=blocks, fleeting=True)


def _that_fit(entries: Sequence[Entry]) -> int:
    """Return how many of the entries fit into one message."""
    most = min(MOST, len(entries))
    while most > 1 and len(json.dumps([*shown(entries, most)], ensure_ascii=False)) > LARGEST:
        most -= 1
    return most
