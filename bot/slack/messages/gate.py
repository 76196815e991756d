"""The message of a gate: who is asked, who has answered, and the buttons."""

from collections.abc import Iterable

from bot.release.gates import GateResult, GateStatus, gate_result
from bot.release.release import Release
from bot.release.state import State
from bot.runbook.model import Gate
from bot.slack.buttons import Action, Target
from bot.slack.messages.blocks import Block, actions, button, section
from bot.slack.messages.message import Message
from bot.slack.messages.text import escape, moment, people, person
from bot.slack.messages.words import mention

STATUS = {GateStatus.MET: "met", GateStatus.WAITING: "waiting", GateStatus.REJECTED: "rejected"}


def gates(release: Release) -> Iterable[Message]:
    """Return the message of each gate of the stages so far."""
    for stage, opened in enumerate(release.opened):
        for gate in release.runbook.stages[stage].gates:
            lines = list(_lines(release, gate, stage))
            blocks = [section("\n".join(lines)), *answer_buttons(release, gate, stage)]
            yield Message(slot=f"gate:{stage}:{gate.name}", born=opened, text="\n".join(lines), blocks=blocks)


def answer_buttons(release: Release, gate: Gate, stage: int) -> Iterable[Block]:
    """Return the row with Approve and Reject, or nothing once the gate takes no more answers."""
    if stage != release.stage or release.state not in (State.AWAITING_APPROVAL, State.READY):
        return
    value = Target(release.key, stage, gate.name).value()
    what = f"{gate.name} of {release.key}"
    yield actions(
        [
            button("Approve", Action.APPROVE, value, "primary", label=f"Approve {what}"),
            button("Reject", Action.REJECT, value, "danger", label=f"Reject {what}"),
        ]
    )


def _lines(release: Release, gate: Gate, stage: int) -> Iterable[str]:
    result = gate_result(release, gate, stage)
    stage_name = escape(release.runbook.stages[stage].name)
    open_still = result.status is GateStatus.MET or not release.state.ended
    status = STATUS[result.status] if open_still else "no longer asked"
    yield f"{mention(release)}: gate *{escape(gate.name)}* before {stage_name} is *{status}*"
    yield from _seats(release, result, stage)
    for vote in result.rejections:
        yield f"✗ {person(vote.by)} rejected it, {moment(vote.at)}: {escape(vote.comment)}"
    for aside in result.set_aside:
        yield f"The approval of {person(aside.vote.by)} does not count: {aside.because}"


def _seats(release: Release, result: GateResult, stage: int) -> Iterable[str]:
    for seat in result.seats:
        if seat.filled is None:
            asked = [p for p in release.members_at(stage).get(seat.role, ()) if p != release.starter]
            yield f"☐ {escape(seat.role)}: {people(asked) or 'nobody is in this role'}"
        else:
            comment = f": {escape(seat.filled.comment)}" if seat.filled.comment else ""
            yield f"✓ {escape(seat.role)}: {person(seat.filled.by)}, {moment(seat.filled.at)}{comment}"
