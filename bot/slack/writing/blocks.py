"""The few blocks that Rollcall's messages are made of, cut to Slack's limits (docs.slack.dev, Block Kit)."""

import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, Final

from bot.slack.writing.text import shorten

Block = dict[str, Any]

LONGEST_BODY: Final = 9_000
"""Characters of JSON. Slack refuses blocks of about 13,200 (slackapi/bolt-js#2509), buttons included."""


def header(text: str) -> Block:
    """Return a large plain title; Slack holds 150 characters."""
    return {"type": "header", "text": plain(text, 150)}


def section(text: str, accessory: Block | None = None) -> Block:
    """Return a paragraph; Slack holds 3,000 characters."""
    block: Block = {"type": "section", "text": mrkdwn(text, 3_000)}
    return {**block, "accessory": accessory} if accessory else block


def sections(text: str) -> list[Block]:
    """Return as many paragraphs as the lines of `text` need, and at most what a message holds."""
    parts = [""]
    for line in fit(text, LONGEST_BODY).split("\n"):
        if len(parts[-1]) + len(line) >= 3_000:
            parts.append("")
        parts[-1] += f"\n{line}" if parts[-1] else line
    return [section(part) for part in parts]


def weight(text: str) -> int:
    """Return how many characters a text takes in JSON, which is how Slack counts them."""
    return len(json.dumps(text, ensure_ascii=False)) - 2


def size(text: str) -> int:
    """Return how many bytes a text takes in JSON at most, with every sign escaped that can be."""
    return len(json.dumps(text)) - 2


def fit(text: str, limit: int, weigh: Callable[[str], int] = weight) -> str:
    """Return as much of a text as weighs at most `limit`: characters in JSON, if not said otherwise."""
    if weigh(text) <= limit:
        return text
    lengths = range(1, len(text))
    return shorten(text, bisect_right(lengths, limit, key=lambda length: weigh(shorten(text, length))))


def context(text: str) -> Block:
    """Return small print."""
    return {"type": "context", "elements": [mrkdwn(text, 2_000)]}


def divider() -> Block:
    """Return a line between two parts."""
    return {"type": "divider"}


def actions(buttons: Sequence[Block]) -> Block:
    """Return a row of buttons."""
    return {"type": "actions", "elements": list(buttons)}


def button(text: str, action: str, value: str, style: str = "", label: str = "") -> Block:
    """Return a button; `style` is primary, danger or nothing; `label` is what a screen reader says."""
    block: Block = {"type": "button", "text": plain(text, 75), "action_id": action, "value": value}
    if style:
        block["style"] = style
    if label:
        block["accessibility_label"] = shorten(label, 75)
    return block


def plain(text: str, limit: int) -> Block:
    """Return a text in which nothing is formatting."""
    return {"type": "plain_text", "text": shorten(text, limit), "emoji": False}


def mrkdwn(text: str, limit: int) -> Block:
    """Return a text in Slack's formatting, in which names and addresses are not turned into links."""
    return {"type": "mrkdwn", "text": shorten(text, limit), "verbatim": True}
