"""What people answer at a gate: approve, reject or abstain, and take it back."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event, Told
from bot.release.gates.eligible import Capacity, may_fill, own_roles, roles_counted
from bot.release.gates.result import gate_result, passed_over
from bot.release.gates.seating import ways_of
from bot.release.ids import UserId
from bot.release.people.duties import Apart, barred
from bot.release.people.roles import people_trouble
from bot.release.reason import comment_trouble, reason_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Ending, Rejection, Release, Verdict, Vote
from bot.release.replace import replace
from bot.release.state import State
from bot.runbook.gates.gate import Gate
from bot.runbook.roles.role import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Event):
    """A person answered at a gate; `roles` are those the person was in at that moment.

    In the roles that were `lent` the person stood in for `behalf`. The answer is to what was to be released
    then, and is bound to its manifest by the hash `bound`.
    """

    verdict: ClassVar[Verdict]

    stage: int
    gate: str
    roles: tuple[str, ...]
    comment: str
    bound: str = ""
    behalf: UserId | None = None
    lent: tuple[str, ...] = ()

    def change(self, release: Release) -> Release:
        vote = Vote(
            stage=self.stage,
            gate=self.gate,
            by=self.by,
            at=self.at,
            roles=self.roles,
            verdict=self.verdict,
            comment=self.comment,
            version=release.version,
            behalf=self.behalf,
            lent=self.lent,
        )
        instead = Ending(by=self.by, at=self.at, how=f"{self.verdict} instead", reason=self.comment)
        answered = release.without_rejection(self.stage, self.gate, self.by, instead).with_vote(vote)
        if self.verdict is not Verdict.REJECTED:
            return answered
        return replace(answered, rejections=(*answered.rejections, Rejection(vote=vote)))

    def told(self) -> Told:
        return Told(self.verdict, self.gate, self.comment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved(Answered):
    """A person gave a go at a gate."""

    verdict: ClassVar[Verdict] = Verdict.APPROVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(Answered):
    """A person gave a no-go at a gate, with the reason as the comment."""

    verdict: ClassVar[Verdict] = Verdict.REJECTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstained(Answered):
    """A person said neither, and is not asked again."""

    verdict: ClassVar[Verdict] = Verdict.ABSTAINED


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn(Event):
    """A person took an answer back."""

    stage: int
    gate: str
    comment: str = ""

    def change(self, release: Release) -> Release:
        vote = release.vote(self.stage, self.gate, self.by)
        back = Ending(by=self.by, at=self.at, how="took it back", reason=self.comment)
        left = release.without_rejection(self.stage, self.gate, self.by, back)
        if vote is None or not self.comment:
            return left.without_vote(self.at, self.stage, self.gate, self.by)
        return left.voiding(self.at, {vote: f"they took it back: {self.comment}"})

    def told(self) -> Told:
        return Told("took back an answer at", self.gate, self.comment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Command):
    """An answer at a gate of the stage with the index `stage`."""

    stage: int
    gate: str
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouch(Answer):
    """An answer that takes somebody whom the gate asks."""

    becomes: ClassVar[type[Answered]]

    def decide(self, release: Release, facts: Facts) -> Decision:
        capacity = _may_answer(release, self, facts)
        if isinstance(capacity, Refused):
            return capacity
        return self.comment_trouble() or (
            self.becomes(
                at=facts.now,
                by=self.by,
                stage=self.stage,
                gate=self.gate,
                roles=tuple(sorted(capacity.roles)),
                comment=self.comment,
                bound=release.bound,
                behalf=capacity.behalf,
                lent=tuple(sorted(capacity.lent)),
            ),
        )

    def comment_trouble(self) -> Refused | None:
        """Refuse a comment that cannot be shown."""
        return comment_trouble(self.comment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve(Vouch):
    """Give a go at a gate."""

    becomes: ClassVar[type[Answered]] = Approved


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject(Vouch):
    """Give a no-go at a gate. The comment is the reason."""

    becomes: ClassVar[type[Answered]] = Rejected

    def comment_trouble(self) -> Refused | None:
        return reason_trouble(self.comment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstain(Vouch):
    """Say neither, so that others are asked."""

    becomes: ClassVar[type[Answered]] = Abstained


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(Answer):
    """Take back what one has said at a gate. Who has left the role may do so, too."""

    def decide(self, release: Release, facts: Facts) -> Decision:
        gate = open_gate(release, self)
        if isinstance(gate, Refused):
            return gate
        if release.vote(self.stage, self.gate, self.by) is None:
            return Refused(
                code=Code.NOTHING_TO_DO,
                because=f"You have said nothing at {self.gate} that you could take back.",
                instead="The message of the gate shows what counts.",
            )
        if trouble := comment_trouble(self.comment):
            return trouble
        return (Withdrawn(at=facts.now, by=self.by, stage=self.stage, gate=self.gate, comment=self.comment),)


def _may_answer(release: Release, answer: Vouch, facts: Facts) -> Capacity | Refused:
    """Return in which roles a person answers at a gate, or why that person's answer is not taken."""
    said = release.vote(answer.stage, answer.gate, answer.by)
    if said and said.verdict is answer.becomes.verdict and not _moved(release, said):
        return Refused(
            code=Code.ALREADY_ANSWERED,
            because=f"You have {said.verdict} {said.gate} already, and it is recorded.",
        )
    gate = open_gate(release, answer)
    if isinstance(gate, Refused):
        return gate
    if trouble := people_trouble(release, facts):
        return trouble
    capacity = may_fill(release, gate, release.stage).get(answer.by)
    standing = facts.directory.people.get(answer.by)
    return capacity or _not_eligible(release, gate, answer.by, standing)


def _moved(release: Release, said: Vote) -> bool:
    """Whether what a person said counts in no role any more, but the person could answer in another now."""
    gate = release.gate(said.stage, said.gate)
    if gate is None or said.verdict is Verdict.REJECTED or said.stage in release.began:
        return False
    capacity = may_fill(release, gate, said.stage).get(said.by)
    if capacity is None or roles_counted(release, gate, said):
        return False
    return (capacity.roles, capacity.behalf) != (frozenset(said.roles), said.behalf)


def open_gate(release: Release, answer: Answer) -> Gate | Refused:
    """Return the gate that an answer is about, or why it takes no answers."""
    gate = release.gate(answer.stage, answer.gate)
    if gate is None or answer.stage > release.stage:
        return Refused(
            code=Code.STALE,
            because=f"{release.key} has no gate “{answer.gate}” open.",
            instead="Look at its newest messages.",
        )
    if answer.stage in release.began:
        stage = release.stage_name(answer.stage)
        return Refused(
            code=Code.ALREADY_BEGUN,
            because=f"{answer.gate} was passed and {stage} has begun, so it takes no more answers.",
            instead="Place a hold if something must not go on.",
        )
    if release.state is State.ROLLING_BACK and answer.stage != release.back:
        return _not_asked(release, answer, "the release is rolled back")
    status = passed_over(release, gate, answer.stage)
    return gate if status is None else _not_asked(release, answer, f"it is {status}")


def _not_asked(release: Release, answer: Answer, because: str) -> Refused:
    return Refused(
        code=Code.STALE,
        because=f"{answer.gate} of {release.key} takes no answers: {because}.",
        instead="Look at its newest messages.",
    )


def _not_eligible(release: Release, gate: Gate, by: UserId, standing: Standing | None) -> Refused:
    asked = gate_result(release, gate, release.stage).asked or tuple(may_fill(release, gate, release.stage))
    apart, roles = barred(release, gate.name), " or ".join(_roles_asked(release, gate))
    if not roles:
        return Refused(
            code=Code.NOT_YOURS,
            because=f"{gate.name} asks nobody’s approval; its checks decide.",
            instead="Report the check, if it is yours to report.",
        )
    if by in apart:
        what = "starts a release" if by == release.starter else "did that"
        return Refused(
            code=Code.YOUR_OWN_RELEASE,
            because=f"You {_past(apart[by])} {release.key}, and who {what} approves none of it.",
            ask=asked,
        )
    if by in _deputies(release, gate):
        return Refused(
            code=Code.ALREADY_ANSWERED,
            because=f"Whom you stand in for has answered {gate.name} already, or another has for them.",
            ask=asked,
        )
    member = standing in (None, Standing.MEMBER)
    who = f"people in {roles}." if member else f"full members in {roles}; you are here as a {standing}."
    return Refused(code=Code.NOT_YOURS, because=f"{gate.name} is answered by {who}", ask=asked)


def _deputies(release: Release, gate: Gate) -> Collection[UserId]:
    """Return who stands in for somebody in a role of the gate."""
    concerned = own_roles(release, gate, release.members)
    return {away.deputy for person, away in release.deputies.items() if person in concerned}


def _past(what: Apart) -> str:
    """Return what somebody did, so that the key of the release follows it."""
    return "started" if what is Apart.STARTED else f"{what} in"


def _roles_asked(release: Release, gate: Gate) -> tuple[str, ...]:
    every = (role for way in ways_of(release, gate, release.stage) for role in way.seats)
    return tuple(dict.fromkeys(every))
