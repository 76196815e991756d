"""Pipelines of GitLab, over real HTTP: started, found, watched to their end, and cancelled."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from inline_snapshot import snapshot

from bot.gitlab import access
from bot.gitlab.access import LIMITED_S, LONGEST_REST_S, Declined, Resting, named, rest_s
from bot.pipelines.gitlab.pipelines import OUTPUT_S, Pipelines
from bot.pipelines.provider import Ended, Job, NotStarted
from bot.pipelines.said import SAID
from bot.release.ids import ReleaseId, ReleaseKey, WorkspaceId
from bot.release.stages.runs import Order
from bot.runbook.runs import Provider
from tests.ledger.world import MORNING
from tests.pipelines.gitlab_server import TOKEN, GitLab, broken, gitlab_there, limited, said

CREATE = "POST /api/v4/projects/acme/web/shop/pipeline"
LINK = "https://127.0.0.1/acme/web/shop/-/pipelines/1001"


@pytest.fixture
async def gitlab() -> AsyncIterator[GitLab]:
    there = GitLab()
    there.now = lambda: MORNING
    async with gitlab_there(there):
        yield there


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def pipelines(gitlab: GitLab, session: aiohttp.ClientSession) -> Pipelines:
    return Pipelines(gitlab.reached(session), poll_s=0.01)


def job(
    *, number: int = 1, link: str = "", tried: bool = False, release: str = "shop-1", **order: Any
) -> Job:
    asked = {
        "name": "pipeline",
        "repository": "https://127.0.0.1/acme/web/shop",
        "ref": "main",
        "inputs": (("ENVIRONMENT", "production"), ("VERSION", "2.0")),
        **order,
    }
    return Job(
        release=ReleaseId(WorkspaceId("T0"), ReleaseKey(release)),
        number=number,
        order=Order(by=Provider.PIPELINE, **asked),
        asked=MORNING,
        link=link,
        about={},
        left=timedelta(minutes=30),
        tried=MORNING if tried else None,
    )


async def started(pipelines: Pipelines) -> Job:
    """Start a pipeline, and return its job with the link by which it is watched from then on."""
    return job(link=await pipelines.start(job()))


async def why_not(pipelines: Pipelines, asked: Job) -> str:
    """Return why a pipeline cannot be started."""
    with pytest.raises(NotStarted) as refusal:
        await pipelines.start(asked)
    assert len(str(refusal.value)) <= SAID
    return str(refusal.value)


# Starting


async def test_a_pipeline_is_given_its_variables_and_which_run_it_is(
    gitlab: GitLab, pipelines: Pipelines
) -> None:
    assert await pipelines.start(job()) == LINK
    assert gitlab.pipelines[0].variables == {
        "ENVIRONMENT": "production",
        "VERSION": "2.0",
        "ROLLCALL_RUN": "shop-1/1",
    }
    assert gitlab.calls == [CREATE]


async def test_what_gitlab_refuses_is_not_started_and_says_what_to_do(
    gitlab: GitLab, pipelines: Pipelines
) -> None:
    refusals = [
        await why_not(pipelines, job(ref="v3.0")),
        await why_not(pipelines, job(ref="protected")),
        await why_not(pipelines, job(repository="https://127.0.0.1/acme/other")),
    ]
    gitlab.takes_variables = False
    refusals.append(await why_not(pipelines, job()))
    gitlab.fails(lambda: said(400, {"base": ["Missing CI config file"]}))
    gitlab.fails(lambda: said(403, "403 Forbidden"))
    gitlab.fails(lambda: web.Response(status=301, headers={"Location": "https://127.0.0.1/"}))
    refusals += [await why_not(pipelines, job()) for _ in range(3)]
    gitlab.users.clear()
    refusals.append(await why_not(pipelines, job()))
    assert refusals == snapshot(
        [
            "GitLab did not start the pipeline: Reference not found. Push v3.0 to acme/web/shop, or name another ref in the runbook.",
            "GitLab did not start the pipeline: You do not have sufficient permission to run a pipeline on 'protected'. Let the role of Rollcall run pipelines at protected, which is protected.",
            "GitLab did not start the pipeline: 404 Project Not Found. Is there a project acme/other, and may Rollcall see it?",
            "GitLab did not start the pipeline: Insufficient permissions to set pipeline variables. Let the role of Rollcall use pipeline variables, in the CI/CD settings of acme/web/shop.",
            "GitLab did not start the pipeline: Missing CI config file. Mend .gitlab-ci.yml at main, or what the runbook says of it.",
            "GitLab did not start the pipeline: 403 Forbidden. Rollcall needs a token with the scope api, and the role Developer in acme/web/shop.",
            "GitLab did not start the pipeline: no reason was given. It has moved. Name its new address in the runbook.",
            "GitLab did not start the pipeline: 401 Unauthorized. Whoever runs Rollcall renews GITLAB_TOKEN.",
        ]
    )
    assert gitlab.pipelines == []


async def test_a_long_refusal_fits_into_a_reason(gitlab: GitLab, pipelines: Pipelines) -> None:
    gitlab.fails(lambda: said(400, {"base": [f"\x1b[1m{'Much is wrong. ' * 100}\n\u202e"]}))
    assert "Much is wrong." in await why_not(pipelines, job())


async def test_however_a_refusal_is_written_it_is_read(gitlab: GitLab, pipelines: Pipelines) -> None:
    bodies: list[Any] = [
        {"error": "ref is missing"},
        {"message": {"ref": ["is invalid", "is too long"], "base": ["No stages"]}},
        {"message": 7},
        ["?"],
    ]
    for body in bodies:
        gitlab.fails(lambda body=body: web.json_response(body, status=400))  # type: ignore[misc]
    gitlab.fails(lambda: web.Response(status=400, text="[" * 100_000))
    told = [(await why_not(pipelines, job())).split(": ")[1].split(". Mend")[0] for _ in range(5)]
    assert told == snapshot(
        [
            "ref is missing",
            "ref is invalid, is too long; No stages",
            "7",
            "no reason was given",
            "no reason was given",
        ]
    )


async def test_a_repository_of_another_server_is_never_called(gitlab: GitLab, pipelines: Pipelines) -> None:
    refusals = [
        await why_not(pipelines, job(repository="https://github.example/acme/shop")),
        await why_not(pipelines, job(repository="")),
    ]
    assert refusals == snapshot(
        [
            "The repository https://github.example/acme/shop is not at 127.0.0.1, the GitLab of GITLAB_URL.",
            "The repository of the runbook is not at 127.0.0.1, the GitLab of GITLAB_URL.",
        ]
    )
    assert gitlab.calls == []


@pytest.mark.parametrize(
    ("api", "address", "name"),
    [
        ("https://gitlab.com/api/v4", "https://gitlab.com/acme/shop", "acme/shop"),
        ("https://gitlab.com/api/v4/", "https://gitlab.com/acme/eu/shop.git", "acme/eu/shop"),
        ("https://git.acme.example:8443/api/v4", "https://git.acme.example:8443/acme/shop/", "acme/shop"),
        ("http://git.acme.example:8080/api/v4", "https://git.acme.example/acme/shop", "acme/shop"),
        ("https://acme.example/gitlab/api/v4", "https://acme.example/gitlab/acme/shop", "acme/shop"),
    ],
)
def test_a_project_is_known_by_its_address(api: str, address: str, name: str) -> None:
    assert named(address, api) == name


@pytest.mark.parametrize(
    "fault", [broken, limited, lambda: said(500, "500 Internal Server Error"), lambda: said(408, "Slow")]
)
async def test_what_may_pass_is_tried_again(
    fault: Callable[[], web.Response], gitlab: GitLab, pipelines: Pipelines
) -> None:
    gitlab.fails(fault)
    with pytest.raises(Declined):
        await pipelines.start(job())
    assert gitlab.pipelines == []


async def test_a_gitlab_that_cannot_be_reached_is_tried_again(session: aiohttp.ClientSession) -> None:
    pipelines = Pipelines(access.GitLab(session, "http://127.0.0.1:1/api/v4", TOKEN), poll_s=0.01)
    with pytest.raises(aiohttp.ClientError):
        await pipelines.start(job())


async def test_a_gitlab_that_asks_for_rest_is_left_alone_and_then_called_again(
    gitlab: GitLab, pipelines: Pipelines
) -> None:
    gitlab.fails(lambda: limited(**{"Retry-After": "1"}))
    with pytest.raises(Declined):
        await pipelines.start(job())
    for _ in range(5):
        with pytest.raises(Resting):
            await pipelines.find(job())
    assert len(gitlab.calls) == 1
    async with asyncio.timeout(8):
        while not gitlab.pipelines:
            try:
                await pipelines.start(job())
            except Resting:
                await asyncio.sleep(0.05)
    assert len(gitlab.calls) == 2


def test_how_long_it_is_left_alone_is_what_it_says() -> None:
    soon = str(int(time.time()) + 30)
    assert rest_s(429, {"Retry-After": "7", "RateLimit-Reset": soon}) == 7
    assert 28 <= (rest_s(429, {"RateLimit-Reset": soon}) or 0) <= 30
    assert rest_s(429, {"RateLimit-Reset": "0"}) == 1
    assert rest_s(429, {"Retry-After": "99999"}) == LONGEST_REST_S
    assert rest_s(429, {}) == LIMITED_S
    assert rest_s(403, {"Retry-After": "7"}) is None


# Finding


async def test_a_pipeline_is_found_by_the_run_in_its_variables(gitlab: GitLab, pipelines: Pipelines) -> None:
    for number in (11, 1, 12):
        await pipelines.start(job(number=number))
    await pipelines.start(job(release="web-shop-1"))
    gitlab.store({"ROLLCALL_RUN": "shop-1/1"}, "rollcall", source="web")
    gitlab.store({"ROLLCALL_RUN": "shop-1/1"}, "rollcall", ref="v2.0")
    gitlab.store({"RUN": "shop-1/1"}, "rollcall")
    gitlab.store({"ROLLCALL_RUN": "shop-1/1"}, "mallory")
    assert await pipelines.find(job()) == "https://127.0.0.1/acme/web/shop/-/pipelines/1002"
    assert await pipelines.find(job(number=2)) is None


async def test_a_pipeline_of_a_ledger_before_this_one_is_not_taken_for_it(
    gitlab: GitLab, pipelines: Pipelines
) -> None:
    gitlab.now = lambda: MORNING - timedelta(hours=1)
    await pipelines.start(job())
    assert await pipelines.find(job()) is None


async def test_a_pipeline_is_found_among_many(gitlab: GitLab, pipelines: Pipelines) -> None:
    gitlab.page = 2
    for number in range(1, 7):
        await pipelines.start(job(number=number))
    assert await pipelines.find(job()) == LINK


async def test_a_lost_answer_is_found_again(gitlab: GitLab, pipelines: Pipelines) -> None:
    gitlab.loses("POST", "/pipeline")
    with pytest.raises(aiohttp.ClientError):
        await pipelines.start(job())
    assert await pipelines.find(job()) == LINK


async def test_a_pipeline_that_turns_up_late_is_not_started_again(
    gitlab: GitLab, pipelines: Pipelines
) -> None:
    await pipelines.start(job())
    assert await pipelines.start(job(tried=True)) == LINK
    assert len(gitlab.pipelines) == 1


async def test_where_a_pipeline_may_be_this_one_nothing_is_started(
    gitlab: GitLab, pipelines: Pipelines
) -> None:
    gitlab.store({"ROLLCALL_RUN": "shop-1/1"}, "rollcall-before-its-token-was-changed")
    assert await pipelines.find(job()) is None
    assert await why_not(pipelines, job(tried=True)) == snapshot(
        "The answer to its start was lost, and nobody can tell whether it is this pipeline, whose variables Rollcall may not read: https://127.0.0.1/acme/web/shop/-/pipelines/1001. Look there."
    )
    assert len(gitlab.pipelines) == 1


async def test_pipelines_of_other_releases_are_in_nobodys_way(gitlab: GitLab, pipelines: Pipelines) -> None:
    await pipelines.start(job(release="search-4"))
    assert await pipelines.start(job(tried=True)) == "https://127.0.0.1/acme/web/shop/-/pipelines/1002"


# Watching


@pytest.mark.parametrize(
    "status",
    [
        "created",
        "waiting_for_resource",
        "preparing",
        "pending",
        "running",
        "canceling",
        "manual",
        "scheduled",
        "a_status_of_tomorrow",
    ],
)
async def test_a_pipeline_that_goes_on_has_not_ended(
    status: str, gitlab: GitLab, pipelines: Pipelines
) -> None:
    running = await started(pipelines)
    gitlab.finish(status)
    assert await pipelines.look(running) is None


async def test_success_has_passed(gitlab: GitLab, pipelines: Pipelines) -> None:
    running = await started(pipelines)
    gitlab.finish()
    assert await pipelines.look(running) == Ended(passed=True, said="")


async def test_whatever_else_it_ends_as_has_failed_and_names_the_jobs(
    gitlab: GitLab, pipelines: Pipelines
) -> None:
    running = await started(pipelines)
    told = []
    for status in ("failed", "canceled", "skipped"):
        gitlab.finish(status, failed="us")
        ended = await pipelines.look(running)
        assert ended is not None
        assert not ended.passed
        told.append(ended.said)
    assert told == snapshot(
        [
            """\
At GitLab it ended as failed.
us: script failure\
""",
            "At GitLab it ended as canceled.",
            "At GitLab it ended as skipped.",
        ]
    )


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_pipeline_that_cannot_be_seen_has_not_ended(
    status: int, gitlab: GitLab, pipelines: Pipelines
) -> None:
    running = await started(pipelines)
    gitlab.finish()
    gitlab.fails(lambda: said(status, "No."))
    with pytest.raises(Declined):
        await pipelines.look(running)
    assert await pipelines.look(running) == Ended(passed=True, said="")


async def test_the_output_is_how_far_each_job_is(gitlab: GitLab, pipelines: Pipelines) -> None:
    running = await started(pipelines)
    assert await pipelines.output(running) == snapshot("""\
✓ build: image · 10:00:02 to 10:00:59 UTC
▶ deploy: eu · 10:00:02 UTC
☐ deploy: us\
""")
    gitlab.finish("failed", failed="eu")
    assert await pipelines.output(running) == snapshot("""\
✓ build: image · 10:00:02 to 10:00:59 UTC
✗ deploy: eu · 10:00:02 to 10:00:59 UTC
☐ deploy: us\
""")


async def test_the_output_of_what_is_not_there_is_nothing_and_no_fault(
    gitlab: GitLab, pipelines: Pipelines
) -> None:
    assert await pipelines.output(job()) == ""
    assert gitlab.calls == []
    running = await started(pipelines)
    gitlab.fails(broken)
    assert await pipelines.output(running) == snapshot(
        "GitLab does not say now how far it is. See https://127.0.0.1/acme/web/shop/-/pipelines/1001"
    )


async def test_the_output_comes_in_time_for_slack_or_says_that_it_does_not(
    gitlab: GitLab, pipelines: Pipelines
) -> None:
    running = await started(pipelines)
    gitlab.slow_s = 2 * OUTPUT_S
    async with asyncio.timeout(2 * OUTPUT_S):
        assert "GitLab does not say now how far it is." in await pipelines.output(running)


# Stopping


async def test_a_pipeline_is_cancelled_by_its_link_or_by_its_name(
    gitlab: GitLab, pipelines: Pipelines
) -> None:
    first = await started(pipelines)
    assert await pipelines.stop(first) is False
    assert await pipelines.stop(first) is True
    await pipelines.start(job(number=2))
    assert await pipelines.stop(job(number=2, tried=True)) is False
    assert [(one.status, one.cancels) for one in gitlab.pipelines] == [("canceled", 1)] * 2


async def test_what_has_ended_or_never_began_is_left_alone(gitlab: GitLab, pipelines: Pipelines) -> None:
    running = await started(pipelines)
    gitlab.finish()
    assert await pipelines.stop(running) is True
    assert await pipelines.stop(job(number=2)) is None
    assert await pipelines.stop(job(number=2, tried=True)) is None
    assert await pipelines.stop(job(repository="https://127.0.0.1/acme/gone", tried=True)) is None
    assert await pipelines.stop(replace(running, link=LINK.replace("1001", "7"))) is True
    assert (gitlab.pipelines[0].status, gitlab.pipelines[0].cancels) == ("success", 0)


async def test_a_pipeline_that_waits_for_a_person_at_gitlab_counts_as_over(
    gitlab: GitLab, pipelines: Pipelines
) -> None:
    running = await started(pipelines)
    gitlab.finish("manual")
    assert await pipelines.stop(running) is True


async def test_a_gitlab_that_is_broken_has_not_stopped_it(gitlab: GitLab, pipelines: Pipelines) -> None:
    running = await started(pipelines)
    gitlab.fails(broken)
    with pytest.raises(Declined):
        await pipelines.stop(running)


async def test_without_access_it_says_which_setting_is_missing(
    gitlab: GitLab, session: aiohttp.ClientSession
) -> None:
    pipelines = Pipelines(gitlab.reached(session, ""), poll_s=0.01)
    assert await why_not(pipelines, job()) == snapshot(
        "Rollcall has no access to GitLab. Whoever runs it sets GITLAB_TOKEN."
    )
    assert gitlab.calls == []
