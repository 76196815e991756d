"""The card: one message a release, updated in place, that says how it stands."""

from collections.abc import Iterable

from bot.ledger.progress.rooms import Room
from bot.release.release import Release
from bot.release.state import State
from bot.release.waiting import waiting_on
from bot.runbook.model import NORMAL
from bot.runbook.roles.role import Duties
from bot.slack.buttons import Action, Target
from bot.slack.messages.changes import changes_button, in_short
from bot.slack.messages.message import Message
from bot.slack.messages.room import where
from bot.slack.writing.blocks import (
    LONGEST_BODY,
    Block,
    actions,
    button,
    context,
    fit,
    header,
    sections,
    weight,
)
from bot.slack.writing.drill import rehearsed
from bot.slack.writing.text import escape, moment, people, person, quoted
from bot.slack.writing.words import rolled_back_before, standing, title, waits

BACK = (State.ROLLING_BACK, State.ROLLED_BACK)
LONGEST_STANDING = 3_000
LONGEST_NOTE = 2_500
LONGEST_INSIDE = 1_200
"""Characters of JSON, of what LONGEST_BODY allows in all."""
HEAD_DIGITS = 12
"""How much of the ledger's head is shown: 48 bits, enough to tell a changed history."""


def card(release: Release, head: str, room: Room | None = None) -> Message:
    """Return the card of a release whose newest event has the hash `head`; it leads to its own channel.

    The head is its stamp: a witness of the ledger as of the last time that something else on it changed.
    """
    parts = list(_parts(release, room))
    small = _small(release)
    body = [block for part in parts for block in sections(part)]
    blocks = [header(title(release)), *body, *_buttons(release), context(small)]
    text = "\n".join([f"{escape(title(release))} ({release.key})", *parts, small])
    stamp = f"Event {release.seq} · ledger {head[:HEAD_DIGITS]}"
    return Message(slot="card", born=release.started_at, text=text, blocks=blocks, stamp=stamp)


def _parts(release: Release, room: Room | None) -> Iterable[str]:
    """Return what the card says, as much as a message holds: what is waited for gets the space left."""
    stands, note = fit(_stands(release, room), LONGEST_STANDING), fit(_note(release), LONGEST_NOTE)
    inside = fit(in_short(release), LONGEST_INSIDE)
    waiting = fit(_waiting(release), LONGEST_BODY - sum(map(weight, (stands, note, inside))))
    return filter(None, (stands, waiting, note, inside))


def _stands(release: Release, room: Room | None) -> str:
    reason = [quoted(release.lock.reason)] if release.state is State.ROLLING_BACK and release.lock else []
    stands = f"{_kind(release)}*{release.key}* is {standing(release)}"
    besides = [*_going_back(release), *rehearsed(release), *where(room), *rolled_back_before(release)]
    return "\n".join([stands, *reason, _stages(release), *besides])


def _going_back(release: Release) -> Iterable[str]:
    if plan := release.plan:
        yield f"⚠ It *goes back by itself* {moment(plan.until)}, unless somebody vetoes it"


def _waiting(release: Release) -> str:
    waiting = [f"• {waits(one)}" for one in waiting_on(release)]
    return "\n".join(["*Waiting for*", *waiting]) if waiting else ""


def _note(release: Release) -> str:
    return f"*What goes out*\n{quoted(release.note)}" if release.note else ""


def _kind(release: Release) -> str:
    return "" if release.runbook.kind == NORMAL else f"*{escape(release.runbook.kind)}* · "


def _buttons(release: Release) -> Iterable[Block]:
    """Return what can be done at any time: hold it, ask why it waits, hand it over, roll it back."""
    value = Target(release.key).value()
    back = button("Roll back…", Action.ROLLBACK_FORM, value, label=f"Roll back {release.key}")
    can_go_back = release.touched_production and release.state not in BACK
    inside = [changes_button(release)] if release.manifest.commit else []
    if release.state.ended:
        left = [back, *inside] if can_go_back and release.state is State.COMPLETED else inside
        return [actions(left)] if left else []
    hold = button("Hold…", Action.HOLD_FORM, value, label=f"Hold {release.key}")
    why, hand = why_button(release), hand_over_button(release)
    return [actions([hold, why, hand, *([back] if can_go_back else []), *inside])]


def why_button(release: Release) -> Block:
    """Return the button that tells why a release waits."""
    return button("Why?", Action.WHY, Target(release.key).value(), label=f"Why {release.key} waits")


def hand_over_button(release: Release) -> Block:
    """Return the button that offers a duty to somebody else."""
    value, label = Target(release.key).value(), f"Hand {release.key} over"
    return button("Hand over…", Action.HANDOFF_FORM, value, label=label)


def _stages(release: Release) -> str:
    return " → ".join(
        f"{_mark(release, index)} {escape(stage.name)}" for index, stage in enumerate(release.runbook.stages)
    )


def _mark(release: Release, index: int) -> str:
    if release.stage == release.back:
        return _mark_back(release, index)
    if index < release.stage or release.state is State.COMPLETED:
        return "✓"
    failed = release.state.ended or release.failure is not None
    return "○" if index > release.stage else "✗" if failed else "▶"


def _mark_back(release: Release, index: int) -> str:
    """Return the mark of a stage once the release is rolled back, which concerns production alone."""
    stage = release.stage_at(index)
    if index not in release.began or stage.production:
        return "↩" if index in release.began else "○"
    done = {tick.step for tick in release.done if tick.stage == index}
    return "✓" if len(done) == len(stage.steps) else "✗"


def _small(release: Release) -> str:
    deputy = f" · deputy {person(release.deputy)}" if release.deputy else ""
    shadows = f" · shadow {people(release.shadows, 'and')}" if release.shadows else ""
    duties = "" if release.runbook.duties is Duties.STRICT else f" · duties {release.runbook.duties}"
    who = f"Captain {person(release.captain)}{deputy}{shadows}"
    when = f"started {moment(release.started_at)}"
    return f"{who} · {when}{duties}"
