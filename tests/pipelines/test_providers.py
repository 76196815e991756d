"""One release, from its start through two stages to its end, on each of the providers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot
from pydantic import SecretStr

from bot.release.release import Release
from bot.release.state import State
from tests.pipelines.ci_server import CI, SECRET
from tests.pipelines.faulty import free_port, listening
from tests.pipelines.github_server import TOKEN as GITHUB_TOKEN
from tests.pipelines.github_server import GitHub
from tests.pipelines.gitlab_server import TOKEN as GITLAB_TOKEN
from tests.pipelines.gitlab_server import GitLab
from tests.slack.given import ROLES, shown, world_with
from tests.world import PATIENCE_S

STAGES = """\
stages:
  - name: staging
    owner: captain
    steps:
      - do: Deploy to staging
        run: {run}
  - name: production
    owner: on-call
    production: true
    gates:
      - {{name: Go or no-go, approvals: {{security: 1}}}}
    steps:
      - do: Deploy to all
        run: {run}
"""


@dataclass(frozen=True)
class Elsewhere:
    """Where steps are run: what a runbook says of it, and how what runs there is seen and brought to its end."""

    run: str
    settings: dict[str, Any]
    done: Callable[[], list[str]]
    """The environments to which was deployed, in order."""
    passes: Callable[[], Awaitable[None]]
    repository: str = "https://127.0.0.1/acme/shop"


@asynccontextmanager
async def commands(folder: Path) -> AsyncIterator[Elsewhere]:
    (folder / "commands").mkdir()
    deploy, go = folder / "commands" / "deploy", folder / "go"
    deploy.write_text(f'#!/bin/sh\necho "$1 $2" >> {folder}/done\nuntil rm {go} 2>&-; do sleep 0.05; done\n')
    deploy.chmod(0o755)
    settings = {
        "rollcall_commands": folder / "commands",
        "rollcall_runs": folder / "runs",
        "rollcall_poll": 0.05,
    }

    def done() -> list[str]:
        written = folder / "done"
        return written.read_text().splitlines() if written.exists() else []

    async def passes() -> None:
        go.touch()

    yield Elsewhere('{command: [deploy, "{environment}", "{version}"]}', settings, done, passes)


@asynccontextmanager
async def github(folder: Path) -> AsyncIterator[Elsewhere]:
    there = GitHub()

    def done() -> list[str]:
        return [f"{run.given['environment']} {run.given['version']}" for run in there.runs]

    async def passes() -> None:
        there.finish()

    async with listening(there):
        token = SecretStr(GITHUB_TOKEN)
        settings = {"github_url": there.url, "github_token": token, "github_poll": 0.05}
        given = '{environment: "{environment}", version: "{version}"}'
        run = f"{{workflow: deploy.yml, ref: main, inputs: {given}}}"
        yield Elsewhere(run, settings, done, passes)


@asynccontextmanager
async def gitlab(folder: Path) -> AsyncIterator[Elsewhere]:
    there = GitLab()

    def done() -> list[str]:
        return [f"{one.variables['TO']} {one.ref.removeprefix('v')}" for one in there.pipelines]

    async def passes() -> None:
        there.finish()

    async with listening(there):
        settings = {
            "gitlab_url": there.api,
            "gitlab_token": SecretStr(GITLAB_TOKEN),
            "gitlab_poll": 0.05,
        }
        run = '{pipeline: "v{version}", inputs: {TO: "{environment}"}}'
        yield Elsewhere(run, settings, done, passes, "https://127.0.0.1/acme/web/shop")


@asynccontextmanager
async def webhook(folder: Path) -> AsyncIterator[Elsewhere]:
    there, port = CI(), free_port()

    def done() -> list[str]:
        return [f"{asked['inputs']['to']} {asked['version']}" for asked in there.asked]

    async def passes() -> None:
        assert await there.reports("passed") == (200, "ok")

    async with listening(there):
        settings = {
            "port": port,
            "rollcall_url": f"http://127.0.0.1:{port}",
            "rollcall_webhook_secret": SecretStr(SECRET),
            "rollcall_inside": "127.0.0.1",
        }
        run = f'{{webhook: "{there.address}", inputs: {{to: "{{environment}}"}}}}'
        yield Elsewhere(run, settings, done, passes)


def runs(number: int) -> Callable[[Release], bool]:
    """Return whether a release has begun so many runs."""
    return lambda release: len(release.runs) == number and release.runs[-1].began is not None


@pytest.mark.parametrize("provider", [commands, github, gitlab, webhook])
async def test_a_release_goes_through_two_stages(provider: Any, tmp_path: Path) -> None:
    async with (
        provider(tmp_path) as elsewhere,
        world_with(tmp_path, _runbook(elsewhere), **elsewhere.settings) as world,
    ):
        await world.ana.types("/release start shop 2.0")
        await world.until(runs(1), "shop-1")
        await _deployed(elsewhere, "staging")
        await elsewhere.passes()
        await world.until(lambda r: r.stage == 1, "shop-1")

        # What is next waits for people, and not for a pipeline.
        assert (await world.release("shop-1")).state is State.AWAITING_APPROVAL
        await world.cleo.presses("Approve", "shop-1", on="gate:1:Go or no-go")
        await world.until(runs(2), "shop-1")
        await _deployed(elsewhere, "staging", "production")
        await elsewhere.passes()
        await world.until(lambda r: r.state is State.COMPLETED, "shop-1")

        assert await shown(world, "shop-1", "stage:1") == snapshot("""\
*shop-1* (shop 2.0): *production* is *done*
✓ Deploy to all: its run passed, <time>
[Output]\
""")
        assert [(run.number, run.passed) for run in (await world.release("shop-1")).runs] == [
            (1, True),
            (2, True),
        ]


@pytest.mark.parametrize(
    ("provider", "link"),
    [
        (github, "https://127.0.0.1/acme/shop/actions/runs/1001"),
        (gitlab, "https://127.0.0.1/acme/web/shop/-/pipelines/1001"),
        (webhook, "https://ci.acme.example/runs/1"),
    ],
)
async def test_what_runs_elsewhere_is_watched_where_it_runs(provider: Any, link: str, tmp_path: Path) -> None:
    async with (
        provider(tmp_path) as elsewhere,
        world_with(tmp_path, _runbook(elsewhere), **elsewhere.settings) as world,
    ):
        await world.ana.types("/release start shop 2.0")
        await world.until(runs(1), "shop-1")
        told = await shown(world, "shop-1", "stage:0")
        assert told.replace(link, "<link>") == snapshot("""\
*shop-1* (shop 2.0): *staging* has begun
▶ Deploy to staging: *being run* since <time> · <<link>|watch it>
It has until <time>; then it is stopped
[Stop it…] [Output]\
""")


async def _deployed(elsewhere: Elsewhere, *to: str) -> None:
    """Wait until it was deployed to these environments, and see that it was to no other."""
    async with asyncio.timeout(PATIENCE_S):
        while len(elsewhere.done()) < len(to):
            await asyncio.sleep(0.02)
    assert elsewhere.done() == [f"{environment} 2.0" for environment in to]


def _runbook(elsewhere: Elsewhere) -> str:
    return f"repository: {elsewhere.repository}\n{ROLES}{STAGES.format(run=elsewhere.run)}"
