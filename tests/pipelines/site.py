"""A place from which runs elsewhere are asked for, and at which they are reported."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp

from bot.pipelines.provider import Job, Unreached
from bot.pipelines.webhook.reports import Reports
from bot.pipelines.webhook.webhooks import Webhooks
from bot.release.state import State
from bot.web.server import WebServer
from tests.ledger.world import TEAM
from tests.pipelines.ci_server import CI
from tests.pipelines.place import RUNBOOK, Place
from tests.world import PATIENCE_S

STOPS_WITHIN: Final = timedelta(seconds=0.5)


class Counting(Webhooks):
    """Webhooks that count how often they were not reached, and how often a run was to be stopped."""

    unreached = 0
    stops = 0

    async def start(self, job: Job) -> str:
        try:
            return await super().start(job)
        except Unreached:
            self.unreached += 1
            raise

    async def stop(self, job: Job) -> bool | None:
        self.stops += 1
        return await super().stop(job)


class Site(Place):
    """A place from which a CI is asked, and at which it reports."""

    def __init__(self, folder: Path, ci: CI, session: aiohttp.ClientSession, runbook: str = RUNBOOK) -> None:
        command = '{command: [deploy, "{version}"]}'
        run = f'{{webhook: "{ci.address}", inputs: {{to: "{{environment}}"}}}}'
        super().__init__(folder, runbook.replace(command, run))
        self.ci = ci
        self.session = session
        self.url = ""

    def webhooks(self, **other: Any) -> Counting:
        settings: dict[str, Any] = {"stops_within": STOPS_WITHIN, "poll_s": 0.02, "key": self.ci.key, **other}
        return Counting(self.session, settings.pop("url", self.url), **settings)

    def reports(self, coordinator: Any = None) -> Reports:
        replica = self.replica
        return Reports(coordinator or replica.coordinator, self.releases, replica.database, TEAM, self.ci.key)

    @asynccontextmanager
    async def hearing(self, coordinator: Any = None) -> AsyncIterator[None]:
        """Answer reports until the block is left."""
        server = WebServer(healthy, {"/runs": self.reports(coordinator).answer}, {})
        self.url = f"http://127.0.0.1:{await server.start('127.0.0.1', 0)}"
        try:
            yield
        finally:
            await server.stop()

    async def is_asked(self, times: int = 1) -> None:
        await self.sees(lambda: len(self.ci.asked) == times)

    async def has_begun(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not (await self.release()).runs[0].began:
                await asyncio.sleep(0.02)

    async def why(self) -> str:
        """Wait until the step has failed, and return why."""
        release = await self.until(State.FAILED)
        assert release.failure is not None
        return release.failure.reason


async def healthy() -> Mapping[str, bool]:
    return {}
