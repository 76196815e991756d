"""Approving and rejecting at a gate."""

from dataclasses import dataclass

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event
from bot.release.gates import gate_result, roles_of_people
from bot.release.ids import UserId
from bot.release.members import cannot_read_people
from bot.release.reason import comment_trouble, reason_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Release, Verdict, Vote
from bot.release.state import State
from bot.runbook.model import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved(Event):
    """A person gave a go at a gate; `roles` are those the person was in at that moment."""

    stage: int
    gate: str
    roles: tuple[str, ...]
    comment: str

    def change(self, release: Release) -> Release:
        return release.with_vote(_vote(self, Verdict.APPROVED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(Event):
    """A person gave a no-go at a gate, with the reason as the comment."""

    stage: int
    gate: str
    roles: tuple[str, ...]
    comment: str

    def change(self, release: Release) -> Release:
        return release.with_vote(_vote(self, Verdict.REJECTED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn(Event):
    """A person who is no longer in the role took a no-go back."""

    stage: int
    gate: str

    def change(self, release: Release) -> Release:
        return release.without_vote(self.stage, self.gate, self.by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve(Command):
    """Give a go at a gate of the stage with the index `stage`."""

    stage: int
    gate: str
    comment: str = ""

    def decide(self, release: Release, facts: Facts) -> Decision:
        roles = _roles(release, self, facts, Verdict.APPROVED)
        if isinstance(roles, Refused):
            return roles
        if trouble := comment_trouble(self.comment):
            return trouble
        stage, gate, comment = self.stage, self.gate, self.comment
        if not roles:
            return (Withdrawn(at=facts.now, by=self.by, stage=stage, gate=gate),)
        return (Approved(at=facts.now, by=self.by, stage=stage, gate=gate, roles=roles, comment=comment),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject(Command):
    """Give a no-go at a gate of the stage with the index `stage`. The comment is the reason."""

    stage: int
    gate: str
    comment: str

    def decide(self, release: Release, facts: Facts) -> Decision:
        roles = _roles(release, self, facts, Verdict.REJECTED)
        if isinstance(roles, Refused):
            return roles
        if trouble := reason_trouble(self.comment):
            return trouble
        stage, gate, comment = self.stage, self.gate, self.comment
        return (Rejected(at=facts.now, by=self.by, stage=stage, gate=gate, roles=roles, comment=comment),)


def _vote(event: Approved | Rejected, verdict: Verdict) -> Vote:
    return Vote(
        stage=event.stage,
        gate=event.gate,
        by=event.by,
        at=event.at,
        roles=event.roles,
        verdict=verdict,
        comment=event.comment,
    )


def _roles(
    release: Release, answer: Approve | Reject, facts: Facts, verdict: Verdict
) -> tuple[str, ...] | Refused:
    """Return the roles in which a person answers at a gate, or why that person's answer is not taken."""
    said = release.vote(answer.stage, answer.gate, answer.by)
    if said and said.verdict is verdict and not _moved(release, said):
        return _answered_already(said)
    gate = _open_gate(release, answer)
    if isinstance(gate, Refused):
        return gate
    if not facts.readable:
        return cannot_read_people(facts.members)
    roles = roles_of_people(gate, release.members, release.starter).get(answer.by, frozenset())
    # Who has said no may take it back after leaving the role: in no role.
    takes_back = said is not None and said.verdict is Verdict.REJECTED
    return tuple(sorted(roles)) if roles or takes_back else _not_eligible(release, gate, answer.by)


def _moved(release: Release, said: Vote) -> bool:
    """Whether an approval counts no more in its roles, but its giver is in another role of the gate now."""
    gate = release.gate(said.stage, said.gate)
    if gate is None or said.verdict is Verdict.REJECTED or said.stage < len(release.began):
        return False
    roles = roles_of_people(gate, release.members, release.starter).get(said.by, frozenset())
    return bool(roles) and not roles & frozenset(said.roles)


def _answered_already(said: Vote) -> Refused:
    return Refused(
        code=Code.ALREADY_ANSWERED,
        because=f"You have {said.verdict} {said.gate} already, and it is recorded.",
    )


def _open_gate(release: Release, answer: Approve | Reject) -> Gate | Refused:
    gate = release.gate(answer.stage, answer.gate)
    if gate is None or answer.stage > release.stage:
        return Refused(
            code=Code.STALE,
            because=f"{release.key} has no gate “{answer.gate}” open.",
            instead="Look at the newest messages in its thread.",
        )
    if answer.stage < release.stage or release.state is State.IN_PROGRESS:
        stage = release.runbook.stages[answer.stage].name
        return Refused(
            code=Code.ALREADY_BEGUN,
            because=f"{answer.gate} was met and {stage} has begun, so it takes no more answers.",
        )
    return gate


def _not_eligible(release: Release, gate: Gate, by: UserId) -> Refused:
    may = roles_of_people(gate, release.members, release.starter)
    open_seats = gate_result(release, gate, release.stage).open
    asked = tuple(dict.fromkeys(person for seats in open_seats for person in seats.asked)) or tuple(may)
    if by == release.starter:
        return Refused(
            code=Code.YOUR_OWN_RELEASE,
            because=f"You started {release.key}, and who starts a release approves none of it.",
            ask=asked,
        )
    roles = " or ".join(seats.role for seats in gate.approvals)
    return Refused(code=Code.NOT_YOURS, because=f"{gate.name} is answered by people in {roles}.", ask=asked)
