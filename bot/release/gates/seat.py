"""Choosing the seat that one's approval fills, where it could fill several."""

from dataclasses import dataclass

from bot.release.command import Decision, Facts
from bot.release.event import Event
from bot.release.gates.answers import Answer, open_gate
from bot.release.gates.result import gate_result
from bot.release.refusal import Code, Refused
from bot.release.release import Release, Verdict
from bot.release.replace import replace
from bot.runbook.gates.gate import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatTaken(Event):
    """A person chose the role whose seat their approval fills."""

    stage: int
    gate: str
    role: str

    def change(self, release: Release) -> Release:
        vote = release.vote(self.stage, self.gate, self.by)
        return release if vote is None else release.with_vote(replace(vote, seat=self.role))


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeSeat(Answer):
    """Choose the role whose seat one's approval fills, where it could fill several."""

    role: str

    def decide(self, release: Release, facts: Facts) -> Decision:
        gate = open_gate(release, self)
        if isinstance(gate, Refused):
            return gate
        vote = release.vote(self.stage, self.gate, self.by)
        if vote is None or vote.verdict is not Verdict.APPROVED or self.role not in vote.roles:
            return Refused(
                code=Code.NOTHING_TO_DO,
                because=f"You have no approval at {self.gate} that could fill a seat of {self.role[:60]}.",
                instead="Approve it first, as somebody in that role.",
            )
        taken = SeatTaken(at=facts.now, by=self.by, stage=self.stage, gate=self.gate, role=self.role)
        return self._in_the_way(release, gate, taken) or (taken,)

    def _in_the_way(self, release: Release, gate: Gate, taken: SeatTaken) -> Refused | None:
        if _seat_of(release, gate, self) == self.role:
            return Refused(
                code=Code.ALREADY_DONE, because=f"Your approval fills a seat of {self.role} already."
            )
        if _seat_of(taken.change(release), gate, self) != self.role:
            return Refused(
                code=Code.SEAT_NEEDED,
                because=f"Your approval is needed where it is: in {self.role}, one seat more would be empty.",
                instead=f"When somebody else of your other roles has approved {self.gate}, move it then.",
            )
        return None


def _seat_of(release: Release, gate: Gate, answer: Answer) -> str:
    """Return the role of the seat that a person's approval fills, or nothing."""
    seats = gate_result(release, gate, answer.stage).seats
    return next((s.role for s in seats if s.filled is not None and s.filled.by == answer.by), "")
