"""GitLab's webhook: it only says that it is time to look, so a lost one costs time and a lie costs nothing."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.app import _gitlab_webhook
from bot.release.state import State
from bot.settings import Misconfigured
from bot.signing import TOLERANCE_S, Key
from bot.web.gitlab import LOOK_S, GitLabWebhook
from bot.web.server import LARGEST_BODY, WebServer
from tests.pipelines.gitlab_server import TOKEN, GitLab, gitlab_there
from tests.slack.given import ROLES, write
from tests.world import open_world

SIGNING = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
SECRET = "a secret token for tests"
OURS = {"object_kind": "pipeline", "object_attributes": {"id": 1, "source": "api", "status": "success"}}
RUNBOOK = (
    "repository: https://127.0.0.1/acme/web/shop\n"
    + ROLES
    + """\
stages:
  - name: production
    owner: on-call
    production: true
    steps:
      - do: Deploy
        run: {pipeline: main, inputs: {VERSION: "{version}"}}
      - do: Watch the dashboards
"""
)


class Ear:
    """A server that hears webhooks with a secret, and counts how often there was something to look at."""

    def __init__(self) -> None:
        self.looks = 0
        self.projects: list[str] = []
        self.slow = False
        self.servers: list[WebServer] = []

    async def look(self) -> None:
        self.looks += 1

    async def look_at(self, project: str) -> None:
        self.projects.append(project)
        if self.slow:
            await asyncio.Event().wait()

    async def hears(self, secret: str, body: bytes, headers: Mapping[str, str]) -> int:
        server = WebServer(_healthy, {"/gitlab": GitLabWebhook(secret, self.look, self.look_at).answer}, {})
        self.servers.append(server)
        url = f"http://127.0.0.1:{await server.start('127.0.0.1', 0)}"
        async with aiohttp.ClientSession() as session:
            return await deliver(session, url, body, headers)


async def deliver(session: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Deliver a webhook as GitLab does; return the status that it is answered with."""
    own = {"X-Gitlab-Event": "Pipeline Hook", "Content-Type": "application/json"}
    async with session.post(f"{url}/gitlab", data=body, headers={**own, **headers}) as answer:
        return answer.status


def written(content: object) -> bytes:
    return json.dumps(content).encode()


def signed(body: bytes, secret: str = SIGNING, at: float | None = None) -> Mapping[str, str]:
    return Key.read(secret).sign("0ad1fe44", body, at)


async def _healthy() -> Mapping[str, bool]:
    return {}


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    ear = Ear()
    yield ear
    for server in ear.servers:
        await server.stop()


async def test_a_pipeline_is_looked_at_by_its_signature_or_its_secret_token(ear: Ear) -> None:
    body = written(OURS)
    assert await ear.hears(SIGNING, body, signed(body)) == 200
    assert await ear.hears(SIGNING, body, {"X-Gitlab-Token": SIGNING}) == 200
    assert await ear.hears(SECRET, body, {"X-Gitlab-Token": SECRET}) == 200
    # GitLab signs with a token that Rollcall was not told, and sends the one that it was.
    assert await ear.hears(SECRET, body, {"X-Gitlab-Token": SECRET, **signed(body)}) == 200
    assert ear.looks == 4


async def test_anything_else_is_taken_and_left(ear: Ear) -> None:
    others: list[Any] = [
        {"object_kind": "pipeline", "object_attributes": {"source": "push"}},
        {"object_kind": "build"},
        {"object_kind": "deployment"},
        {"object_kind": "deployment", "project": {"path_with_namespace": 7}},
        {"object_kind": "pipeline", "object_attributes": {"status": "manual"}},
        {"object_kind": "pipeline", "object_attributes": ["api"]},
        [],
        None,
    ]
    for content in others:
        assert await ear.hears(SECRET, written(content), {"X-Gitlab-Token": SECRET}) == 200
    assert (ear.looks, ear.projects) == (0, [])


async def test_what_may_be_blocked_is_looked_at(ear: Ear) -> None:
    project = {"path_with_namespace": "acme/web/shop"}
    told: list[Any] = [
        {"object_kind": "deployment", "status": "running", "project": project},
        {"object_kind": "pipeline", "object_attributes": {"status": "manual"}, "project": project},
    ]
    for content in told:
        assert await ear.hears(SECRET, written(content), {"X-Gitlab-Token": SECRET}) == 200
        assert await ear.hears(SECRET, written(content), {"X-Gitlab-Token": "another"}) == 401
    assert ear.projects == ["acme/web/shop"] * 2


@pytest.mark.proof
async def test_gitlab_is_answered_in_time_however_long_it_takes_to_look(ear: Ear) -> None:
    ear.slow = True
    content = {"object_kind": "deployment", "project": {"path_with_namespace": "acme/web/shop"}}
    async with asyncio.timeout(2 * LOOK_S):
        assert await ear.hears(SECRET, written(content), {"X-Gitlab-Token": SECRET}) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Gitlab-Token": ""},
        {"X-Gitlab-Token": "another"},
        {"X-Gitlab-Token": "é"},
        signed(written(OURS), "whsec_YW5vdGhlciBvbmUsIHdpdGggdHdlbnR5LWZvdXIgYnl0ZXM="),
        signed(written([])),
        signed(written(OURS), at=time.time() - TOLERANCE_S - 5),
        {**signed(written(OURS)), "webhook-id": "other"},
        {**signed(written(OURS), at=1), "X-Gitlab-Token": SIGNING},
    ],
)
async def test_what_is_not_gitlabs_is_refused(headers: Mapping[str, str], ear: Ear) -> None:
    assert await ear.hears(SIGNING, written(OURS), headers) == 401
    assert ear.looks == 0


@pytest.mark.parametrize("body", [b"", b"{", b"payload=%7B%7D", b"\xff", b"[" * 100_000])
async def test_what_is_no_json_is_refused(body: bytes, ear: Ear) -> None:
    assert await ear.hears(SECRET, body, {"X-Gitlab-Token": SECRET}) == 400


async def test_what_is_too_large_is_refused(ear: Ear) -> None:
    body = written("x" * LARGEST_BODY)
    assert await ear.hears(SECRET, body, {"X-Gitlab-Token": SECRET}) == 413


async def test_the_end_of_a_pipeline_is_seen_when_gitlab_tells_it(tmp_path: Path) -> None:
    write(tmp_path, RUNBOOK)
    async with (
        gitlab_there(GitLab()) as gitlab,
        open_world(
            tmp_path,
            rollcall_runbooks=tmp_path / "runbooks",
            gitlab_url=gitlab.api,
            gitlab_token=SecretStr(TOKEN),
            gitlab_poll=600.0,
            gitlab_webhook_secret=SecretStr(SIGNING),
        ) as world,
    ):
        await world.ana.types("/release start shop 2.0")
        await world.until(lambda r: bool(r.runs and r.runs[0].began), "shop-1")
        looks = gitlab.count("GET")

        # It is not true yet.
        body = written(OURS)
        assert await deliver(world.session, world.address, body, signed(body)) == 200
        await world.until(lambda r: gitlab.count("GET") > looks, "shop-1")
        assert (await world.release("shop-1")).state is State.IN_PROGRESS

        gitlab.finish()
        for _ in range(2):
            assert await deliver(world.session, world.address, body, signed(body)) == 200
        await world.until(lambda r: bool(r.done), "shop-1")
    assert len(gitlab.pipelines) == 1


def test_a_signing_token_that_is_none_stops_the_start() -> None:
    with pytest.raises(Misconfigured, match="GITLAB_WEBHOOK_SECRET: expected whsec_"):
        _gitlab_webhook("whsec_cut-off", Ear().look)
