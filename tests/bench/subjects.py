"""What is measured: servers, each in a process of its own."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from sqlalchemy import func, select

from bot.ledger.database import Database
from bot.ledger.progress.shown import unshown
from bot.ledger.tables import events
from bot.practice import BOT_TOKEN, SIGNING_SECRET
from bot.practice.cast import Person
from tests.bench.load import Acknowledged, Server, pressed
from tests.bench.presses import CHANNEL, approvals, slot, start

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


class Uncounted(Exception):
    """The ledger does not hold what was acknowledged."""


class Rollcall:
    """Rollcall as its command starts it, over HTTP, with a ledger and a practice Slack of its own."""

    def __init__(self, server: Server, slack: str, database_url: str, people: tuple[Person, ...]) -> None:
        self._server = server
        self._slack = slack
        self._database = Database(database_url)
        self._people = people

    async def open(self, services: Sequence[str]) -> None:
        """Start a release of each service, and wait until Slack shows them all."""
        async with asyncio.timeout(PATIENCE_S):
            # Until the people were read, a start is refused; what has started is not started again.
            while await self._counted("Started") < len(services):
                for service in services:
                    await pressed(self._server, [start(service)], 1)
            await self.settled()

    async def approvals(self, services: Sequence[str]) -> list[bytes]:
        """Return a press of each person at each gate of the services' releases."""
        wanted = {f"{service}-1" for service in services}
        async with aiohttp.ClientSession(f"{self._slack}/_control/") as session:
            cards = [m for m in await _messages(session) if slot(m)[0] in wanted]
            threads = [await _messages(session, thread_ts=card["ts"]) for card in cards]
        gates = [m for thread in threads for m in thread if slot(m)[1].startswith("gate:")]
        return approvals(gates, self._people)

    async def pressed(self, requests: Sequence[bytes], people: int) -> Acknowledged:
        """Measure presses. Raises Uncounted unless the ledger gained one approval for each."""
        before = await self._counted("Approved")
        measured = await pressed(self._server, requests, people)
        gained = await self._counted("Approved") - before
        if gained != len(measured.ms):
            raise Uncounted(f"{len(measured.ms)} presses were acknowledged, and {gained} are in the ledger.")
        return measured

    async def settled(self) -> None:
        """Wait until Slack shows all that the ledger says."""
        async with asyncio.timeout(PATIENCE_S):
            while await self._database.read(unshown):
                await asyncio.sleep(0.05)

    async def _counted(self, kind: str) -> int:
        query = select(func.count()).select_from(events).where(events.c.kind == kind)
        return await self._database.read(lambda connection: connection.execute(query).scalar_one())

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()


@asynccontextmanager
async def rollcall(database_url: str, runbooks: Path, people: tuple[Person, ...]) -> AsyncIterator[Rollcall]:
    """Run Rollcall and its Slack."""
    async with running("-m", "tests.bench.crowd", str(len(people))) as slack:
        environment = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": "",
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": f"{slack.address}/api/",
            "DATABASE_URL": database_url,
            "PORT": "0",
            "ROLLCALL_RUNBOOKS": str(runbooks),
            "ROLLCALL_LOG": "warning",
            # The practice Slack is without limits here, so that what is measured does not wait for Slack's.
            "ROLLCALL_PACE": "1000",
        }
        async with running("-m", "bot", "serve", **environment) as server:
            subject = Rollcall(server, slack.address, database_url, people)
            yield subject
            subject.close()


@asynccontextmanager
async def running(*arguments: str, **environment: str) -> AsyncIterator[Server]:
    """Run Python in a process of its own, which prints the address where it serves."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, env={**os.environ, **environment}, stdout=PIPE
    )
    assert process.stdout is not None
    try:
        address = await _address(process.stdout)
        yield Server(address=address, process=psutil.Process(process.pid))
    finally:
        process.terminate()
        await process.wait()


async def _address(printed: asyncio.StreamReader) -> str:
    async with asyncio.timeout(PATIENCE_S):
        while line := (await printed.readline()).decode():
            if "http://" in line:
                return line[line.index("http://") :].strip().removesuffix("/healthz")
    raise ChildProcessError("It ended before it served; what it said stands above.")


async def _messages(session: aiohttp.ClientSession, **query: str) -> list[Mapping[str, Any]]:
    async with session.get("messages", params={"channel": CHANNEL.name, **query}) as answer:
        found: list[Mapping[str, Any]] = (await answer.json())["messages"]
    return found
