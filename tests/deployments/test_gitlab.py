"""Deployments that GitLab blocks: each is answered, and once, whatever is lost, refused or ended on the way."""

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from inline_snapshot import snapshot

from bot.deployments.follower import SETTLES, Follower
from bot.deployments.gitlab import LONGEST, Approvals, Blocked, read
from bot.deployments.platform import Platform
from bot.deployments.platforms import Nowhere, Platforms
from bot.release.ids import ROLLCALL, ReleaseKey
from bot.release.stages.runs import ReportRunBegan
from tests.deployments.ground import POINTS, Ground, end_at
from tests.deployments.test_follower import RUNBOOK as AT_GITHUB
from tests.ledger.world import ANA, BEN, act, approve, cancel, finish, start
from tests.pipelines import gitlab_server
from tests.pipelines.gitlab_server import APPROVER, TOKEN, GitLab, broken, gitlab_there, limited, said

RUNBOOK = AT_GITHUB.replace("acme/shop", "acme/web/shop")
HOME = "https://127.0.0.1/acme/web/shop"
APPROVAL = "/approval"


class Yard(Ground):
    """A ground from which a GitLab can be reached."""

    def __init__(self, folder: Path, gitlab: GitLab, session: aiohttp.ClientSession) -> None:
        super().__init__(folder, RUNBOOK)
        self.gitlab = gitlab
        self.session = session
        self.token = APPROVER

    def approvals(self) -> Approvals:
        return Approvals(self.gitlab.reached(self.session, self.token))

    def platform(self) -> Platform:
        return Platforms(self.approvals())

    def blocked(self, follower: Follower) -> Blocked:
        return Blocked(self.approvals(), self.finding(), follower.asked)

    async def asks(self, follower: Follower, asked: gitlab_server.Deployment) -> None:
        await self.blocked(follower).look_at("acme/web/shop")

    async def looked_at(self, deployment: gitlab_server.Deployment) -> None:
        """Wait until GitLab was asked whether a deployment still waits, and it was seen to."""
        self.replica.clock.time += SETTLES
        path = f"/deployments/{deployment.number}"
        before = self.gitlab.count(path)
        await self.sees(lambda: self.gitlab.count(path) > before + 1)


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    async with gitlab_there(GitLab()) as gitlab, aiohttp.ClientSession() as session:
        yard = Yard(tmp_path, gitlab, session)
        yield yard
        yard.replica.database.close()


async def begins(yard: Yard) -> None:
    """Have the stage of a release begin."""
    await yard.replica.accepts(start("2.0"))
    await yard.replica.accepts(approve(BEN))


@pytest.mark.parametrize("point", POINTS)
async def test_wherever_rollcall_is_ended_what_gitlab_blocks_is_answered(yard: Yard, point: str) -> None:
    await begins(yard)
    deployment = yard.gitlab.deploys(ref="v2.0")
    await end_at(yard, deployment, point)
    async with yard.rollcall():
        assert await yard.until_settled() == ["approved"]
    assert deployment.answer == snapshot(("approved", "checkout-1 (checkout 2.0): `staging` has begun."))


@pytest.mark.parametrize("needs", [1, 2])
async def test_an_approval_whose_receipt_is_lost_is_given_once(yard: Yard, needs: int) -> None:
    """GitLab refuses the second where all have approved, and takes it as the same where others are waited for."""
    await begins(yard)
    deployment = yard.gitlab.deploys(ref="v2.0")
    deployment.needs = needs
    yard.gitlab.loses("POST", APPROVAL)
    async with yard.rollcall() as follower:
        await yard.asks(follower, deployment)
        assert await yard.until_settled() == ["approved"]
        # It stays blocked, and is not asked about again.
        await yard.asks(follower, deployment)
        assert await yard.until_settled() == ["approved"]
    assert yard.gitlab.count(APPROVAL) == 2
    assert len(deployment.answers) == 1


@pytest.mark.parametrize("status", ["success", "failed", "canceled"])
async def test_what_was_decided_by_others_is_left_alone(yard: Yard, status: str) -> None:
    await yard.replica.accepts(start("2.0"))
    deployment = yard.gitlab.deploys(ref="v2.0")
    async with yard.rollcall() as follower:
        await yard.asks(follower, deployment)
        deployment.status = status
        await yard.acts(follower, approve(BEN))
        assert await yard.until_settled() == ["approved"]
    assert deployment.answers == {}


@pytest.mark.parametrize("how", ["it was cancelled", "others have approved"])
async def test_what_is_blocked_no_longer_is_dropped(yard: Yard, how: str) -> None:
    await yard.replica.accepts(start("2.0"))
    deployment = yard.gitlab.deploys(ref="v2.0")
    async with yard.rollcall() as follower:
        await yard.asks(follower, deployment)
        if how == "it was cancelled":
            deployment.status = "canceled"
        else:
            deployment.answers["maintainer"] = ("approved", "Fine.")
        yard.replica.clock.time += SETTLES
        assert await yard.until_settled() == ["gone"]
    assert yard.gitlab.count(APPROVAL) == 0


@pytest.mark.parametrize(
    "fault",
    [
        broken,
        lambda: limited(**{"Retry-After": "0"}),
        lambda: said(404, "404 Not found"),
        lambda: said(403, "403 Forbidden"),
        lambda: said(401, "401 Unauthorized"),
        lambda: said(400, "You don't have permission to approve this deployment."),
    ],
)
async def test_what_gitlab_refuses_is_tried_again(yard: Yard, fault: Callable[[], Any]) -> None:
    await begins(yard)
    deployment = yard.gitlab.deploys(ref="v2.0")
    yard.gitlab.fails(fault, "POST", APPROVAL, times=3)
    async with yard.rollcall() as follower:
        await yard.asks(follower, deployment)
        assert await yard.until_settled() == ["approved"]
    assert yard.gitlab.count(APPROVAL) == 4
    assert deployment.answer is not None


@pytest.mark.parametrize("token", ["", "glpat-of-nobody", TOKEN])
async def test_without_the_right_token_it_is_kept_until_there_is_one(
    yard: Yard, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    await begins(yard)
    deployment = yard.gitlab.deploys(ref="v2.0")
    async with yard.rollcall() as follower:
        blocked = yard.blocked(follower)
        yard.token = token
        with caplog.at_level(logging.CRITICAL):
            async with yard.rollcall() as without:
                asked = [
                    one async for one in Approvals(yard.gitlab.reached(yard.session, APPROVER)).blocked(HOME)
                ]
                await without.asked(asked[0])
        assert await yard.answers() == [None]
        await blocked.look_at_all()
        assert await yard.until_settled() == ["approved"]
    assert list(deployment.answers) == ["gate"]


async def test_where_no_stage_works_it_is_left_to_others(yard: Yard) -> None:
    await begins(yard)
    deployment = yard.gitlab.deploys("preview", ref="v2.0")
    async with yard.rollcall() as follower:
        await yard.asks(follower, deployment)
        await yard.looked_at(deployment)
        # Nor is it rejected because its release is cancelled.
        await yard.acts(follower, cancel())
        await yard.looked_at(deployment)
        assert await yard.answers() == [None]
        assert yard.gitlab.count(APPROVAL) == 0
    assert await yard.replica.kinds(ReleaseKey("checkout-2")) == []


async def test_what_was_overtaken_where_no_stage_works_is_left_to_others(yard: Yard) -> None:
    await begins(yard)
    deployment = yard.gitlab.deploys("preview", ref="v2.0")
    async with yard.rollcall() as follower:
        await yard.asks(follower, deployment)
        await yard.looked_at(deployment)
        await yard.acts(follower, finish(ANA, 0), start("2.1"))
        newest = ReleaseKey("checkout-2")
        await yard.acts(follower, approve(BEN, newest), finish(ANA, 0, newest))
        await yard.looked_at(deployment)
        assert await yard.answers() == [None]
    assert deployment.answers == {}


async def test_once_a_runbook_names_it_it_is_answered(yard: Yard) -> None:
    deployment = yard.gitlab.deploys("preview", ref="v2.0")
    async with yard.rollcall() as follower:
        await yard.asks(follower, deployment)
        await yard.looked_at(deployment)
        yard.has_runbook(RUNBOOK.replace("environment: production", "environment: preview"))
        await yard.looked_at(deployment)
        await yard.acts(follower, approve(BEN))
        assert await yard.until_settled() == ["approved"]


async def test_only_projects_of_runbooks_are_looked_at(yard: Yard) -> None:
    async with yard.rollcall() as follower:
        blocked = yard.blocked(follower)
        await blocked.look_at("acme/other")
        for elsewhere in ("https://gitlab.example.com/acme/web/shop", "https://127.0.0.2/acme/web/shop"):
            yard.has_runbook(RUNBOOK.replace(HOME, elsewhere))
            await blocked.look_at_all()
        yard.has_runbook("title: [")
        await blocked.look_at_all()
        assert yard.gitlab.calls == []
        yard.has_runbook(RUNBOOK.replace(HOME, f"{HOME}.git"))
        yard.has_runbook(RUNBOOK.replace("service: checkout", "service: search"), "search")
        await blocked.look_at_all()
        await blocked.look_at("Acme/Web/Shop")
        assert yard.gitlab.count("GET") == 2


async def test_all_pages_are_looked_through(yard: Yard) -> None:
    yard.gitlab.page = 2
    numbers = [str(yard.gitlab.deploys().number) for _ in range(5)]
    yard.gitlab.deploys().status = "running"
    assert [one.number async for one in yard.approvals().blocked(HOME)] == numbers


async def test_a_project_that_cannot_be_read_is_left_for_the_next_time(
    yard: Yard, caplog: pytest.LogCaptureFixture
) -> None:
    await begins(yard)
    deployment = yard.gitlab.deploys(ref="v2.0")
    yard.gitlab.fails(broken, "GET", "/deployments", times=3)
    async with yard.rollcall() as follower:
        blocked = yard.blocked(follower)
        for _ in range(3):
            await blocked.look_at_all()
        assert await yard.answers() == []
        assert caplog.text.count(f"What is blocked in {HOME} cannot be read now.") == 1
        await blocked.look_at_all()
        assert await yard.until_settled() == ["approved"]
    assert deployment.answer is not None


async def test_two_at_once_approve_it_once(yard: Yard) -> None:
    await yard.replica.accepts(start("2.0"))
    deployment = yard.gitlab.deploys(ref="v2.0")
    async with yard.rollcall() as one, yard.rollcall() as two:
        await yard.asks(one, deployment)
        await yard.asks(two, deployment)
        await yard.acts(one, approve(BEN))
        assert await yard.until_settled() == ["approved"]
    assert list(deployment.answers) == ["gate"]


async def test_a_pipeline_that_a_step_runs_is_let_through_by_another_user(yard: Yard) -> None:
    run = "- do: Deploy\n        run: {pipeline: main}"
    yard.has_runbook(RUNBOOK.replace("- do: Deploy to staging", run))
    await begins(yard)
    deployment = yard.gitlab.deploys(by="rollcall")
    async with yard.rollcall() as follower:
        await yard.asks(follower, deployment)
        await yard.looked_at(deployment)
        link = f"{HOME}/-/pipelines/{deployment.pipeline}"
        await yard.acts(follower, act(ReportRunBegan, ROLLCALL, number=1, link=link))
        assert await yard.until_settled() == ["approved"]
    assert await yard.replica.kinds(ReleaseKey("checkout-2")) == []


async def test_a_comment_is_no_longer_than_gitlab_takes(yard: Yard) -> None:
    deployment = yard.gitlab.deploys()
    [asked] = [one async for one in yard.approvals().blocked(HOME)]
    await yard.approvals().answer(asked, go=False, because="No. " * 100)
    assert deployment.answer == ("rejected", ("No. " * 100)[:LONGEST])


async def test_what_is_nowhere_is_said_to_be(yard: Yard) -> None:
    elsewhere = "https://git.example.com/acme/shop"
    yard.gitlab.deploys()
    [asked] = [one async for one in yard.approvals().blocked(HOME)]
    with pytest.raises(Nowhere):
        await yard.platform().waits(replace(asked, repository=elsewhere))


@pytest.mark.parametrize(
    "change",
    [
        {"deployable": None},
        {"deployable": {"pipeline": None}},
        {"environment": None},
        {"sha": "main"},
        {"ref": None},
        {"id": None},
    ],
)
def test_what_says_too_little_is_left(change: dict[str, Any]) -> None:
    gitlab = GitLab()
    told = gitlab.told_of(gitlab.deploys())
    assert read(told, HOME) is not None
    assert read({**told, "user": None}, HOME) is not None
    assert read({**told, **change}, HOME) is None
