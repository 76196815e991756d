"""Rollcall as an approver of GitLab's protected environments, from what is blocked to the answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot
from pydantic import SecretStr

from bot.release.state import State
from tests.deployments.test_protection_rule import RUNBOOK as AT_GITHUB
from tests.deployments.test_protection_rule import until
from tests.pipelines.gitlab_server import APPROVER, TOKEN, Deployment, GitLab, gitlab_there
from tests.pipelines.test_gitlab_webhook import SIGNING, deliver, signed, written
from tests.slack.given import shown, write
from tests.world import World, open_world

RUNBOOK = AT_GITHUB.replace("acme/shop", "acme/web/shop")
LIST = "GET /api/v4/projects/acme/web/shop/deployments"
NEVER_S = 600.0
PROJECT = {"path_with_namespace": "acme/web/shop", "web_url": "https://127.0.0.1/acme/web/shop"}
WAITS = {
    "object_kind": "pipeline",
    "object_attributes": {"id": 1, "source": "push", "status": "manual"},
    "project": PROJECT,
}
RUNS = {"object_kind": "deployment", "status": "running", "deployment_id": 501, "project": PROJECT}


class Town:
    """A world, and a GitLab whose deployments wait for it."""

    def __init__(self, world: World, gitlab: GitLab) -> None:
        self.world = world
        self.gitlab = gitlab

    async def hears(self, content: object) -> None:
        """Deliver a webhook."""
        body = written(content)
        assert await deliver(self.world.session, self.world.address, body, signed(body)) == 200

    async def is_looked_at(self) -> None:
        """Wait until it was looked for what is blocked, from beginning to end, and it was seen to."""
        looks = self.gitlab.count(LIST)
        await until(lambda: self.gitlab.count(LIST) > looks + 2)


@asynccontextmanager
async def town_with(folder: Path, **settings: Any) -> AsyncIterator[Town]:
    """Open a world whose Rollcall may approve at GitLab."""
    write(folder, RUNBOOK)
    async with gitlab_there(GitLab()) as gitlab:
        at_gitlab: dict[str, Any] = {
            "gitlab_url": gitlab.api,
            "gitlab_token": SecretStr(TOKEN),
            "gitlab_approver_token": SecretStr(APPROVER),
            "gitlab_webhook_secret": SecretStr(SIGNING),
            "gitlab_poll": 0.02,
        }
        async with open_world(
            folder, rollcall_runbooks=folder / "runbooks", **{**at_gitlab, **settings}
        ) as world:
            yield Town(world, gitlab)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with town_with(tmp_path) as town:
        yield town


async def is_answered(deployment: Deployment) -> tuple[str, str] | None:
    await until(lambda: bool(deployment.answers))
    return deployment.answer


@pytest.mark.parametrize("content", [WAITS, RUNS])
async def test_a_deployment_goes_on_when_its_stage_has_begun(tmp_path: Path, content: object) -> None:
    """What is blocked is kept before the webhook is answered: nothing else looks for it here."""
    async with town_with(tmp_path, gitlab_poll=NEVER_S) as town:
        world, deployment = town.world, town.gitlab.deploys(ref="v2.0")
        await world.ana.types("/release start shop 2.0")
        await town.hears(content)
        await world.ana.presses("Done", "shop-1", on="stage:0")
        assert deployment.answers == {}
        await world.ben.presses("Approve", "shop-1", on="gate:1:QA")
        assert await is_answered(deployment) == snapshot(("approved", "shop-1 (shop 2.0): `live` has begun."))
        # It stays blocked until somebody runs its job, and is not answered again.
        await town.hears(content)
        await world.dan.presses("Done", "shop-1", on="stage:1")
        assert (await world.release("shop-1")).state is State.COMPLETED
        assert town.gitlab.count("/approval") == 1


async def test_a_webhook_that_is_lost_only_costs_time(town: Town) -> None:
    world, deployment = town.world, town.gitlab.deploys(ref="v2.0")
    await world.ana.types("/release start shop 2.0")
    await world.ana.presses("Done", "shop-1", on="stage:0")
    await world.ben.presses("Approve", "shop-1", on="gate:1:QA")
    assert await is_answered(deployment) == snapshot(("approved", "shop-1 (shop 2.0): `live` has begun."))


async def test_what_is_held_waits(town: Town) -> None:
    world, deployment = town.world, town.gitlab.deploys(ref="v2.0")
    await world.ana.types("/release start shop 2.0")
    await world.ana.presses("Done", "shop-1", on="stage:0")
    await world.cleo.types("/release hold shop-1 A customer has a problem.")
    await world.ben.presses("Approve", "shop-1", on="gate:1:QA")
    await town.is_looked_at()
    assert deployment.answers == {}
    await world.cleo.types("/release lift shop-1 1 It was a misunderstanding.")
    assert await is_answered(deployment) == snapshot(("approved", "shop-1 (shop 2.0): `live` has begun."))


async def test_what_was_cancelled_is_rejected(town: Town) -> None:
    world, deployment = town.world, town.gitlab.deploys(ref="v2.0")
    await world.ana.types("/release start shop 2.0")
    await town.is_looked_at()
    await world.ana.types("/release cancel shop-1 Not today.")
    assert await is_answered(deployment) == snapshot(("rejected", "shop-1 (shop 2.0) is cancelled."))


async def test_a_pipeline_that_was_started_outside_shows_up_as_a_release(town: Town) -> None:
    deployment = town.gitlab.deploys("staging")
    assert await is_answered(deployment) == snapshot(
        ("approved", "shop-1 (shop aaaaaaaaaaaa): `staging` has begun.")
    )
    card = await shown(town.world, "shop-1", "card")
    assert (
        "A pipeline was begun by bea-gl, and waits to deploy main to staging:"
        " <https://127.0.0.1/acme/web/shop/-/pipelines/70501>" in card
    )


async def test_what_no_stage_works_in_is_left_to_others(town: Town) -> None:
    preview, live = town.gitlab.deploys("preview", ref="v2.0"), town.gitlab.deploys(ref="v2.0")
    await town.world.ana.types("/release start shop 2.0")
    await town.is_looked_at()
    await town.world.ana.types("/release cancel shop-1 Not today.")
    assert await is_answered(live) is not None
    await town.is_looked_at()
    assert preview.answers == {}


async def test_the_way_back_is_let_through(town: Town) -> None:
    world, gitlab = town.world, town.gitlab
    for number, version in ((1, "1.9"), (2, "2.0")):
        await world.ana.types(f"/release start shop {version}")
        await world.ana.presses("Done", f"shop-{number}", on="stage:0")
        await world.ben.presses("Approve", f"shop-{number}", on="gate:1:QA")
        if number == 1:
            await world.dan.presses("Done", "shop-1", on="stage:1")
    back = gitlab.deploys(ref="v1.9")
    await town.is_looked_at()
    assert back.answers == {}
    await world.ana.types("/release rollback shop-2 Orders are lost.")
    assert await is_answered(back) == snapshot(("approved", "shop-2 (shop 2.0): `rollback` has begun."))
    forward = gitlab.deploys(ref="v2.0")
    assert await is_answered(forward) == snapshot(
        ("rejected", "shop-2 (shop 2.0) is rolling back, and this is not the version before.")
    )


async def test_without_an_approver_nothing_is_looked_at(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with town_with(tmp_path, gitlab_approver_token=SecretStr("")) as town:
        deployment = town.gitlab.deploys("staging")
        await town.hears(WAITS)
        await town.hears(RUNS)
        await town.world.ana.types("/release start shop 2.0")
        assert town.gitlab.count(LIST) == 0
        assert "cannot be read" not in caplog.text
        assert deployment.answers == {}
