"""Steps that are run by workflows of GitHub Actions, as they look in the thread."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot
from pydantic import SecretStr

from bot.release.state import State
from tests.pipelines.github_server import TOKEN, GitHub, Workflow, github_there
from tests.slack.given import ROLES, open_form, shown, standing, world_with

RUNBOOK = (
    "repository: https://127.0.0.1/acme/shop\n"
    + ROLES
    + """\
stages:
  - name: production
    owner: on-call
    production: true
    steps:
      - do: Deploy
        run: {workflow: deploy.yml, ref: main, inputs: {environment: "{environment}", version: "{version}"}}
      - do: Watch the dashboards
rollback:
  steps:
    - do: Deploy the version before
      run: {workflow: back.yml, ref: main, inputs: {environment: "{environment}", version: "{before}"}}
"""
)


def with_github(github: GitHub) -> dict[str, Any]:
    """Return the settings with which workflows are run."""
    return {"github_url": github.url, "github_token": SecretStr(TOKEN), "github_poll": 0.05}


@pytest.fixture
async def github() -> AsyncIterator[GitHub]:
    async with github_there(GitHub()) as there:
        yield there


async def test_a_workflow_does_a_step_and_is_watched_where_it_runs(tmp_path: Path, github: GitHub) -> None:
    async with world_with(tmp_path, RUNBOOK, **with_github(github)) as world:
        await world.ana.types("/release start shop 2.0")
        await world.until(lambda r: bool(r.runs and r.runs[0].began), "shop-1")
        assert github.runs[0].title == "Deploy 2.0 (shop-1/1)"
        assert await shown(world, "shop-1", "stage:0") == snapshot("""\
*shop-1* (shop 2.0): *production* has begun
▶ Deploy: *being run* since <time> · <https://127.0.0.1/acme/shop/actions/runs/1001|watch it>
☐ Watch the dashboards
It has until <time>; then it is stopped
[Stop it…] [Output]\
""")
        await world.dan.presses("Output", "shop-1", on="stage:0")
        assert await open_form(world, "dan") == snapshot("""\
Output [Close]
```▶ deploy · 10:00:01 UTC
  ✓ Check out · 10:00:02 to 10:00:59 UTC
  ▶ Deploy · 10:00:02 UTC
  ☐ Smoke test```
shop-1 · run 1 · Deploy\
""")
        github.finish()
        await world.until(lambda r: bool(r.done), "shop-1")
        assert await shown(world, "shop-1", "stage:0") == snapshot("""\
*shop-1* (shop 2.0): *production* has begun
✓ Deploy: its run passed, <time>
☐ Watch the dashboards
Next is “Watch the dashboards”: @dan or @dee
[Done] [It failed…] [Output]\
""")
        await world.dan.presses("Done", "shop-1", on="stage:0")
        assert (await world.release("shop-1")).state is State.COMPLETED
    assert len(github.runs) == 1


async def test_a_workflow_fails_and_the_way_back_is_a_workflow_too(tmp_path: Path, github: GitHub) -> None:
    async with world_with(tmp_path, RUNBOOK, **with_github(github)) as world:
        await world.ana.types("/release start shop 2.0")
        await world.until(lambda r: bool(r.runs and r.runs[0].began), "shop-1")
        github.finish()
        await world.until(lambda r: bool(r.done), "shop-1")
        await world.dan.presses("Done", "shop-1", on="stage:0")
        await world.ana.types("/release start shop 2.1")
        await world.until(lambda r: bool(r.runs and r.runs[0].began), "shop-2")
        github.finish("failure", failed="Smoke test")
        await world.until(lambda r: r.state is State.FAILED, "shop-2")
        assert await shown(world, "shop-2", "stage:0") == snapshot("""\
*shop-2* (shop 2.1): *production* has begun
✗ Deploy: *failed*, <time> · <https://127.0.0.1/acme/shop/actions/runs/1002|see it>
> At GitHub it ended as failure.
> deploy: Smoke test
☐ Watch the dashboards
@ana, @dan or @dee: retry it, skip it or roll back
[Retry] [Skip…] [Roll back…] [Output]\
""")
        await world.dan.presses("Roll back…", "shop-2", on="stage:0")
        await world.dan.submits(key="shop-2", reason="Orders are lost.")
        await world.until(lambda r: len(r.runs) == 2 and bool(r.runs[1].began), "shop-2")
        github.finish()
        await world.until(lambda r: r.state is State.ROLLED_BACK, "shop-2")
    assert [(run.workflow, run.given["version"]) for run in github.runs] == [
        ("deploy.yml", "2.0"),
        ("deploy.yml", "2.1"),
        ("back.yml", "2.0"),
    ]


async def test_what_is_cancelled_by_hand_at_github_has_failed_and_is_retried(
    tmp_path: Path, github: GitHub
) -> None:
    async with world_with(tmp_path, RUNBOOK, **with_github(github)) as world:
        await world.ana.types("/release start shop 2.0")
        await world.until(lambda r: bool(r.runs and r.runs[0].began), "shop-1")
        github.finish("cancelled")
        await world.until(lambda r: r.state is State.FAILED, "shop-1")
        assert await shown(world, "shop-1", "stage:0") == snapshot("""\
*shop-1* (shop 2.0): *production* has begun
✗ Deploy: *failed*, <time> · <https://127.0.0.1/acme/shop/actions/runs/1001|see it>
> At GitHub it ended as cancelled.
> deploy: Deploy
☐ Watch the dashboards
@ana, @dan or @dee: retry it, skip it or roll back
[Retry] [Skip…] [Roll back…] [Output]\
""")
        await world.dan.presses("Retry", "shop-1", on="stage:0")
        await world.until(lambda r: len(r.runs) == 2 and bool(r.runs[1].began), "shop-1")
        github.finish()
        await world.until(lambda r: bool(r.done), "shop-1")
    assert [run.title for run in github.runs] == ["Deploy 2.0 (shop-1/1)", "Deploy 2.0 (shop-1/2)"]


async def test_a_workflow_is_cancelled_by_a_person_who_says_why(tmp_path: Path, github: GitHub) -> None:
    async with world_with(tmp_path, RUNBOOK, **with_github(github)) as world:
        await world.ana.types("/release start shop 2.0")
        await world.until(lambda r: bool(r.runs and r.runs[0].began), "shop-1")
        await world.dan.presses("Stop it…", "shop-1", on="stage:0")
        await world.dan.submits(reason="It is the wrong cluster.")
        await world.until(lambda r: github.runs[0].attempts == ["cancelled"], "shop-1")
        assert await standing(world, "shop-1") == snapshot("""\
*shop-1* is *stopped by a failure* in production (stage 1 of 1)
✗ production
*Waiting for*
• @ana, @dan or @dee: “Deploy” has *failed*, <time>: choose what follows
*What is in it*: the first release that is known, at commit <https://127.0.0.1/acme/shop/commit/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb|bbbbbbb>
Written by Robin Name (not known in Slack)\
""")


async def test_what_cannot_be_started_says_in_the_thread_what_to_do(tmp_path: Path, github: GitHub) -> None:
    github.workflows["deploy.yml"] = Workflow(inputs=("environment", "version"), run_name="Deploy")
    async with world_with(tmp_path, RUNBOOK, **with_github(github)) as world:
        await world.ana.types("/release start shop 2.0")
        await world.until(lambda r: r.state is State.FAILED, "shop-1")
        assert await shown(world, "shop-1", "stage:0") == snapshot("""\
*shop-1* (shop 2.0): *production* has begun
✗ Deploy: *failed*, <time>
> GitHub did not start deploy.yml: Unexpected inputs provided: ["rollcall"]. Declare the input rollcall under workflow_dispatch in deploy.yml.
☐ Watch the dashboards
@ana, @dan or @dee: retry it, skip it or roll back
[Retry] [Skip…] [Roll back…] [Output]\
""")
    assert github.runs == []
