"""GitHub's webhook: it only says that it is time to look, so a lost one costs time and a lie costs nothing."""

import hashlib
import hmac
import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.release.state import State
from bot.web.github import GitHubWebhook
from bot.web.server import LARGEST_BODY, WebServer
from tests.pipelines.github_server import GitHub, github_there
from tests.slack.given import write
from tests.slack.test_workflows import RUNBOOK, with_github
from tests.world import World, open_world

SECRET = "a secret for tests"
PAYLOADS = json.loads((Path(__file__).parent / "workflow_run.json").read_text())["examples"]
DISPATCHED, OTHER = PAYLOADS
"""Examples of GitHub's own: of a workflow that was started by `workflow_dispatch`, and of another one."""


class Ear:
    """A server that hears webhooks, and counts how often there was something to look at."""

    def __init__(self) -> None:
        self.looks = 0
        self.url = ""

    async def look(self) -> None:
        self.looks += 1

    async def asked(self, content: object) -> str:
        return "This is no place for deployments."

    async def hears(self, body: bytes, event: str = "workflow_run", **headers: str) -> int:
        async with aiohttp.ClientSession() as session:
            return await deliver(session, self.url, body, event, **headers)


async def deliver(
    session: aiohttp.ClientSession, url: str, body: bytes, event: str = "workflow_run", **headers: str
) -> int:
    """Deliver a webhook as GitHub does; return the status that it is answered with."""
    own = {"X-GitHub-Event": event, "X-GitHub-Delivery": "1", "Content-Type": "application/json"}
    sign = {"X-Hub-Signature-256": signed(body)}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = io.BytesIO(body)
    async with session.post(f"{url}/github", data=content, headers={**own, **sign, **named}) as answer:
        return answer.status


def signed(body: bytes, secret: str = SECRET) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def written(content: object) -> bytes:
    return json.dumps(content).encode()


async def _healthy() -> Mapping[str, bool]:
    return {}


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    ear = Ear()
    server = WebServer(_healthy, {"/github": GitHubWebhook(SECRET, ear.look, ear.asked).answer}, {})
    ear.url = f"http://127.0.0.1:{await server.start('127.0.0.1', 0)}"
    yield ear
    await server.stop()


async def test_a_workflow_that_was_dispatched_is_looked_at(ear: Ear) -> None:
    assert await ear.hears(written(DISPATCHED)) == 200
    assert await ear.hears(written(DISPATCHED)) == 200
    assert ear.looks == 2


async def test_anything_else_is_taken_and_left(ear: Ear) -> None:
    assert await ear.hears(written(OTHER)) == 200
    assert await ear.hears(written(DISPATCHED), event="workflow_job") == 200
    assert await ear.hears(written({"zen": "Keep it logically awesome."}), event="ping") == 200
    others: list[Any] = [[], None, {"workflow_run": "x"}, {"workflow_run": {"event": ["workflow_dispatch"]}}]
    for content in others:
        assert await ear.hears(written(content)) == 200
    assert ear.looks == 0


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        signed(written(DISPATCHED), "another secret"),
        signed(written(OTHER)),
        signed(written(DISPATCHED)).upper(),
        f"sha1={hmac.new(SECRET.encode(), written(DISPATCHED), hashlib.sha1).hexdigest()}",
        "sha256=" + "é" * 64,
    ],
)
async def test_what_is_not_signed_is_refused(signature: str, ear: Ear) -> None:
    assert await ear.hears(written(DISPATCHED), X_Hub_Signature_256=signature) == 401
    assert ear.looks == 0


@pytest.mark.parametrize("body", [b"", b"{", b"payload=%7B%7D", b"\xff", b"[" * 100_000])
async def test_what_is_no_json_is_refused(body: bytes, ear: Ear) -> None:
    assert await ear.hears(body) == 400


async def test_what_is_too_large_is_refused(ear: Ear) -> None:
    assert await ear.hears(written("x" * LARGEST_BODY)) == 413


# In a world


@asynccontextmanager
async def told_world(folder: Path, github: GitHub) -> AsyncIterator[tuple[World, str]]:
    """Open a world in which workflows are looked at when GitHub says so, and else hardly ever."""
    write(folder, RUNBOOK)
    settings: dict[str, Any] = {**with_github(github), "github_poll": 600.0}
    secret = SecretStr(SECRET)
    async with open_world(
        folder, rollcall_runbooks=folder / "runbooks", github_webhook_secret=secret, **settings
    ) as world:
        yield world, world.address


async def test_the_end_of_a_workflow_is_seen_when_github_tells_it(tmp_path: Path) -> None:
    async with github_there(GitHub()) as github, told_world(tmp_path, github) as (world, url):
        await world.ana.types("/release start shop 2.0")
        await world.until(lambda r: bool(r.runs and r.runs[0].began), "shop-1")
        looks = github.count("attempts")

        # It is not true yet, and of another run, and comes twice.
        assert await deliver(world.session, url, written(DISPATCHED)) == 200
        await world.until(lambda r: github.count("attempts") > looks, "shop-1")
        assert (await world.release("shop-1")).state is State.IN_PROGRESS

        github.finish()
        for _ in range(2):
            assert await deliver(world.session, url, written(DISPATCHED)) == 200
        await world.until(lambda r: bool(r.done), "shop-1")
        assert [event for event in (await world.release("shop-1")).runs if event.passed] != []
    assert len(github.runs) == 1


async def test_without_a_secret_there_is_no_webhook(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        assert await deliver(world.session, world.address, written(DISPATCHED)) == 404
