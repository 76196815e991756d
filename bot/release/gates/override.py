"""Override: passing a gate without it being met, in the open, with a review afterwards."""

from dataclasses import dataclass

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event, Told
from bot.release.gates.result import gate_result, gate_status
from bot.release.gates.review import Because, ReviewOpened
from bot.release.gates.tree import GateStatus
from bot.release.people.roles import people_trouble
from bot.release.reason import reason_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.replace import replace
from bot.runbook.gates.gate import SIGNING


@dataclass(frozen=True, slots=True, kw_only=True)
class Overridden(Event):
    """A gate was passed without being met, for a reason."""

    stage: int
    gate: str
    reason: str

    def change(self, release: Release) -> Release:
        passed = release.overridden | {(self.stage, self.gate)}
        return replace(release, overrides=(*release.overrides, self), overridden=passed)

    def told(self) -> Told:
        return Told("overrode", self.gate, self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override(Command):
    """Pass a gate of the stage with the index `stage` without it being met."""

    stage: int
    gate: str
    reason: str

    def decide(self, release: Release, facts: Facts) -> Decision:
        return (
            self._not_entitled(release, facts)
            or self._not_open(release)
            or reason_trouble(self.reason)
            or self._overridden(release, facts)
        )

    def _not_entitled(self, release: Release, facts: Facts) -> Refused | None:
        role = release.runbook.overrides
        if role is None:
            return Refused(
                code=Code.NOT_YOURS,
                because=f"The runbook of {release.key} lets nobody override a gate.",
                instead="Its key overrides names the role that may.",
            )
        if trouble := people_trouble(release, facts):
            return trouble
        entitled = release.members.get(role, ())
        if self.by in entitled:
            return None
        return Refused(
            code=Code.NOT_YOURS, because=f"A gate is overridden by people in {role}.", ask=entitled
        )

    def _not_open(self, release: Release) -> Refused | None:
        gate = release.gate(self.stage, self.gate)
        if gate is None or self.stage != release.stage or self.stage in release.began:
            return Refused(
                code=Code.STALE,
                because=f"{release.key} does not wait for a gate “{self.gate}”.",
                instead="Look at its newest messages.",
            )
        if gate.name == SIGNING and release.policy:
            return Refused(
                code=Code.NOT_YOURS,
                because="Who may approve has changed, and nobody passes that by: it is signed by those who"
                " could approve before.",
                instead="Let them sign, or put the runbook back as it was and start again.",
                ask=gate_result(release, gate, self.stage).asked,
            )
        status = gate_status(release, gate, self.stage)
        if status is GateStatus.OVERRIDDEN:
            return Refused(code=Code.ALREADY_DONE, because=f"{self.gate} is overridden already.")
        if status.passes:
            return Refused(
                code=Code.NOTHING_TO_DO, because=f"{self.gate} is {status}, so there is nothing to override."
            )
        return None

    def _overridden(self, release: Release, facts: Facts) -> Decision:
        passed = Overridden(at=facts.now, by=self.by, stage=self.stage, gate=self.gate, reason=self.reason)
        review = release.review
        # Who has signed already has not seen this override, so then they sign anew; and a review of what
        # went out before may be due too soon for this.
        changed_at = release.revisions[-1].at if release.revisions else release.started_at
        if review is not None and not review.signed and review.opened >= changed_at:
            return (passed,)
        due = facts.now + release.runbook.review.within
        return (passed, ReviewOpened(at=facts.now, by=self.by, because=Because.OVERRIDE, due=due))
