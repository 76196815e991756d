"""Drills: whether the way back of a service was rehearsed lately, as the ledger has it."""

from bot.checks.source import Asked, Reading
from bot.clock import Clock
from bot.ledger.reader import Reader
from bot.release.gates.checks import Outcome
from bot.release.ids import WorkspaceId
from bot.release.stages.drill import drills_of
from bot.release.stages.recovery import recovery
from bot.runbook.values import duration


class Drills:
    """Read the last drill of a service that came to an end."""

    def __init__(self, releases: Reader, workspace: WorkspaceId, clock: Clock) -> None:
        self._releases = releases
        self._workspace = workspace
        self._clock = clock

    async def read(self, asked: Asked) -> Reading:
        """Return whether that drill went well, and is not older than the runbook allows.

        Where none can be held yet, for there is no way back to rehearse, none is asked for.
        """
        assert asked.read.drill is not None
        service, valid = asked.values["service"], duration(asked.read.drill)
        if await self._releases.rehearsal(self._workspace, service) is None:
            return Reading(outcome=Outcome.PASSED, said="there is no version to go back to yet")
        newest = await self._releases.newest(self._workspace, drills_of(service))
        if newest is not None and newest.failure is not None:
            return _failed(f"{newest.key} has failed; cancel it, and hold another one: drill {service}")
        last = await self._releases.last_drill(self._workspace, service)
        if last is None:
            return _failed(f"the way back was never rehearsed; type: drill {service}")
        well = recovery(last)
        if well is None:
            return _failed(f"{last.key} did not end well; hold another one: drill {service}")
        if self._clock.now() - well.at > asked.read.drill:
            return _failed(f"{last.key} is older than {valid}; hold another one: drill {service}")
        return Reading(outcome=Outcome.PASSED, said=last.key)


def _failed(said: str) -> Reading:
    return Reading(outcome=Outcome.FAILED, said=said)
