"""The card: one message a release, updated in place, that says how it stands."""

from collections.abc import Iterable

from bot.release.release import Release
from bot.release.waiting import waiting_on
from bot.slack.messages.blocks import Block, context, header, section
from bot.slack.messages.message import Message
from bot.slack.messages.text import escape, moment, person
from bot.slack.messages.words import ended, standing, title, waits

HEAD_DIGITS = 12
"""How much of the ledger's head is shown: 48 bits, enough to tell a changed history."""


def card(release: Release, head: str) -> Message:
    """Return the card of a release whose newest event has the hash `head`."""
    lines = list(_lines(release))
    small = f"{release.key} · event {release.seq} · ledger {head[:HEAD_DIGITS]}"
    blocks: list[Block] = [header(title(release)), section("\n".join(lines))]
    if waiting := _waiting(release):
        blocks.append(section(waiting))
    blocks.append(context(small))
    text = "\n".join(filter(None, [f"{escape(title(release))} ({release.key})", *lines, waiting, small]))
    return Message(slot="card", born=release.started_at, text=text, blocks=blocks)


def _lines(release: Release) -> Iterable[str]:
    yield f"*{release.key}* is *{ended(release) if release.state.ended else standing(release)}*"
    yield _stages(release)
    yield f"Captain: {person(release.captain)} · started {moment(release.started_at)}"
    if release.note:
        yield f"What goes out: {escape(release.note)}"


def _stages(release: Release) -> str:
    return " → ".join(
        f"{_mark(release, index)} {escape(stage.name)}" for index, stage in enumerate(release.runbook.stages)
    )


def _mark(release: Release, index: int) -> str:
    if index < release.stage or release.state.value == "completed":
        return "✓"
    return "○" if index > release.stage else "✗" if release.state.ended else "▶"


def _waiting(release: Release) -> str:
    return "\n".join(f"• {waits(waiting)}" for waiting in waiting_on(release))
