"""All providers of runs as one: each run goes to the provider that its order names."""

from collections.abc import Mapping
from datetime import timedelta

from bot.pipelines.provider import Ended, Job, Provider
from bot.runbook.runs import Provider as Named


class Providers:
    """Pass each run on to its own provider."""

    def __init__(self, providers: Mapping[Named, Provider]) -> None:
        self._providers = providers

    def poll_s(self, job: Job) -> float:
        """Return the time between two looks at a run, in seconds."""
        return self._of(job).poll_s(job)

    def settles(self, job: Job) -> timedelta:
        """Return how long after it was tried to start a run it may still turn up."""
        return self._of(job).settles(job)

    async def start(self, job: Job) -> str:
        """Start a run. Raises NotStarted."""
        return await self._of(job).start(job)

    async def find(self, job: Job) -> str | None:
        """Return where a run can be watched, or None if it was not started."""
        return await self._of(job).find(job)

    async def look(self, job: Job) -> Ended | None:
        """Return how a run ended."""
        return await self._of(job).look(job)

    async def output(self, job: Job) -> str:
        """Return what a run has said so far."""
        return await self._of(job).output(job)

    async def stop(self, job: Job) -> bool | None:
        """Stop a run, and return whether it is over."""
        return await self._of(job).stop(job)

    def _of(self, job: Job) -> Provider:
        return self._providers[job.order.by]
