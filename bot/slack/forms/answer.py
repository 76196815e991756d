"""The form with the less usual answers at a gate: those that fit the person who opens it."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import partial
from typing import Final

from bot.release.command import Command
from bot.release.gates.answers import Abstain, Answer, Approve, Withdraw
from bot.release.gates.override import Override
from bot.release.gates.result import gate_result
from bot.release.gates.seat import TakeSeat
from bot.release.gates.settle import ResolveRejection
from bot.release.ids import UserId
from bot.release.people.duties import leads
from bot.release.reason import LIMIT
from bot.release.refusal import Code
from bot.release.release import Release, Verdict
from bot.runbook.gates.gate import Gate
from bot.slack.buttons import Target
from bot.slack.forms.form import Form, Submission, field, modal
from bot.slack.writing.blocks import Block, plain

CALLBACK: Final = "answer_v1"
MOST: Final = 10
"""Options of radio buttons (docs.slack.dev, radio button group element)."""


ABOUT_WORDS: Final = frozenset({Code.REASON_MISSING, Code.TEXT_TOO_LONG, Code.TEXT_UNREADABLE})
"""The refusals that are about the comment, and not about the answer itself."""


class Kind(StrEnum):
    """The answers that the form offers."""

    APPROVE = "approve"
    ABSTAIN = "abstain"
    WITHDRAW = "withdraw"
    SEAT = "seat"
    SETTLE = "settle"
    OVERRIDE = "override"


def answer_form(release: Release, target: Target, by: UserId) -> Block | None:
    """Return the form for what one person can answer at a gate, or None if that is nothing."""
    gate = release.gate(target.stage, target.name)
    assert gate is not None
    options = [_option(value, text) for value, text in _choices(release, gate, target, by)][:MOST]
    if not options:
        return None
    comment = {"type": "plain_text_input", "multiline": True, "max_length": LIMIT}
    hint = "Settling a rejection and overriding need a reason. Everybody who follows the release sees it."
    fields = [
        field("answer", f"Your answer at {gate.name}", {"type": "radio_buttons", "options": options}),
        field("comment", "Comment or reason", comment, optional=True, hint=hint),
    ]
    return modal(CALLBACK, "More answers", "Answer", target.value(), fields)


def _option(value: str, text: str) -> Block:
    return {"text": plain(text, 75), "value": value}


def _choices(release: Release, gate: Gate, target: Target, by: UserId) -> Iterable[tuple[str, str]]:
    result = gate_result(release, gate, target.stage)
    vote = release.vote(target.stage, target.name, by)
    if gate.seats and not any(seat.filled and seat.filled.by == by for seat in result.seats):
        yield Kind.APPROVE, "Approve, with a comment"
    if gate.seats and (vote is None or vote.verdict is not Verdict.ABSTAINED):
        yield Kind.ABSTAIN, "Abstain: I do not answer, ask others"
    if vote is not None:
        yield Kind.WITHDRAW, f"Take back that I {vote.verdict}"
        yield from _seats(release, gate, target, by)
    if by in release.members.get(release.runbook.overrides or "", ()) and not result.status.passes:
        yield Kind.OVERRIDE, "Override: pass it without it being met"
    # There may be more of these than a form can offer; those that are left come when others are settled.
    if by in leads(release):
        for rejection in result.rejections:
            yield f"{Kind.SETTLE}:{rejection.by}", f"Settle the rejection: {rejection.comment}"


def _seats(release: Release, gate: Gate, target: Target, by: UserId) -> Iterable[tuple[str, str]]:
    vote = release.vote(target.stage, target.name, by)
    if vote is None or vote.verdict is not Verdict.APPROVED:
        return
    seats = gate_result(release, gate, target.stage).seats
    now = next((s.role for s in seats if s.filled and s.filled.by == by), "")
    for role in vote.roles:
        if role != now:
            yield f"{Kind.SEAT}:{role}", f"Fill a seat of {role} with my approval, not of {now or 'none'}"


def _means(submission: Submission) -> Command:
    target = Target.read(submission.remembered)
    kind, _, about = submission.values["answer"].partition(":")
    match Kind(kind):
        case Kind.APPROVE:
            return _answer(Approve, submission, target)
        case Kind.ABSTAIN:
            return _answer(Abstain, submission, target)
        case Kind.WITHDRAW:
            return _answer(Withdraw, submission, target)
        case Kind.SEAT:
            return _answer(partial(TakeSeat, role=about), submission, target)
        case Kind.SETTLE:
            return _answer(partial(ResolveRejection, person=UserId(about)), submission, target)
        case Kind.OVERRIDE:
            return _override(submission, target)


def _answer(makes: Callable[..., Answer], submission: Submission, target: Target) -> Answer:
    return makes(
        workspace=submission.workspace,
        release=target.release,
        by=submission.user,
        stage=target.stage,
        gate=target.name,
        bound=target.bound,
        comment=submission.values["comment"],
    )


def _override(submission: Submission, target: Target) -> Override:
    return Override(
        workspace=submission.workspace,
        release=target.release,
        by=submission.user,
        stage=target.stage,
        gate=target.name,
        bound=target.bound,
        reason=submission.values["comment"],
    )


ANSWER: Final = Form(
    callback=CALLBACK,
    means=_means,
    field_of=lambda refused: "comment" if refused.code in ABOUT_WORDS else "answer",
)
