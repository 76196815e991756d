"""The view of a Home tab: a pure function of what the ledger and the directory say."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.release.ids import ReleaseKey, UserId
from bot.release.people.directory import Directory
from bot.release.release import Release
from bot.release.waiting import Awaited, Waiting
from bot.slack.home.answers import answers
from bot.slack.home.settings import settings
from bot.slack.home.watched import Watched
from bot.slack.messages.blocks import Block, context, divider, fit, header, section, size
from bot.slack.messages.handoff import offer_buttons
from bot.slack.messages.text import escape, moment, person, quoted
from bot.slack.messages.words import standing, title, waits

MOST_WAITS: Final = 20
MOST_LED: Final = 15
MOST_OUT: Final = 15
"""With these a view has at most 84 of the 100 blocks that Slack allows (docs.slack.dev, Home tab views)."""
MOST_NAMED: Final = 10
LARGEST: Final = 2_000
"""Bytes of JSON of the text of one entry, so that a view stays below Slack's 250 KB (views.publish)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What one release waits for on a person and one row of buttons answers."""

    since: datetime
    of: Watched
    lines: tuple[str, ...]
    buttons: tuple[Block, ...]


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
    entries = _in_order([*_entries(me, watched, command)])
    yield header(f"Waiting for you ({len(entries)})" if entries else "Waiting for you")
    if not entries:
        yield section("Nothing waits for you.")
    last: Watched | None = None
    for entry in entries[:MOST_WAITS]:
        stands = [] if entry.of is last else [_stands(entry.of)]
        yield section(fit("\n".join([*stands, *entry.lines]), LARGEST, size))
        yield from entry.buttons
        last = entry.of
    if more := entries[MOST_WAITS:]:
        yield context(f"… and {len(more)} more, in the threads of {_named(entry.of for entry in more)}.")


def _in_order(entries: Sequence[_Entry]) -> Sequence[_Entry]:
    """Return what waits for somebody: the release first that has waited the longest, each in one piece."""
    first: dict[ReleaseKey, datetime] = {}
    for entry in sorted(entries, key=lambda entry: entry.since):
        first.setdefault(entry.of.release.key, entry.since)
    return sorted(entries, key=lambda entry: (first[entry.of.release.key], entry.of.release.key, entry.since))


def _entries(me: UserId, watched: Sequence[Watched], command: str) -> Iterable[_Entry]:
    for one in watched:
        yield from _asked(me, one, command)
        for offer in one.offers_to(me):
            note = [quoted(offer.note)] if offer.note else []
            asks = f"• {person(offer.by)} asks you to be *{offer.duty}*, until {moment(offer.until)}"
            row = offer_buttons(one.release, offer)
            yield _Entry(since=offer.at, of=one, lines=(asks, *note), buttons=(row,))


def _asked(me: UserId, one: Watched, command: str) -> Iterable[_Entry]:
    """Return what a release waits for on a person; what the same buttons answer is one entry."""
    together: dict[str, list[Waiting]] = {}
    for waiting in one.waits_for(me):
        together.setdefault(json.dumps([*answers(me, one.release, waiting)]), []).append(waiting)
    for buttons, waitings in together.items():
        lines = tuple(line for waiting in waitings for line in _lines(me, one.release, waiting, command))
        since = min(waiting.since for waiting in waitings)
        row = tuple(json.loads(buttons))
        yield _Entry(since=since, of=one, lines=lines, buttons=row)


def _lines(me: UserId, release: Release, waiting: Waiting, command: str) -> Iterable[str]:
    yield f"• {waits(waiting)}"
    if waiting.kind is Awaited.CAPTAIN and me != release.captain:
        yield f"`{command} lead {release.key}` takes the lead"


def _led(led: Sequence[Watched]) -> Iterable[Block]:
    if not led:
        return
    yield header("You lead")
    for one in led[:MOST_LED]:
        lines = [_stands(one), *(f"• {waits(waiting)}" for waiting in one.waiting)]
        yield section(fit("\n".join(lines), LARGEST, size))
    if more := led[MOST_LED:]:
        yield context(f"… and {len(more)} more: {_named(more)}.")


def _out(watched: Sequence[Watched], others: bool, command: str) -> Iterable[Block]:
    if others and not watched:
        return
    yield header("Going out now, led by others" if others else "Going out now")
    if not watched:
        yield section(f"No release is open. `{command} start` in a channel starts one.")
    for one in watched[:MOST_OUT]:
        yield section(fit(f"{_stands(one)}\nLed by {person(one.release.captain)}", LARGEST, size))
    if more := watched[MOST_OUT:]:
        yield context(f"… and {len(more)} more: {_named(more)}.")


def _stands(one: Watched) -> str:
    release = one.release
    return f"{_key(one)} ({escape(title(release))}) in <#{release.channel}> is {standing(release)}"


def _key(one: Watched) -> str:
    """Return the key of a release, which leads to its thread where there is one."""
    return f"*<{one.link}|{one.release.key}>*" if one.link else f"*{one.release.key}*"


def _named(watched: Iterable[Watched]) -> str:
    """Return releases by their keys, each once, with their channels; of many, the first ones."""
    once = {one.release.key: one for one in watched}.values()
    names = [f"{_key(one)} (<#{one.release.channel}>)" for one in once]
    shown = ", ".join(names[:MOST_NAMED])
    return f"{shown} and {len(names) - MOST_NAMED} others" if len(names) > MOST_NAMED else shown
