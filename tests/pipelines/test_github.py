"""Workflows of GitHub Actions, over real HTTP: started, found, watched to their first end, and cancelled."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from gidgethub import GitHubBroken, HTTPException, RateLimitExceeded
from inline_snapshot import snapshot

from bot.credentials import github_access
from bot.github import access
from bot.github.access import App, Resting, Token, named
from bot.github.access import GitHub as GitHubAccess
from bot.pipelines.github.workflows import OUTPUT_S, Workflows
from bot.pipelines.provider import Ended, Job, NotStarted
from bot.pipelines.said import SAID
from bot.release.ids import ReleaseId, ReleaseKey, WorkspaceId
from bot.release.stages.runs import Order
from bot.runbook.runs import Provider
from bot.settings import Misconfigured, Settings
from tests.ledger.world import MORNING
from tests.pipelines.github_server import (
    TOKEN,
    GitHub,
    Workflow,
    broken,
    github_there,
    limited,
    limited_for,
    said,
)

DISPATCH = "POST /repos/acme/shop/actions/workflows/deploy.yml/dispatches"


@pytest.fixture
async def github() -> AsyncIterator[GitHub]:
    there = GitHub()
    there.now = lambda: MORNING
    async with github_there(there):
        yield there


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def workflows(github: GitHub, session: aiohttp.ClientSession) -> Workflows:
    return Workflows(github.reached(session, Token(token=TOKEN)), poll_s=0.01)


def job(
    *, number: int = 1, link: str = "", tried: bool = False, release: str = "shop-1", **order: Any
) -> Job:
    asked = {
        "name": "deploy.yml",
        "repository": "https://127.0.0.1/acme/shop",
        "ref": "main",
        "inputs": (("environment", "production"), ("version", "2.0")),
        **order,
    }
    return Job(
        release=ReleaseId(WorkspaceId("T0"), ReleaseKey(release)),
        number=number,
        order=Order(by=Provider.WORKFLOW, **asked),
        asked=MORNING,
        link=link,
        about={},
        left=timedelta(minutes=30),
        tried=MORNING if tried else None,
    )


async def started(workflows: Workflows) -> Job:
    """Start a workflow, and return its job with the link by which it is watched from then on."""
    return job(link=await workflows.start(job()))


async def why_not(workflows: Workflows, asked: Job) -> str:
    """Return why a workflow cannot be started."""
    with pytest.raises(NotStarted) as refusal:
        await workflows.start(asked)
    assert len(str(refusal.value)) <= SAID
    return str(refusal.value)


# Starting


async def test_a_workflow_is_given_its_inputs_and_which_run_it_is(
    github: GitHub, workflows: Workflows
) -> None:
    assert await workflows.start(job()) == "https://127.0.0.1/acme/shop/actions/runs/1001"
    assert github.runs[0].given == {"environment": "production", "version": "2.0", "rollcall": "shop-1/1"}
    assert github.runs[0].title == "Deploy 2.0 (shop-1/1)"
    assert github.calls == [DISPATCH]


async def test_a_github_that_does_not_say_which_run_it_started_is_asked(
    github: GitHub, workflows: Workflows
) -> None:
    github.names_runs = False
    github.late_s = 0.02
    assert await workflows.start(job()) == "https://127.0.0.1/acme/shop/actions/runs/1001"
    github.late_s = 60.0
    with pytest.raises(TimeoutError):
        await workflows.start(job(number=2))
    assert len(github.runs) == 2


async def test_what_github_refuses_is_not_started_and_says_what_to_do(
    github: GitHub, workflows: Workflows
) -> None:
    github.workflows["old.yml"] = Workflow(inputs=("environment", "version"), run_name="Deploy")
    more = (("environment", "x"), ("version", "2.0"), ("regoin", "eu"))
    refusals = [
        await why_not(workflows, job(name="deploi.yml")),
        await why_not(workflows, job(ref="v3.0")),
        await why_not(workflows, job(name="old.yml")),
        await why_not(workflows, job(inputs=more)),
    ]
    github.fails(lambda: said(403, "Resource not accessible by personal access token"))
    github.fails(lambda: said(422, "Workflow does not have 'workflow_dispatch' trigger"))
    refusals += [await why_not(workflows, job()) for _ in range(2)]
    github.tokens.clear()
    refusals.append(await why_not(workflows, job()))
    assert refusals == snapshot(
        [
            "GitHub did not start deploi.yml: Not Found. Is deploi.yml on the default branch of acme/shop, and may Rollcall see it?",
            "GitHub did not start deploy.yml: No ref found for: v3.0. Push v3.0 to acme/shop, or name another ref in the runbook.",
            'GitHub did not start old.yml: Unexpected inputs provided: ["rollcall"]. Declare the input rollcall under workflow_dispatch in old.yml.',
            'GitHub did not start deploy.yml: Unexpected inputs provided: ["regoin"]. Declare them in deploy.yml, or leave them out of the runbook.',
            "GitHub did not start deploy.yml: Resource not accessible by personal access token. Rollcall needs the permission to read and write the actions of acme/shop.",
            "GitHub did not start deploy.yml: Workflow does not have 'workflow_dispatch' trigger. Mend deploy.yml at main, or what the runbook says of it.",
            "GitHub did not start deploy.yml: Bad credentials. Whoever runs Rollcall renews its access to GitHub.",
        ]
    )
    assert github.runs == []


async def test_a_long_refusal_fits_into_a_reason(github: GitHub, workflows: Workflows) -> None:
    github.fails(lambda: said(422, f"\x1b[1m{'Much is wrong. ' * 100}\n\u202e"))
    assert "Much is wrong." in await why_not(workflows, job())


async def test_a_repository_of_another_server_is_never_called(github: GitHub, workflows: Workflows) -> None:
    refusals = [
        await why_not(workflows, job(repository="https://gitlab.example/acme/shop")),
        await why_not(workflows, job(repository="")),
    ]
    assert refusals == snapshot(
        [
            "The repository https://gitlab.example/acme/shop is not at 127.0.0.1, the GitHub of GITHUB_URL.",
            "The repository of the runbook is not at 127.0.0.1, the GitHub of GITHUB_URL.",
        ]
    )
    assert github.calls == []


@pytest.mark.parametrize(
    ("api", "address"),
    [
        ("https://api.github.com", "https://github.com/acme/shop"),
        ("https://api.github.com/", "https://github.com/acme/shop.git"),
        ("https://github.acme.example/api/v3", "https://github.acme.example/acme/shop/"),
        ("https://api.acme.ghe.com", "https://acme.ghe.com/acme/shop"),
    ],
)
def test_a_repository_is_known_by_its_address(api: str, address: str) -> None:
    assert named(address, api) == "acme/shop"


@pytest.mark.parametrize(
    ("fault", "raised"),
    [(broken, GitHubBroken), (limited, RateLimitExceeded), (lambda: limited_for(1), HTTPException)],
)
async def test_what_may_pass_is_tried_again(
    fault: Callable[[], web.Response], raised: type[Exception], github: GitHub, workflows: Workflows
) -> None:
    github.fails(fault)
    with pytest.raises(raised):
        await workflows.start(job())
    assert github.runs == []


async def test_a_github_that_cannot_be_reached_is_tried_again(session: aiohttp.ClientSession) -> None:
    workflows = Workflows(access.GitHub(session, "http://127.0.0.1:1", Token(token=TOKEN)), poll_s=0.01)
    with pytest.raises(aiohttp.ClientError):
        await workflows.start(job())


@pytest.mark.parametrize(
    "fault",
    [
        lambda: limited_for(1),
        lambda: limited(1.9),
        lambda: said(403, "You have exceeded a secondary rate limit."),
    ],
)
async def test_a_github_that_asks_for_rest_is_left_alone(
    fault: Callable[[], web.Response], github: GitHub, workflows: Workflows
) -> None:
    github.fails(fault)
    with pytest.raises(HTTPException):
        await workflows.find(job())
    for _ in range(5):
        with pytest.raises(Resting):
            await workflows.find(job())
    assert len(github.calls) == 1


async def test_what_github_counts_together_rests_together_and_no_shorter_than_it_was_asked(
    session: aiohttp.ClientSession,
) -> None:
    by_token = GitHubAccess(session, "https://api.github.com", Token(token="ghp_1"))
    by_token.rests("acme/shop", 60)
    by_token.rests("acme/shop", 1)
    assert by_token.left_alone_s("other/shop") > 50
    by_app = GitHubAccess(session, "https://api.github.com", App(id="1", key="PEM"))
    by_app.rests("acme/shop", 60)
    assert by_app.left_alone_s("acme/api") > 50
    assert by_app.left_alone_s("other/shop") <= 0


async def test_when_it_has_rested_github_is_called_again(github: GitHub, workflows: Workflows) -> None:
    github.fails(lambda: limited_for(1))
    with pytest.raises(HTTPException):
        await workflows.start(job())
    async with asyncio.timeout(8):
        while not github.runs:
            try:
                await workflows.start(job())
            except Resting:
                await asyncio.sleep(0.05)
    assert len(github.calls) == 2


# Finding


async def test_a_run_is_found_by_its_name_as_a_whole_word(github: GitHub, workflows: Workflows) -> None:
    for number in (11, 1, 12):
        await workflows.start(job(number=number))
    await workflows.start(job(release="web-shop-1"))
    github.store("back.yml", "Deploy 2.0 (shop-1/1)", {})
    github.store("deploy.yml", "Deploy 2.0 (shop-1/1)", {}, event="push")
    assert await workflows.find(job()) == "https://127.0.0.1/acme/shop/actions/runs/1002"
    assert await workflows.find(job(number=2)) is None


async def test_a_run_of_a_ledger_before_this_one_is_not_taken_for_it(
    github: GitHub, workflows: Workflows
) -> None:
    github.now = lambda: MORNING - timedelta(hours=1)
    await workflows.start(job())
    assert await workflows.find(job()) is None


async def test_a_run_is_found_among_many(github: GitHub, workflows: Workflows) -> None:
    github.page = 2
    await workflows.start(job())
    for number in range(2, 7):
        await workflows.start(job(number=number))
    assert await workflows.find(job()) == "https://127.0.0.1/acme/shop/actions/runs/1001"


async def test_a_lost_answer_is_found_again(github: GitHub, workflows: Workflows) -> None:
    github.loses("POST", "/dispatches")
    with pytest.raises(aiohttp.ClientError):
        await workflows.start(job())
    assert await workflows.find(job()) == "https://127.0.0.1/acme/shop/actions/runs/1001"


async def test_a_run_that_turns_up_late_is_not_started_again(github: GitHub, workflows: Workflows) -> None:
    await workflows.start(job())
    link = await workflows.start(job(tried=True))
    assert link == "https://127.0.0.1/acme/shop/actions/runs/1001"
    assert len(github.runs) == 1


async def test_where_a_run_may_be_this_one_nothing_is_started(github: GitHub, workflows: Workflows) -> None:
    github.workflows["deploy.yml"].run_name = "Deploy"
    await workflows.start(job())
    assert await workflows.find(job()) is None
    assert await why_not(workflows, job(tried=True)) == snapshot(
        "The answer to its start was lost, and nobody can tell whether it is this run: https://127.0.0.1/acme/shop/actions/runs/1001. Look there. Put ${{ inputs.rollcall }} into the run-name of deploy.yml."
    )
    assert len(github.runs) == 1


async def test_runs_of_other_releases_are_in_nobodys_way(github: GitHub, workflows: Workflows) -> None:
    await workflows.start(job(release="search-4"))
    assert await workflows.start(job(tried=True)) == "https://127.0.0.1/acme/shop/actions/runs/1002"


# Watching


async def test_a_run_that_goes_on_has_not_ended(workflows: Workflows) -> None:
    assert await workflows.look(await started(workflows)) is None


async def test_success_has_passed(github: GitHub, workflows: Workflows) -> None:
    running = await started(workflows)
    github.finish()
    assert await workflows.look(running) == Ended(passed=True, said="")


@pytest.mark.parametrize(
    "conclusion",
    [
        "failure",
        "cancelled",
        "timed_out",
        "startup_failure",
        "action_required",
        "neutral",
        "skipped",
        "stale",
    ],
)
async def test_whatever_else_it_ends_as_has_failed(
    conclusion: str, github: GitHub, workflows: Workflows
) -> None:
    running = await started(workflows)
    github.finish(conclusion)
    ended = await workflows.look(running)
    assert ended is not None
    assert not ended.passed
    assert ended.said.startswith(f"At GitHub it ended as {conclusion.replace('_', ' ')}.")


async def test_a_failure_names_the_jobs_and_steps_that_failed(github: GitHub, workflows: Workflows) -> None:
    running = await started(workflows)
    github.finish("failure", failed="Smoke test")
    assert await workflows.look(running) == Ended(
        passed=False, said="At GitHub it ended as failure.\ndeploy: Smoke test"
    )


async def test_to_run_it_again_by_hand_changes_nothing(github: GitHub, workflows: Workflows) -> None:
    running = await started(workflows)
    github.finish("failure", failed="Deploy")
    github.reruns()
    first = await workflows.look(running)
    github.finish("success")
    assert first == await workflows.look(running)
    assert first is not None
    assert not first.passed


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_run_that_cannot_be_seen_has_not_ended(
    status: int, github: GitHub, workflows: Workflows
) -> None:
    running = await started(workflows)
    github.finish()
    github.fails(lambda: said(status, "No."))
    with pytest.raises(HTTPException):
        await workflows.look(running)
    assert await workflows.look(running) == Ended(passed=True, said="")


async def test_the_output_is_how_far_each_job_and_step_is(github: GitHub, workflows: Workflows) -> None:
    running = await started(workflows)
    assert await workflows.output(running) == snapshot("""\
▶ deploy · 10:00:01 UTC
  ✓ Check out · 10:00:02 to 10:00:59 UTC
  ▶ Deploy · 10:00:02 UTC
  ☐ Smoke test\
""")
    github.finish("failure", failed="Deploy")
    assert await workflows.output(running) == snapshot("""\
✗ deploy · 10:00:01 to 10:01:30 UTC
  ✓ Check out · 10:00:02 to 10:00:59 UTC
  ✗ Deploy · 10:00:02 to 10:00:59 UTC
  – Smoke test · 10:00:02 to 10:00:59 UTC\
""")


async def test_the_output_of_what_is_not_there_is_nothing_and_no_fault(
    github: GitHub, workflows: Workflows
) -> None:
    assert await workflows.output(job()) == ""
    assert github.calls == []
    running = await started(workflows)
    github.fails(broken)
    assert await workflows.output(running) == snapshot(
        "GitHub does not say now how far it is. See https://127.0.0.1/acme/shop/actions/runs/1001"
    )


async def test_the_output_comes_in_time_for_slack_or_says_that_it_does_not(
    github: GitHub, workflows: Workflows
) -> None:
    running = await started(workflows)
    github.slow_s = 2 * OUTPUT_S
    async with asyncio.timeout(2 * OUTPUT_S):
        assert "GitHub does not say now how far it is." in await workflows.output(running)


# Stopping


async def test_a_run_is_cancelled_by_its_link_or_by_its_name(github: GitHub, workflows: Workflows) -> None:
    await workflows.stop(await started(workflows))
    await workflows.start(job(number=2))
    await workflows.stop(job(number=2, tried=True))
    assert [(run.attempts, run.cancels) for run in github.runs] == [(["cancelled"], 1)] * 2


async def test_what_has_ended_or_never_began_is_left_alone(github: GitHub, workflows: Workflows) -> None:
    running = await started(workflows)
    github.finish()
    await workflows.stop(running)
    await workflows.stop(job(number=2))
    await workflows.stop(job(number=2, tried=True))
    await workflows.stop(job(name="gone.yml", tried=True))
    await workflows.stop(replace(running, link="https://127.0.0.1/acme/shop/actions/runs/7"))
    assert github.runs[0].attempts == ["success"]


async def test_a_github_that_is_broken_has_not_stopped_it(github: GitHub, workflows: Workflows) -> None:
    running = await started(workflows)
    github.fails(broken)
    with pytest.raises(GitHubBroken):
        await workflows.stop(running)


# Access


async def test_without_access_it_says_which_settings_are_missing(
    github: GitHub, session: aiohttp.ClientSession
) -> None:
    workflows = Workflows(github.reached(session, None), poll_s=0.01)
    assert await why_not(workflows, job()) == snapshot(
        "Rollcall has no access to GitHub. Whoever runs it sets GITHUB_TOKEN, or GITHUB_APP_ID and GITHUB_APP_KEY_FILE."
    )
    await workflows.stop(job())
    assert await workflows.output(job()) == ""


async def test_an_app_keeps_the_token_of_its_installation_until_shortly_before_it_expires(
    github: GitHub, session: aiohttp.ClientSession
) -> None:
    app = App(id="4711", key=github.has_app())
    github.tokens.clear()
    workflows = Workflows(github.reached(session, app), poll_s=0.01)
    running = await started(workflows)
    assert await workflows.look(running) is None
    assert github.count("access_tokens") == 1

    github.lives_s = 299.0
    short = Workflows(github.reached(session, app), poll_s=0.01)
    await short.look(running)
    await short.look(running)
    assert github.count("access_tokens") == 3


async def test_an_app_whose_token_is_refused_gets_another_one(
    github: GitHub, session: aiohttp.ClientSession
) -> None:
    workflows = Workflows(github.reached(session, App(id="4711", key=github.has_app())), poll_s=0.01)
    running = await started(workflows)
    github.tokens.clear()
    with pytest.raises(HTTPException):
        await workflows.look(running)
    assert await workflows.look(running) is None


def test_the_settings_say_how_to_get_to_github(tmp_path: Path) -> None:
    key = tmp_path / "app.pem"
    key.write_text("A KEY")

    def access(**settings: object) -> Token | App | None:
        return github_access(Settings.model_validate(settings))

    assert access() is None
    assert access(github_app_id="4711") is None
    assert access(github_app_key_file=key) is None
    assert access(github_app_id="4711", github_app_key_file=key) == App(id="4711", key="A KEY")
    assert access(github_app_id="4711", github_app_key_file=key, github_token="T") == Token(token="T")


def test_a_key_that_cannot_be_read_is_told_at_the_start(tmp_path: Path) -> None:
    settings = {"github_app_id": "4711", "github_app_key_file": tmp_path / "no.pem"}
    with pytest.raises(Misconfigured, match=r"GITHUB_APP_KEY_FILE cannot be read: .*No such file"):
        github_access(Settings.model_validate(settings))


async def test_an_app_that_is_not_installed_or_has_another_key_says_so(
    github: GitHub, session: aiohttp.ClientSession
) -> None:
    key = github.has_app()
    github.installed = False
    apps = [
        App(id="4711", key=key),
        App(id="4711", key=GitHub().has_app()),
        App(id="4711", key="no key"),
    ]
    workflows = [Workflows(github.reached(session, app), poll_s=0.01) for app in apps]
    assert [await why_not(one, job()) for one in workflows] == snapshot(
        [
            "GitHub did not start deploy.yml: Not Found. Is deploy.yml on the default branch of acme/shop, and may Rollcall see it?",
            "GitHub did not start deploy.yml: A JSON web token could not be decoded. Whoever runs Rollcall renews its access to GitHub.",
            "The file of GITHUB_APP_KEY_FILE holds no private key of a GitHub App.",
        ]
    )


def test_secrets_are_not_shown() -> None:
    assert TOKEN not in repr(Token(token=TOKEN))
    assert "PEM" not in repr(App(id="1", key="PEM"))
