"""A drill: the way back, rehearsed outside of production with a stopwatch.

It goes as a release does, of a service of its own, so that it neither waits for a release nor holds one up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.release.command import Decision
from bot.release.ids import ChannelId, UserId, WorkspaceId
from bot.release.refusal import Code, Refused
from bot.release.stages.start import Start, Started, StartFacts
from bot.runbook.model import DRILL, Runbook


@dataclass(frozen=True, slots=True, kw_only=True)
class StartDrill:
    """Rehearse the way back of a service from the version that is in production."""

    workspace: WorkspaceId
    by: UserId
    channel: ChannelId
    service: str

    def decide(self, facts: StartFacts) -> Decision:
        """Return the events that start the drill, or why it cannot start; the facts are those of drills."""
        if facts.runbook is None:
            return self._of(self.service).decide(facts)
        return self._cannot(facts, facts.runbook) or self._start(facts, facts.runbook)

    def _cannot(self, facts: StartFacts, runbook: Runbook) -> Refused | None:
        if runbook.drill is None:
            return Refused(
                code=Code.NO_DRILL,
                because=f"The runbook of {self.service} names no environment to rehearse its way back in.",
                instead="Name one in it, such as: rollback: {drill: rehearsal}.",
            )
        if facts.active:
            return Refused(
                code=Code.ANOTHER_ACTIVE,
                because=f"{facts.active} is still open, and one drill at a time is held of a service.",
                instead=f"Finish or cancel {facts.active} first.",
            )
        if facts.rehearsal is None:
            return Refused(
                code=Code.NOTHING_TO_ROLL_BACK,
                because=f"{self.service} was not released twice yet, so there is no version to go back to.",
                instead="Hold a drill after its second release.",
            )
        return None

    def _start(self, facts: StartFacts, runbook: Runbook) -> Decision:
        assert runbook.drill is not None
        assert facts.rehearsal is not None
        live = tuple(dict.fromkeys(stage.where for stage in runbook.stages if stage.production))
        rehearsal = replace(facts.rehearsal, production=live)
        start = self._of(drills_of(self.service), facts.rehearsal.version)
        decided = start.decide(replace(facts, runbook=runbook.drill, rehearsal=rehearsal))
        return decided if isinstance(decided, Refused) else self._not_of_it(decided, runbook) or decided

    def _of(self, service: str, version: str = "") -> Start:
        return Start(
            workspace=self.workspace,
            by=self.by,
            channel=self.channel,
            service=service,
            version=version,
            kind=DRILL,
        )

    def _not_of_it(self, decided: Sequence[object], runbook: Runbook) -> Refused | None:
        """Refuse who neither leads releases of the service nor does the steps of its way back."""
        owner = runbook.way_back.owner
        if runbook.lead is None:
            return None
        started = decided[0]
        assert isinstance(started, Started)
        members = started.members
        # Whoever starts it is in the role of the starter, and in no other by that.
        roles = [role for role in (runbook.lead, owner) if not runbook.role(role).starter]
        may = tuple(dict.fromkeys(person for role in roles for person in members.get(role, ())))
        if self.by in may:
            return None
        return Refused(
            code=Code.NOT_ELIGIBLE,
            because=f"A drill of {self.service} is started by people in {' or '.join(dict.fromkeys(roles))}.",
            instead="Ask one of them to start it.",
            ask=may,
        )


def drills_of(service: str) -> str:
    """Return the service as which the drills of a service are kept."""
    return f"{service}-{DRILL}"


def are_drills(service: str) -> bool:
    """Return whether drills are kept as a service; no service that is released is called so."""
    return service.endswith(f"-{DRILL}")
