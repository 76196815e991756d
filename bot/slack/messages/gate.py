"""The message of a gate: who is asked, who has answered, and the buttons."""

from collections.abc import Iterable
from typing import Final

from bot.release.gates import GateResult, GateStatus, gate_result
from bot.release.release import Release
from bot.release.state import State
from bot.runbook.model import Gate
from bot.slack.buttons import Action, Target
from bot.slack.messages.blocks import Block, actions, button
from bot.slack.messages.message import Message, entry
from bot.slack.messages.text import escape, moment, people, person, quoted

SHOWN: Final = 3
"""Rejections that are shown with their reasons: more would leave no room for anything else."""

STATUS = {GateStatus.MET: "met", GateStatus.WAITING: "waiting", GateStatus.REJECTED: "rejected"}


def gates(release: Release) -> Iterable[Message]:
    """Return the message of each gate of the stages so far."""
    for stage, opened in enumerate(release.opened):
        for gate in release.runbook.stages[stage].gates:
            buttons = answer_buttons(release, gate, stage)
            yield entry(release, f"gate:{stage}:{gate.name}", opened, _lines(release, gate, stage), buttons)


def answer_buttons(release: Release, gate: Gate, stage: int) -> Iterable[Block]:
    """Return the row with Approve and Reject, or nothing once the gate takes no more answers.

    A gate that is met can still be rejected, until its stage begins.
    """
    if stage != release.stage or release.state not in (State.AWAITING_APPROVAL, State.READY):
        return
    value = Target(release.key, stage, gate.name).value()
    what = f"{gate.name} of {release.key}"
    approve = button("Approve", Action.APPROVE, value, "primary", label=f"Approve {what}")
    reject = button("Reject", Action.REJECT, value, "danger", label=f"Reject {what}")
    met = gate_result(release, gate, stage).status is GateStatus.MET
    yield actions([reject] if met else [approve, reject])


def _lines(release: Release, gate: Gate, stage: int) -> Iterable[str]:
    result = gate_result(release, gate, stage)
    stage_name = escape(release.runbook.stages[stage].name)
    open_still = result.status is GateStatus.MET or not release.state.ended
    status = STATUS[result.status] if open_still else "no longer asked"
    yield f"*{escape(gate.name)}* before {stage_name} is *{status}*"
    yield from _seats(result)
    if len(result.rejections) > SHOWN:
        yield f"{len(result.rejections)} rejected it; these are the newest:"
    for vote in result.rejections[-SHOWN:]:
        yield f"✗ {person(vote.by)} rejected it, {moment(vote.at)}\n{quoted(vote.comment)}"
    for aside in result.set_aside:
        yield f"The approval of {person(aside.vote.by)} does not count: {aside.because}"


def _seats(result: GateResult) -> Iterable[str]:
    asked = {seats.role: seats.asked for seats in result.open}
    for seat in result.seats:
        if seat.filled is None:
            yield f"☐ {escape(seat.role)}: {people(asked[seat.role]) or 'nobody is left to ask'}"
        else:
            yield f"✓ {escape(seat.role)}: {person(seat.filled.by)}, {moment(seat.filled.at)}"
            if seat.filled.comment:
                yield quoted(seat.filled.comment)
