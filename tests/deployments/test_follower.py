"""Following deployments: each is answered, and once, whatever is lost, refused or ended on the way."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from inline_snapshot import snapshot

from bot.coordinator import Accepted
from bot.deployments.follower import LAST, LONGEST, SETTLES, Follower
from bot.deployments.github import Rules, read
from bot.deployments.platform import MOST, Platform
from bot.github.access import App
from bot.release.ids import ROLLCALL, ReleaseKey
from bot.release.manifest import Manifest
from bot.release.stages.drill import StartDrill
from bot.release.stages.holds import LiftHold, PlaceHold
from bot.release.stages.revision import ChangeManifest
from bot.release.stages.rollback import Rollback
from bot.release.stages.runs import ReportRunBegan
from tests.deployments.ground import POINTS, Ground, end_at
from tests.ledger.world import (
    ANA,
    BEN,
    CHANNEL,
    CLEO,
    TEAM,
    act,
    approve,
    cancel,
    finish,
    start,
)
from tests.pipelines import github_server
from tests.pipelines.github_contents import COMMITS
from tests.pipelines.github_server import GitHub, broken, github_there, limited_for, said

RUNBOOK = """\
title: Checkout
service: checkout
repository: https://127.0.0.1/acme/shop
channel: C0RELEASES
roles:
  captain: {starter: true}
  qa: {group: qa}
  security: {group: security}
stages:
  - name: staging
    owner: security
    environment: production
    gates:
      - {name: QA, approvals: {qa: 1}}
    steps:
      - do: Deploy to staging
"""
SEARCH = RUNBOOK.replace("title: Checkout\nservice: checkout", "title: Search\nservice: search")
"""Another service in the same repository."""
RULE = "/deployment_protection_rule"
PENDING = "/pending_deployments"


class Court(Ground):
    """A ground from which a GitHub can be reached."""

    def __init__(self, folder: Path, github: GitHub, session: aiohttp.ClientSession) -> None:
        super().__init__(folder, RUNBOOK)
        self.github = github
        self.session = session
        self.access = App(id="4711", key=github.has_app())

    def platform(self) -> Platform:
        return Rules(self.github.reached(self.session, self.access))

    async def asks(self, follower: Follower, asked: github_server.Deployment) -> None:
        await follower.asked(read(self.github.asks(asked), self.github.url))

    async def looked_at(self) -> None:
        """Wait until GitHub was asked whether what waits still does, and it was seen to."""
        self.replica.clock.time += SETTLES
        before = self.github.count(PENDING)
        await self.sees(lambda: self.github.count(PENDING) > before + 1)

    async def sees_calls(self, number: int) -> None:
        """Wait until GitHub was answered or told something so often."""
        await self.sees(lambda: self.github.count(RULE) >= number)

    async def sees_report(self, deployment: github_server.Deployment, number: int) -> None:
        """Wait until a deployment was told something so often, or as often as it may be."""
        await self.sees(lambda: len(deployment.reports) >= min(number, MOST))


@pytest.fixture
async def court(tmp_path: Path) -> AsyncIterator[Court]:
    async with github_there(GitHub()) as github, aiohttp.ClientSession() as session:
        court = Court(tmp_path, github, session)
        yield court
        court.replica.database.close()


@pytest.mark.parametrize("point", POINTS)
async def test_wherever_rollcall_is_ended_a_deployment_is_answered(court: Court, point: str) -> None:
    await court.replica.accepts(start("2.0"))
    await court.replica.accepts(approve(BEN))
    deployment = court.github.deploys(ref="v2.0")
    await end_at(court, deployment, point)
    async with court.rollcall():
        assert await court.until_settled() == ["approved"]
    assert (deployment.answer, deployment.reports) == ("approved", [])


@pytest.mark.parametrize("point", POINTS)
async def test_wherever_rollcall_is_ended_it_is_told_something_once_at_most(court: Court, point: str) -> None:
    await court.replica.accepts(start("2.0"))
    deployment = court.github.deploys(ref="v2.0")
    await end_at(court, deployment, point)
    async with court.rollcall() as follower:
        await court.acts(follower, approve(BEN))
        assert await court.until_settled() == ["approved"]
    assert len(deployment.reports) == len({*deployment.reports}) <= 1


async def test_a_release_that_was_started_for_it_is_started_once(court: Court) -> None:
    """Ended just after the start, so that nothing is known of whose it is."""
    deployment = court.github.deploys(ref="v2.0")
    asked = read(court.github.asks(deployment), court.github.url)
    follower = court.follower()
    await follower._finding.find(asked, None)
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        await court.sees(lambda: bool(deployment.reports))
        await court.acts(follower, cancel(by=await _captain(court)))
        assert await court.until_settled() == ["rejected"]
    assert await court.replica.kinds(ReleaseKey("checkout-2")) == []


async def _captain(court: Court) -> Any:
    release = await court.releases.newest(TEAM, "checkout")
    assert release is not None
    return release.captain


@pytest.mark.parametrize("others", [False, True])
async def test_an_answer_whose_receipt_is_lost_is_given_once(court: Court, others: bool) -> None:
    await court.replica.accepts(start("2.0"))
    await court.replica.accepts(approve(BEN))
    deployment = court.github.deploys(ref="v2.0")
    deployment.others = others
    court.github.loses("POST", RULE)
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        assert await court.until_settled() == ["approved"]
    assert court.github.count(RULE) == 2
    assert deployment.answer == "approved"


@pytest.mark.parametrize(
    "fault",
    [
        broken,
        lambda: limited_for(0),
        lambda: said(404, "Not Found"),
        lambda: said(403, "No."),
        lambda: said(401, "No."),
    ],
)
async def test_what_goes_wrong_is_tried_again(court: Court, fault: Callable[[], Any]) -> None:
    await court.replica.accepts(start("2.0"))
    await court.replica.accepts(approve(BEN))
    deployment = court.github.deploys(ref="v2.0")
    court.github.fails(fault, "POST", RULE, times=3)
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        assert await court.until_settled() == ["approved"]
    assert deployment.answer == "approved"


async def test_a_report_that_goes_wrong_is_made_again_and_not_counted(court: Court) -> None:
    release = await court.replica.accepts(start("2.0"))
    deployment = court.github.deploys(ref="v2.0")
    court.github.fails(broken, "POST", RULE, times=MOST + 2)
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        for calls in range(1, MOST + 3):
            await court.sees_calls(calls)
            follower.wake(release.id)
        await court.sees(lambda: len(deployment.reports) == 1)
    assert court.github.count(RULE) == MOST + 3


async def test_it_is_told_no_more_often_than_github_takes_and_then_answered(court: Court) -> None:
    await court.replica.accepts(start("2.0"))
    deployment = court.github.deploys(ref="v2.0")
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        await court.sees(lambda: len(deployment.reports) == 1)
        for number in range(1, 10):
            await court.acts(follower, act(PlaceHold, ANA, reason="Wait."))
            await court.sees_report(deployment, 2 * number)
            await court.acts(follower, act(LiftHold, ANA, number=number))
            await court.sees_report(deployment, 2 * number + 1)
        assert len(deployment.reports) == MOST
        assert [text for text in deployment.reports if LAST in text] == deployment.reports[-1:]
        await court.acts(follower, approve(BEN))
        assert await court.until_settled() == ["approved"]
    assert court.github.count(RULE) == MOST + 1


async def test_two_at_once_tell_and_answer_it_once(court: Court) -> None:
    await court.replica.accepts(start("2.0"))
    deployment = court.github.deploys(ref="v2.0")
    async with court.rollcall() as one, court.rollcall() as two:
        await asyncio.gather(court.asks(one, deployment), court.asks(two, deployment))
        await court.sees(lambda: bool(deployment.reports))
        await court.acts(one, approve(BEN))
        assert await court.until_settled() == ["approved"]
    assert len(deployment.reports) == 1


@pytest.mark.parametrize(
    "how", ["its run was cancelled", "somebody let it through at GitHub", "it is too old"]
)
async def test_what_waits_no_longer_is_dropped(court: Court, how: str) -> None:
    await court.replica.accepts(start("2.0"))
    deployment = court.github.deploys(ref="v2.0")
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        await court.sees(lambda: bool(deployment.reports))
        if how == "it is too old":
            court.replica.clock.time += LONGEST + timedelta(seconds=1)
        else:
            deployment.gone = how == "its run was cancelled"
            deployment.answer = "" if deployment.gone else "approved"
            court.replica.clock.time += SETTLES
        assert await court.until_settled() == ["gone"]
    calls = len(court.github.calls)
    async with court.rollcall():
        assert len(court.github.calls) == calls


async def test_nothing_is_dropped_while_github_may_not_show_it_yet_or_cannot_be_read(court: Court) -> None:
    await court.replica.accepts(start("2.0"))
    deployment = court.github.deploys(ref="v2.0")
    deployment.gone = True
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        await court.sees(lambda: court.github.count(RULE) > 0)
        assert court.github.count(PENDING) == 0
        deployment.gone = False
        court.github.fails(broken, "GET", PENDING, times=2)
        court.github.fails(lambda: said(404, "Not Found"), "GET", PENDING, times=2)
        court.replica.clock.time += SETTLES
        await court.sees(lambda: court.github.count(PENDING) > 5)
        assert await court.answers() == [None]
        await court.acts(follower, approve(BEN))
        assert await court.until_settled() == ["approved"]


async def test_what_is_released_instead_leaves_it_behind(court: Court) -> None:
    await court.replica.accepts(start("2.0"))
    deployment = court.github.deploys(ref="v2.0")
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        await court.sees(lambda: bool(deployment.reports))
        await court.acts(follower, act(ChangeManifest, ANA, version="2.1", manifest=Manifest()))
        assert await court.until_settled() == ["rejected"]
    assert deployment.said == snapshot("checkout-1 (checkout 2.1) no longer releases bbbbbbbbbbbb.")


async def test_a_tag_that_was_moved_is_not_what_was_approved(court: Court) -> None:
    await court.replica.accepts(start("2.0", manifest=Manifest(commit="e" * 40)))
    await court.replica.accepts(approve(BEN))
    deployment = court.github.deploys(ref="v2.0")
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        await court.sees(lambda: bool(deployment.reports))
    assert deployment.answer == ""
    assert deployment.reports == snapshot(
        [
            "No release was started. checkout-1 is still open, and one release at a time holds a service. Finish or cancel checkout-1 first."
        ]
    )


async def test_what_was_released_before_is_not_released_past_the_gates_again(court: Court) -> None:
    for key, version in (("checkout-1", "v1.9"), ("checkout-2", "v2.0")):
        await court.replica.accepts(start(version))
        await _goes_out(court, ReleaseKey(key))
    old, newest = court.github.deploys(ref="v1.9"), court.github.deploys(ref="v2.0")
    async with court.rollcall() as follower:
        await court.asks(follower, old)
        await court.asks(follower, newest)
        assert sorted(map(str, await court.until_settled())) == ["approved", "rejected"]
    assert (old.answer, old.said) == snapshot(
        ("rejected", "checkout v1.9 was released as checkout-1. Start the version that is new.")
    )
    assert newest.answer == "approved"


async def _goes_out(court: Court, key: ReleaseKey) -> None:
    await court.replica.accepts(approve(BEN, key))
    await court.replica.accepts(finish(ANA, 0, key))


async def test_what_was_overtaken_while_rollcall_was_down_does_not_go_back(court: Court) -> None:
    await court.replica.accepts(start("2.0"))
    deployment = court.github.deploys(ref="v2.0")
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        await court.sees_report(deployment, 1)
    for key in (ReleaseKey("checkout-1"), ReleaseKey("checkout-2")):
        await court.replica.accepts(approve(BEN, key))
        await court.replica.accepts(finish(ANA, 0, key))
        if key == "checkout-1":
            await court.replica.accepts(start("2.1"))
    async with court.rollcall():
        assert await court.until_settled() == ["rejected"]
    assert deployment.said == snapshot("checkout-1 is not in production any more; checkout-2 is.")


WITH_RUN = RUNBOOK.replace(
    "- do: Deploy to staging",
    "- do: Deploy\n        run: {workflow: deploy.yml, ref: main}",
)


async def test_a_run_whose_start_is_not_known_yet_is_told_nothing_and_starts_nothing(court: Court) -> None:
    court.has_runbook(WITH_RUN)
    await court.replica.accepts(start("2.0"))
    await court.replica.accepts(approve(BEN))
    deployment = court.github.deploys()
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        await court.looked_at()
        link = f"{court.github.repository}/actions/runs/{deployment.run}"
        await court.acts(follower, act(ReportRunBegan, ROLLCALL, number=1, link=link))
        assert await court.until_settled() == ["approved"]
    assert deployment.reports == []
    assert await court.replica.kinds(ReleaseKey("checkout-2")) == []


async def test_a_run_of_a_release_that_has_ended_starts_no_other(court: Court) -> None:
    court.has_runbook(WITH_RUN)
    await court.replica.accepts(start("2.0"))
    await court.replica.accepts(approve(BEN))
    deployment = court.github.deploys()
    link = f"{court.github.repository}/actions/runs/{deployment.run}"
    await court.replica.accepts(act(ReportRunBegan, ROLLCALL, number=1, link=link))
    await court.replica.accepts(cancel())
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        assert await court.until_settled() == ["rejected"]
    assert await court.replica.kinds(ReleaseKey("checkout-2")) == []


async def test_a_drill_lets_its_own_run_through_and_nothing_is_started_for_it(court: Court) -> None:
    rehearsed = "rollback: {drill: rehearsal, steps: [{do: Restore, run: {workflow: back.yml, ref: main}}]}\n"
    court.has_runbook(RUNBOOK + rehearsed)
    for key, version in (("checkout-1", "1.9"), ("checkout-2", "2.0")):
        await court.replica.accepts(start(version))
        await _goes_out(court, ReleaseKey(key))
    drill = StartDrill(workspace=TEAM, by=ANA, channel=CHANNEL, service="checkout")
    begun = await court.replica.coordinator.handle(drill)
    assert isinstance(begun, Accepted)
    deployment = court.github.deploys("rehearsal")
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        await court.looked_at()
        link = f"{court.github.repository}/actions/runs/{deployment.run}"
        await court.acts(follower, act(ReportRunBegan, ROLLCALL, begun.release.key, number=1, link=link))
        assert await court.until_settled() == ["approved"]
    assert deployment.reports == []
    assert await court.replica.kinds(ReleaseKey("checkout-3")) == []


async def test_where_several_services_are_in_one_repository_somebody_says_which(court: Court) -> None:
    court.has_runbook(SEARCH, "search")
    deployment = court.github.deploys(ref="v2.0")
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        await court.sees_report(deployment, 1)
        assert deployment.reports == snapshot(
            [
                "It belongs to no open release of checkout or search. Start the release of bbbbbbbbbbbb in Slack; then this waits for it."
            ]
        )
        await court.acts(follower, start("2.0", service="search"))
        await court.acts(follower, approve(BEN, ReleaseKey("search-1")))
        assert await court.until_settled() == ["approved"]


@pytest.mark.parametrize("is_out", [False, True], ids=["the other goes out, too", "the other is out"])
async def test_of_two_services_in_one_repository_the_one_that_works_there_decides(
    court: Court, is_out: bool
) -> None:
    court.has_runbook(SEARCH.replace("environment: production", "environment: index"), "search")
    checkout = await court.replica.accepts(start("2.0"))
    if is_out:
        await _goes_out(court, checkout.key)
    search = await court.replica.accepts(start("2.0", service="search"))
    deployment = court.github.deploys("index", ref="v2.0")
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        await court.sees_report(deployment, 1)
        assert deployment.reports == snapshot(
            ["search-1 (search 2.0) is awaiting approval in `staging`; it waits for `QA`."]
        )
        await court.acts(follower, approve(BEN, search.key))
        assert await court.until_settled() == ["approved"]


async def test_a_service_whose_release_works_elsewhere_holds_up_no_start_of_the_other(court: Court) -> None:
    court.has_runbook(SEARCH.replace("environment: production", "environment: index"), "search")
    await court.replica.accepts(start("2.0"))
    deployment = court.github.deploys("index", ref="v2.0")
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        await court.sees_report(deployment, 1)
        assert deployment.reports == snapshot(
            ["search-1 (search v2.0) is awaiting approval in `staging`; it waits for `QA`."]
        )


async def test_where_two_services_share_an_environment_both_have_to_let_it_go_on(court: Court) -> None:
    court.has_runbook(SEARCH, "search")
    await court.replica.accepts(start("2.0"))
    deployment = court.github.deploys(ref="v2.0")
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        await court.sees_report(deployment, 1)
        search = await court.replica.accepts(start("2.0", service="search"))
        follower.wake(search.id)
        await court.sees_report(deployment, 2)
        await court.acts(follower, approve(BEN))
        await court.sees_report(deployment, 3)
        assert deployment.reports == snapshot(
            [
                "checkout-1 (checkout 2.0) is awaiting approval in `staging`; it waits for `QA`.",
                "checkout-1 (checkout 2.0) is awaiting approval in `staging`; it waits for `QA`. search-1 (search 2.0) is awaiting approval in `staging`; it waits for `QA`.",
                "search-1 (search 2.0) is awaiting approval in `staging`; it waits for `QA`.",
            ]
        )
        await court.acts(follower, approve(BEN, search.key))
        assert await court.until_settled() == ["approved"]
    assert deployment.said == snapshot(
        "checkout-1 (checkout 2.0): `staging` has begun. search-1 (search 2.0): `staging` has begun."
    )


async def test_a_service_whose_runbook_is_broken_by_now_is_still_asked(court: Court) -> None:
    court.has_runbook(SEARCH, "search")
    await court.replica.accepts(start("2.0"))
    search = await court.replica.accepts(start("2.0", service="search"))
    await court.replica.accepts(approve(BEN))
    court.has_runbook(SEARCH.replace("owner: security", "owner: secruity"), "search")
    deployment = court.github.deploys(ref="v2.0")
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        await court.sees_report(deployment, 1)
        assert deployment.reports[0].startswith("search-1 (search 2.0) is awaiting approval")
        await court.acts(follower, approve(BEN, search.key))
        assert await court.until_settled() == ["approved"]


async def test_no_gate_of_another_service_holds_up_a_way_back(court: Court) -> None:
    court.has_runbook(RUNBOOK.replace("    owner: security", "    owner: security\n    production: true"))
    court.has_runbook(SEARCH, "search")
    for version in ("v1.9", "v2.0"):
        release = await court.replica.accepts(start(version, manifest=Manifest(commit=COMMITS[version])))
        await _goes_out(court, release.key)
    manifest = Manifest(commit=COMMITS["v1.9"])
    await court.replica.accepts(start("v1.9", service="search", manifest=manifest))
    await court.replica.accepts(act(Rollback, ANA, release.key, reason="Orders are lost."))
    deployment = court.github.deploys(ref="v1.9")
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        assert await court.until_settled() == ["approved"]
    assert deployment.said == snapshot("checkout-2 (checkout v2.0): `rollback` has begun.")


async def test_what_is_cancelled_has_no_say_in_an_environment_that_is_shared(court: Court) -> None:
    court.has_runbook(SEARCH, "search")
    await court.replica.accepts(start("2.0"))
    search = await court.replica.accepts(start("2.0", service="search"))
    deployment = court.github.deploys(ref="v2.0")
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        await court.sees_report(deployment, 1)
        await court.acts(follower, cancel(), approve(BEN, search.key))
        assert await court.until_settled() == ["approved"]


async def test_a_run_of_one_service_is_not_judged_by_the_release_of_another(court: Court) -> None:
    with_run = WITH_RUN.replace("title: Checkout\nservice: checkout", "title: Search\nservice: search")
    court.has_runbook(with_run, "search")
    await court.replica.accepts(start("2.0", manifest=Manifest(commit=COMMITS["main"])))
    search = await court.replica.accepts(start("2.0", service="search"))
    await court.replica.accepts(approve(BEN, search.key))
    deployment = court.github.deploys()
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        await court.looked_at()
        link = f"{court.github.repository}/actions/runs/{deployment.run}"
        await court.acts(follower, act(ReportRunBegan, ROLLCALL, search.key, number=1, link=link))
        assert await court.until_settled() == ["approved"]
    assert (deployment.reports, deployment.said) == snapshot(
        ([], "search-1 (search 2.0): `staging` has begun.")
    )


async def test_the_run_of_a_service_that_works_elsewhere_is_not_waited_for(court: Court) -> None:
    elsewhere = WITH_RUN.replace("title: Checkout\nservice: checkout", "title: Search\nservice: search")
    court.has_runbook(elsewhere.replace("environment: production", "environment: index"), "search")
    for service in ("checkout", "search"):
        release = await court.replica.accepts(start("2.0", service=service))
        await court.replica.accepts(approve(BEN, release.key))
    deployment = court.github.deploys(ref="v2.0")
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        assert await court.until_settled() == ["approved"]
    assert deployment.said == snapshot("checkout-1 (checkout 2.0): `staging` has begun.")


async def test_while_a_runbook_is_broken_nothing_is_rejected_for_the_want_of_one(court: Court) -> None:
    court.has_runbook(RUNBOOK.replace("owner: security", "owner: secruity"))
    deployment = court.github.deploys(ref="v2.0")
    async with court.rollcall() as follower:
        await court.asks(follower, deployment)
        await court.sees_report(deployment, 1)
        assert deployment.reports == snapshot(
            ["A runbook cannot be used, which may be the one of this repository."]
        )
        court.has_runbook(RUNBOOK)
        await court.sees_report(deployment, 2)
    assert (await _captain(court)) == CLEO


async def test_without_access_it_is_kept_until_there_is_some(
    court: Court, caplog: pytest.LogCaptureFixture
) -> None:
    await court.replica.accepts(start("2.0"))
    await court.replica.accepts(approve(BEN))
    deployment = court.github.deploys(ref="v2.0")
    with caplog.at_level(logging.CRITICAL):
        async with court.rollcall(Rules(court.github.reached(court.session, None))) as follower:
            await court.asks(follower, deployment)
            await asyncio.sleep(0)
    async with court.rollcall():
        assert await court.until_settled() == ["approved"]
