"""Rollcall as a deployment protection rule of GitHub, from the webhook to the answer, with people in Slack."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot
from pydantic import SecretStr

from bot.release.state import State
from tests.pipelines.github_server import Deployment, GitHub, github_there
from tests.pipelines.test_github_webhook import SECRET, deliver, written
from tests.slack.given import ROLES, shown, write
from tests.world import PATIENCE_S, World, open_world

RUNBOOK = (
    "repository: https://127.0.0.1/acme/shop\nchannel: C0RELEASES\n"
    + ROLES
    + """\
stages:
  - name: staging
    owner: captain
    steps:
      - do: Smoke test
  - name: live
    environment: production
    owner: on-call
    production: true
    gates:
      - {name: QA, approvals: {qa: 1}}
    steps:
      - do: Let the pipeline deploy
"""
)
WITHOUT_CHANNEL = RUNBOOK.replace("channel: C0RELEASES\n", "")


class Town:
    """A world, and a GitHub whose deployments wait for it."""

    def __init__(self, folder: Path, world: World, github: GitHub) -> None:
        self.folder = folder
        self.world = world
        self.github = github

    async def asks(self, deployment: Deployment, times: int = 1) -> None:
        """Have GitHub ask about a deployment."""
        for _ in range(times):
            body = written(self.github.asks(deployment))
            assert await self.hears("deployment_protection_rule", body) == 200

    async def hears(self, event: str, body: bytes, **headers: str) -> int:
        """Deliver a webhook, and return how it is answered."""
        return await deliver(self.world.session, self.world.address, body, event=event, **headers)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def town_with(folder: Path, runbook: str = RUNBOOK, **settings: Any) -> AsyncIterator[Town]:
    """Open a world whose Rollcall is a rule at GitHub."""
    write(folder, runbook)
    async with github_there(GitHub()) as github:
        (folder / "key.pem").write_text(github.has_app())
        at_github: dict[str, Any] = {
            "github_url": github.url,
            "github_app_id": "4711",
            "github_app_key_file": folder / "key.pem",
            "github_webhook_secret": SecretStr(SECRET),
            "github_poll": 0.02,
        }
        async with open_world(
            folder, rollcall_runbooks=folder / "runbooks", **{**at_github, **settings}
        ) as world:
            yield Town(folder, world, github)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with town_with(tmp_path) as town:
        yield town


async def test_a_deployment_goes_on_when_its_stage_has_begun(town: Town) -> None:
    world, github = town.world, town.github
    await world.ana.types("/release start shop 2.0")
    deployment = github.deploys(ref="v2.0")
    await town.asks(deployment)
    await until(lambda: len(deployment.reports) == 1)
    assert deployment.reports[0] == snapshot(
        "shop-1 (shop 2.0) is in progress in `staging`; it waits for `Smoke test`."
    )
    await world.ana.presses("Done", "shop-1", on="stage:0")
    await until(lambda: len(deployment.reports) == 2)
    assert deployment.reports[1] == snapshot(
        "shop-1 (shop 2.0) is awaiting approval in `live`; it waits for `QA`."
    )
    assert deployment.answer == ""
    await world.ben.presses("Approve", "shop-1", on="gate:1:QA")
    await until(lambda: bool(deployment.answer))
    assert (deployment.answer, deployment.said) == snapshot(
        ("approved", "shop-1 (shop 2.0): `live` has begun.")
    )
    # Asked again, it is known.
    calls = github.count("deployment_protection_rule")
    await town.asks(deployment, times=3)
    await world.dan.presses("Done", "shop-1", on="stage:1")
    assert (await world.release("shop-1")).state is State.COMPLETED
    assert github.count("deployment_protection_rule") == calls == 3


async def test_a_hold_keeps_it_waiting_and_says_nothing_of_the_reason(town: Town) -> None:
    world, deployment = town.world, town.github.deploys(ref="v2.0")
    await world.ana.types("/release start shop 2.0")
    await world.ana.presses("Done", "shop-1", on="stage:0")
    await world.cleo.types("/release hold shop-1 The customer Initech has a secret problem.")
    await world.ben.presses("Approve", "shop-1", on="gate:1:QA")
    await town.asks(deployment)
    await until(lambda: bool(deployment.reports))
    assert deployment.reports == snapshot(["shop-1 (shop 2.0) is ready in `live`; it waits for hold 1."])
    await world.cleo.types("/release lift shop-1 1 It was a misunderstanding.")
    await until(lambda: deployment.answer == "approved")


async def test_what_was_cancelled_is_rejected(town: Town) -> None:
    world, deployment = town.world, town.github.deploys(ref="v2.0")
    await world.ana.types("/release start shop 2.0")
    await town.asks(deployment)
    await until(lambda: bool(deployment.reports))
    await world.ana.types("/release cancel shop-1 Not today.")
    await until(lambda: bool(deployment.answer))
    assert (deployment.answer, deployment.said) == snapshot(("rejected", "shop-1 (shop 2.0) is cancelled."))


async def test_a_pipeline_that_was_started_outside_shows_up_as_a_release(town: Town) -> None:
    world, github = town.world, town.github
    deployment = github.deploys("staging")
    await town.asks(deployment)
    await until(lambda: bool(deployment.answer))
    assert (deployment.answer, deployment.said) == snapshot(
        ("approved", "shop-1 (shop aaaaaaaaaaaa): `staging` has begun.")
    )
    assert await shown(world, "shop-1", "card") == snapshot("""\
shop aaaaaaaaaaaa (shop-1)
*shop-1* is *in progress* with staging (stage 1 of 2)
▶ staging → ○ live
*Waiting for*
• @dan: “Smoke test” is to be done, since <time>
*What goes out*
> A pipeline was begun by bea-gh, and waits to deploy main to staging: <https://127.0.0.1/acme/shop/actions/runs/70501>
*What is in it*: the first release that is known, at commit <https://127.0.0.1/acme/shop/commit/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|aaaaaaa>
Written by Robin Name (not known in Slack)
Captain @dan · started <time>
Event <n> · ledger <head>
[Hold…] [Why?] [Hand over…] [Changes]\
""")
    # It goes the way of every other release, and its next deployment waits for the next gates.
    following = github.deploys(run=deployment.run)
    await town.asks(following)
    await until(lambda: bool(following.reports))
    await world.dan.presses("Done", "shop-1", on="stage:0")
    await world.ben.presses("Approve", "shop-1", on="gate:1:QA")
    await until(lambda: following.answer == "approved")
    assert len(await world.releases.open_in((await world.release("shop-1")).workspace)) == 1


async def test_a_release_of_a_tag_is_called_by_it(town: Town) -> None:
    deployment = town.github.deploys(ref="v2.0")
    await town.asks(deployment)
    await until(lambda: bool(deployment.reports))
    release = await town.world.release("shop-1")
    assert (release.version, release.manifest.commit) == ("v2.0", "b" * 40)


async def test_without_a_channel_somebody_is_asked_to_start_it(tmp_path: Path) -> None:
    async with town_with(tmp_path, WITHOUT_CHANNEL) as town:
        deployment = town.github.deploys(ref="v2.0")
        await town.asks(deployment)
        await until(lambda: bool(deployment.reports))
        assert deployment.reports == snapshot(
            [
                "It belongs to no open release of shop. Start the release of bbbbbbbbbbbb in Slack; then this waits for it."
            ]
        )
        await town.world.ana.types("/release start shop 2.0")
        await until(lambda: len(deployment.reports) == 2)


async def test_while_another_release_is_open_it_waits_and_is_tried_again(town: Town) -> None:
    world, deployment = town.world, town.github.deploys("staging")
    await world.ana.types("/release start shop 1.0")
    await town.asks(deployment)
    await until(lambda: bool(deployment.reports))
    assert deployment.reports == snapshot(
        [
            "No release was started. shop-1 is still open, and one release at a time holds a service. Finish or cancel shop-1 first."
        ]
    )
    await world.ana.types("/release cancel shop-1 Not this one.")
    await until(lambda: deployment.answer == "approved")
    assert (await world.release("shop-2")).version == "aaaaaaaaaaaa"


async def test_a_service_that_is_locked_tells_no_reason_outside(town: Town) -> None:
    world, deployment = town.world, town.github.deploys("staging")
    await world.ana.types("/release start shop 1.0")
    await world.ana.presses("Done", "shop-1", on="stage:0")
    await world.ben.presses("Approve", "shop-1", on="gate:1:QA")
    await world.ana.types("/release rollback shop-1 Orders of Initech are lost.")
    await world.dan.presses("Done", "shop-1", on="stage:2")
    assert (await world.release("shop-1")).state is State.ROLLED_BACK
    await town.asks(deployment)
    await until(lambda: bool(deployment.reports))
    assert deployment.reports == snapshot(
        [
            "No release was started. shop is locked since a release was rolled back. The lock is lifted in Slack."
        ]
    )
    await world.ana.types("/release unlock shop-1 The query is mended.")
    await until(lambda: deployment.answer == "approved")


async def test_what_nobody_knows_is_rejected_with_what_to_do(town: Town) -> None:
    unknown = town.github.deploys("preview")
    await town.asks(unknown)
    await until(lambda: bool(unknown.answer))
    assert (unknown.answer, unknown.said) == snapshot(
        (
            "rejected",
            "No stage of shop works in `preview`. Name it in the runbook, or take the rule off this environment.",
        )
    )
    write(town.folder, RUNBOOK.replace("acme/shop", "acme/other"))
    other = town.github.deploys()
    await town.asks(other)
    await until(lambda: bool(other.answer))
    assert (other.answer, other.said) == snapshot(
        ("rejected", "No runbook names the repository https://127.0.0.1/acme/shop.")
    )


async def test_a_run_of_its_own_is_let_through_by_its_stage(tmp_path: Path) -> None:
    runbook = RUNBOOK.replace(
        "- do: Let the pipeline deploy",
        "- do: Deploy\n        run: {workflow: deploy.yml, ref: main, inputs: {version: '{version}'}}",
    )
    async with town_with(tmp_path, runbook) as town:
        world, github = town.world, town.github
        await world.ana.types("/release start shop 2.0")
        await world.ana.presses("Done", "shop-1", on="stage:0")
        await world.ben.presses("Approve", "shop-1", on="gate:1:QA")
        await until(lambda: bool(github.runs))
        # It runs at main, which is not what is released, and is asked about before its start is known.
        deployment = github.deploys(run=github.runs[0].id)
        await town.asks(deployment)
        await until(lambda: bool(deployment.answer))
        assert (deployment.answer, deployment.reports) == ("approved", [])


async def test_the_way_back_is_let_through(town: Town) -> None:
    world, github = town.world, town.github
    for number, version in ((1, "1.9"), (2, "2.0")):
        await world.ana.types(f"/release start shop {version}")
        await world.ana.presses("Done", f"shop-{number}", on="stage:0")
        await world.ben.presses("Approve", f"shop-{number}", on="gate:1:QA")
        if number == 1:
            await world.dan.presses("Done", "shop-1", on="stage:1")
    forward, back = github.deploys(ref="v2.0"), github.deploys(ref="v1.9")
    await town.asks(back)
    await until(lambda: bool(back.reports))
    await world.ana.types("/release rollback shop-2 Orders are lost.")
    await until(lambda: bool(back.answer))
    await town.asks(forward)
    await until(lambda: bool(forward.answer))
    assert (back.answer, back.said) == snapshot(("approved", "shop-2 (shop 2.0): `rollback` has begun."))
    assert (forward.answer, forward.said) == snapshot(
        ("rejected", "shop-2 (shop 2.0) is rolling back, and this is not the version before.")
    )
