"""The view of a Home tab: a pure function of what the ledger and the directory say."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from bot.release.ids import UserId
from bot.release.people.directory import Directory
from bot.slack.asked.entries import LARGEST, entries_of, named, shown, stands
from bot.slack.asked.watched import Watched
from bot.slack.home.settings import settings
from bot.slack.writing.blocks import Block, context, divider, fit, header, section, size
from bot.slack.writing.text import person
from bot.slack.writing.words import waits

MOST_WAITS: Final = 20
MOST_LED: Final = 15
MOST_OUT: Final = 15
"""With these a view has at most 86 of the 100 blocks that Slack allows (docs.slack.dev, Home tab views)."""


def home(
    me: UserId,
    watched: Sequence[Watched],
    directory: Directory,
    now: datetime,
    command: str,
    notice: str = "",
) -> Block:
    """Return the Home tab of a person; `notice` is something to be told to them at its top.

    `watched` are the releases that wait for something, the longest standing first.
    """
    still_open = [one for one in watched if not one.release.state.ended]
    led = [one for one in still_open if one.led_by(me)]
    others = [one for one in still_open if one not in led]
    waiting, lead, out = _waiting(me, watched, command), _led(led), _out(others, bool(led), command)
    parts = [[*part] for part in (waiting, lead, out, settings(me, directory, now))]
    first, *rest = [part for part in parts if part]
    told = [section(notice)] if notice else []
    below = [block for part in rest for block in (divider(), *part)]
    return {"type": "home", "blocks": [*told, *first, *below]}


def _waiting(me: UserId, watched: Sequence[Watched], command: str) -> Iterable[Block]:
    entries = entries_of(me, watched, command)
    yield header(f"Waiting for you ({len(entries)})" if entries else "Waiting for you")
    if not entries:
        yield section("Nothing waits for you.")
    yield from shown(entries, MOST_WAITS)


def _led(led: Sequence[Watched]) -> Iterable[Block]:
    if not led:
        return
    yield header("You lead")
    for one in led[:MOST_LED]:
        lines = [stands(one), *(f"• {waits(waiting)}" for waiting in one.waiting)]
        yield section(fit("\n".join(lines), LARGEST, size))
    if more := led[MOST_LED:]:
        yield context(f"… and {len(more)} more: {named(more)}.")


def _out(watched: Sequence[Watched], others: bool, command: str) -> Iterable[Block]:
    if others and not watched:
        return
    yield header("Going out now, led by others" if others else "Going out now")
    if not watched:
        yield section(f"No release is open. `{command} start` in a channel starts one.")
    for one in watched[:MOST_OUT]:
        yield section(fit(f"{stands(one)}\nLed by {person(one.release.captain)}", LARGEST, size))
    if more := watched[MOST_OUT:]:
        yield context(f"… and {len(more)} more: {named(more)}.")
