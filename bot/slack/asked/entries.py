"""What waits for one person, in the order of the time since when it does."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.release.ids import ReleaseKey, UserId
from bot.release.release import Release
from bot.release.waiting import Awaited, Waiting
from bot.slack.asked.watched import Watched
from bot.slack.messages.answers import answers
from bot.slack.messages.handoff import offer_buttons
from bot.slack.messages.override import reviewed
from bot.slack.messages.shift import shift_buttons
from bot.slack.writing.blocks import Block, context, fit, section, size
from bot.slack.writing.text import escape, moment, person, quoted
from bot.slack.writing.words import standing, title, waits

MOST_NAMED: Final = 10
LARGEST: Final = 2_000
"""Bytes of JSON of the text of one entry, so that a view stays below Slack's 250 KB (views.publish)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one release waits for on a person and one row of buttons answers."""

    since: datetime
    of: Watched
    lines: tuple[str, ...]
    buttons: tuple[Block, ...]


def entries_of(me: UserId, watched: Sequence[Watched], command: str) -> Sequence[Entry]:
    """Return what waits for a person: the release first that has waited the longest, each in one piece."""
    return _in_order([*_entries(me, watched, command)])


def shown(entries: Sequence[Entry], most: int) -> Iterable[Block]:
    """Return the blocks of what waits, with the buttons; of more than `most`, the first."""
    last: Watched | None = None
    for entry in entries[:most]:
        head = [] if entry.of is last else [stands(entry.of)]
        yield section(fit("\n".join([*head, *entry.lines]), LARGEST, size))
        yield from entry.buttons
        last = entry.of
    if more := entries[most:]:
        yield context(f"… and {len(more)} more, in the threads of {named(entry.of for entry in more)}.")


def _in_order(entries: Sequence[Entry]) -> Sequence[Entry]:
    first: dict[ReleaseKey, datetime] = {}
    for entry in sorted(entries, key=lambda entry: entry.since):
        first.setdefault(entry.of.release.key, entry.since)
    return sorted(entries, key=lambda entry: (first[entry.of.release.key], entry.of.release.key, entry.since))


def _entries(me: UserId, watched: Sequence[Watched], command: str) -> Iterable[Entry]:
    for one in watched:
        yield from _asked(me, one, command)
        for offer in one.offers_to(me):
            note = [quoted(offer.note)] if offer.note else []
            asks = f"• {person(offer.by)} asks you to be *{offer.duty}*, until {moment(offer.until)}"
            row = offer_buttons(one.release, offer)
            yield Entry(since=offer.at, of=one, lines=(asks, *note), buttons=(row,))
        if shift := one.shift_of(me):
            take_over = f"take over from {person(shift.captain)}, until {moment(shift.until)}"
            line, rows = f"• Your shift begins: {take_over}", tuple(shift_buttons(one.release, shift))
            yield Entry(since=shift.at, of=one, lines=(line,), buttons=rows)


def _asked(me: UserId, one: Watched, command: str) -> Iterable[Entry]:
    """Return what a release waits for on a person; what the same buttons answer is one entry."""
    together: dict[str, list[Waiting]] = {}
    for waiting in one.waits_for(me):
        together.setdefault(json.dumps([*answers(one.release, waiting, me)]), []).append(waiting)
    for buttons, waitings in together.items():
        lines = tuple(line for waiting in waitings for line in _lines(me, one.release, waiting, command))
        since = min(waiting.since for waiting in waitings)
        row = tuple(json.loads(buttons))
        yield Entry(since=since, of=one, lines=lines, buttons=row)


def _lines(me: UserId, release: Release, waiting: Waiting, command: str) -> Iterable[str]:
    yield f"• {waits(waiting)}"
    if waiting.kind is Awaited.CAPTAIN and me != release.captain:
        yield f"`{command} lead {release.key}` takes the lead"
    if waiting.kind is Awaited.REVIEW:
        yield from reviewed(release)


def stands(one: Watched) -> str:
    """Return a release, what goes out with it, its channel and where it stands."""
    release = one.release
    return f"{_key(one)} ({escape(title(release))}) in <#{release.channel}> is {standing(release)}"


def _key(one: Watched) -> str:
    """Return the key of a release, which leads to its thread where there is one."""
    return f"*<{one.link}|{one.release.key}>*" if one.link else f"*{one.release.key}*"


def named(watched: Iterable[Watched]) -> str:
    """Return releases by their keys, each once, with their channels; of many, the first ones."""
    once = {one.release.key: one for one in watched}.values()
    names = [f"{_key(one)} (<#{one.release.channel}>)" for one in once]
    shown = ", ".join(names[:MOST_NAMED])
    return f"{shown} and {len(names) - MOST_NAMED} others" if len(names) > MOST_NAMED else shown
