"""The card: one message a release, updated in place, that says how it stands."""

from collections.abc import Iterable

from bot.release.release import Release
from bot.release.state import State
from bot.release.waiting import waiting_on
from bot.slack.messages.blocks import context, header, sections
from bot.slack.messages.message import Message
from bot.slack.messages.text import escape, moment, person, quoted
from bot.slack.messages.words import standing, title, waits

HEAD_DIGITS = 12
"""How much of the ledger's head is shown: 48 bits, enough to tell a changed history."""


def card(release: Release, head: str) -> Message:
    """Return the card of a release whose newest event has the hash `head`."""
    parts = list(_parts(release))
    small = _small(release, head)
    blocks = [header(title(release)), *(block for part in parts for block in sections(part)), context(small)]
    text = "\n".join([f"{escape(title(release))} ({release.key})", *parts, small])
    return Message(slot="card", born=release.started_at, text=text, blocks=blocks)


def _parts(release: Release) -> Iterable[str]:
    yield f"*{release.key}* is {standing(release)}\n{_stages(release)}"
    if waiting := [f"• {waits(one)}" for one in waiting_on(release)]:
        yield "\n".join(["*Waiting for*", *waiting])
    if release.note:
        yield f"*What goes out*\n{quoted(release.note)}"


def _stages(release: Release) -> str:
    return " → ".join(
        f"{_mark(release, index)} {escape(stage.name)}" for index, stage in enumerate(release.runbook.stages)
    )


def _mark(release: Release, index: int) -> str:
    if index < release.stage or release.state is State.COMPLETED:
        return "✓"
    return "○" if index > release.stage else "✗" if release.state.ended else "▶"


def _small(release: Release, head: str) -> str:
    captain, started = person(release.captain), moment(release.started_at)
    return f"Captain {captain} · started {started} · event {release.seq} · ledger {head[:HEAD_DIGITS]}"
