"""Settling a no: who leads the release says how, and it blocks no more."""

from dataclasses import dataclass

from bot.release.command import Decision, Facts
from bot.release.event import Event, Told
from bot.release.gates.answers import Answer, open_gate
from bot.release.ids import UserId
from bot.release.people.duties import Circle, not_yours
from bot.release.reason import reason_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Ending, Release, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionResolved(Event):
    """Who leads the release settled somebody's no, and said how."""

    stage: int
    gate: str
    person: UserId
    reason: str

    def change(self, release: Release) -> Release:
        vote = release.vote(self.stage, self.gate, self.person)
        because = f"it was settled by the captain: {self.reason}"
        settled = Ending(by=self.by, at=self.at, how="settled it", reason=self.reason)
        left = release.without_rejection(self.stage, self.gate, self.person, settled)
        return left if vote is None else left.voiding(self.at, {vote: because})

    def told(self) -> Told:
        return Told("settled a rejection of", self.gate, self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveRejection(Answer):
    """Settle somebody's no, as who leads the release. The comment says how."""

    person: UserId

    def decide(self, release: Release, facts: Facts) -> Decision:
        if trouble := not_yours(release, self.by, "Settling a rejection", Circle.LEAD):
            return trouble
        gate = open_gate(release, self)
        if isinstance(gate, Refused):
            return gate
        vote = release.vote(self.stage, self.gate, self.person)
        if vote is None or vote.verdict is not Verdict.REJECTED:
            return Refused(
                code=Code.NOTHING_TO_DO, because=f"That rejection of {self.gate} does not stand any more."
            )
        if self.person == self.by:
            return Refused(
                code=Code.NOT_ELIGIBLE,
                because="This rejection is your own.",
                instead="Withdraw it, and say why.",
            )
        return reason_trouble(self.comment) or (
            RejectionResolved(
                at=facts.now,
                by=self.by,
                stage=self.stage,
                gate=self.gate,
                person=self.person,
                reason=self.comment,
            ),
        )
