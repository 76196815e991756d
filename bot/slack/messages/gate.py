"""The message of a gate: who is asked, who has answered, and the buttons."""

from collections.abc import Iterable
from typing import Final

from bot.release.gates.check_result import CheckResult
from bot.release.gates.checks import Report, told_by_hand
from bot.release.gates.result import GateResult, gate_result, gate_status
from bot.release.gates.tree import GateStatus, Node, Seat
from bot.release.release import Release, Vote
from bot.runbook.gates.gate import SIGNING, Gate
from bot.slack.buttons import Action, Target
from bot.slack.messages.message import Message, entry
from bot.slack.writing.blocks import Block, actions, button
from bot.slack.writing.text import escape, moment, people, person, quoted
from bot.slack.writing.words import policy

SHOWN: Final = 3
"""Rejections that are shown with their reasons: more would leave no room for anything else."""
NESTED: Final = "      "
BOXES: Final = {GateStatus.MET: "✓", GateStatus.NOT_NEEDED: "–"}


def gates(release: Release) -> Iterable[Message]:
    """Return the message of each gate of the stages so far that is needed for this release."""
    for stage, opened in release.opened.items():
        for gate in release.stage_at(stage).gates:
            result = gate_result(release, gate, stage)
            if result.status is not GateStatus.NOT_NEEDED:
                lines, buttons = _lines(release, result, stage), answer_buttons(release, gate, stage)
                yield entry(release, f"gate:{stage}:{gate.name}", opened, lines, buttons)


def answer_buttons(release: Release, gate: Gate, stage: int) -> Iterable[Block]:
    """Return the row with Approve and Reject, or nothing once the gate takes no more answers.

    A gate that is met can still be rejected, until its stage begins.
    """
    if stage != release.stage or gate not in release.open_gates:
        return
    status = gate_status(release, gate, stage)
    if status is GateStatus.OVERRIDDEN:
        return
    value = Target(release.key, stage, gate.name, bound=release.bound).value()
    what = f"{gate.name} of {release.key}"
    approve = button("Approve", Action.APPROVE, value, "primary", label=f"Approve {what}")
    reject = button("Reject", Action.REJECT, value, "danger", label=f"Reject {what}")
    more = button("More…", Action.ANSWER_FORM, value, label=f"More answers to {what}")
    report = [report_button(release, gate, stage)] if told_by_hand(release, gate) else []
    answers = [] if not gate.seats else [reject] if status is GateStatus.MET else [approve, reject]
    yield actions([*answers, *report, more])


def report_button(release: Release, gate: Gate, stage: int) -> Block:
    """Return the button that reports how a check of a gate went."""
    value = Target(release.key, stage, gate.name, bound=release.bound).value()
    return button("Report a check…", Action.REPORT_FORM, value)


def _lines(release: Release, result: GateResult, stage: int) -> Iterable[str]:
    gate = result.gate
    asked_still = result.status.passes or (not release.state.ended and stage == release.stage)
    status = result.status if asked_still else "no longer asked"
    yield f"*{escape(gate.name)}* before {escape(release.stage_name(stage))} is *{status}*"
    if gate.name == SIGNING:
        yield "Who may approve has changed since the release before. Those who could approve then sign this:"
        yield from policy(release)
    yield from _overridden(release, gate, stage)
    yield from _tree(release, result, result.root, "")
    if len(result.rejections) > SHOWN:
        yield f"{len(result.rejections)} rejected it; these are the newest:"
    for vote in result.rejections[-SHOWN:]:
        yield f"✗ {person(vote.by)} rejected it, {moment(vote.at)}\n{quoted(vote.comment)}"
    for vote in result.abstained:
        yield f"– {person(vote.by)} abstained, {moment(vote.at)}"
        if vote.comment:
            yield quoted(vote.comment)
    for aside in result.set_aside:
        yield f"The {_answer(aside.vote)} of {person(aside.vote.by)} does not count: {escape(aside.because)}"
    for warned in result.warned:
        yield f"⚠ The approval of {person(warned.vote.by)} counts, though {escape(warned.because)}"


def _answer(vote: Vote) -> str:
    return {"approved": "approval", "rejected": "rejection"}.get(vote.verdict, "answer")


def _overridden(release: Release, gate: Gate, stage: int) -> Iterable[str]:
    place = (stage, gate.name)
    made = [past for past in release.overrides if (past.stage, past.gate) == place]
    for past in made[-1:] if place in release.overridden else ():
        yield f"⚠ {person(past.by)} overrode it, {moment(past.at)}\n{quoted(past.reason)}"


def _tree(release: Release, result: GateResult, node: Node, indent: str) -> Iterable[str]:
    """Return a line for each seat and check, indented below the choices that they belong to."""
    for seat in node.seats:
        yield from _seat(release, result, seat, indent)
    if node.seats:
        return
    if not node.parts:
        yield from _check(result, node, indent)
        return
    if node.status is GateStatus.NOT_NEEDED:
        roles = ", ".join(dict.fromkeys(seat.role for seat in node.leaves()))
        yield f"{indent}– {escape(roles)}{roles and ': '}{escape(node.says)}"
        return
    if all(not part.parts for part in node.parts) and node is result.root and not result.choice:
        below = indent
    else:
        yield f"{indent}{BOXES.get(node.status, '☐')} {escape(node.says)}"
        below = indent + NESTED
    for part in node.parts:
        left_over = node.status is GateStatus.MET and part.status is GateStatus.WAITING
        yield from (_left_over if left_over else _tree)(release, result, part, below)


def _check(result: GateResult, node: Node, indent: str) -> Iterable[str]:
    """Return a line for a check, with who said so, or since when it reads so, and with who is asked."""
    yield f"{indent}{BOXES.get(node.status, '☐')} {escape(node.says)}"
    if (check := node.check) is None:
        return
    if check.rule.each:
        yield from _roll(check, indent)
    else:
        yield from (line for report in check.said for line in _report(report, indent))
    if check.asked and not result.status.passes:
        yield f"{indent}  asked: {people(check.asked, 'and' if check.rule.each else 'or')}"


def _roll(check: CheckResult, indent: str) -> Iterable[str]:
    """Return lines for what each of several people has reported: the newest who say no, and who say yes."""
    if len(check.noes) > SHOWN:
        yield f"{indent}  these are the newest who say so:"
    for one in check.noes[-SHOWN:]:
        yield f"{indent}  ✗ {person(one.by)}, {moment(one.at)}"
        if one.comment:
            yield quoted(one.comment)
    if passed := [one.by for one in check.said if one.passed]:
        yield f"{indent}  ✓ {people(passed, 'and')}"


def _report(report: Report, indent: str) -> Iterable[str]:
    """Return lines for what was reported or read last."""
    if report.was_read:
        soaks = f"; if it goes on, it counts from {moment(report.soaks)}" if report.soaks else ""
        yield f"{indent}  since {moment(report.since)}{soaks}"
    else:
        yield f"{indent}  says {person(report.by)}, {moment(report.at)}"
    if report.comment:
        yield quoted(report.comment)


def _left_over(release: Release, result: GateResult, part: Node, indent: str) -> Iterable[str]:
    """Return lines for one choice of several that is not needed any more, since others were taken."""
    seats = tuple(part.leaves())
    for seat in seats:
        if seat.filled:
            yield from _seat(release, result, seat, indent)
    empty = dict.fromkeys(escape(seat.role) for seat in seats if not seat.filled)
    for name in empty if seats else (escape(part.says),):
        yield f"{indent}– {name}: not needed any more"


def _seat(release: Release, result: GateResult, seat: Seat, indent: str) -> Iterable[str]:
    if seat.filled is None and result.status is GateStatus.OVERRIDDEN:
        yield f"{indent}– {escape(seat.role)}: left empty"
        return
    if seat.filled is None:
        asked = {seats.role: seats.asked for seats in result.open}
        others = [p for p in result.others if p in release.members.get(seat.role, ())]
        to = people(asked.get(seat.role) or others) or "nobody is left to ask"
        yield f"{indent}☐ {escape(seat.role)}: {to}"
        return
    vote = seat.filled
    behalf = f" for {person(vote.behalf)}" if vote.behalf and seat.role in vote.lent else ""
    until = _until(release, result, vote)
    yield f"{indent}✓ {escape(seat.role)}: {person(vote.by)}{behalf}, {moment(vote.at)}{until}"
    if vote.carried and vote.carried != vote.version:
        yield f"{indent}  given for {escape(vote.version)}; nothing that it covers has changed since"
    if vote.comment:
        yield quoted(vote.comment)


def _until(release: Release, result: GateResult, vote: Vote) -> str:
    expires = result.gate.expires
    return f", until {moment(vote.at + expires)}" if expires and vote.stage not in release.began else ""
