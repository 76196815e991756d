"""What GitLab has of the commit of a release, over real HTTP against a server that behaves like it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web

from bot.checks.ci import Ci
from bot.checks.github import AtGitHub
from bot.checks.gitlab import AtGitLab
from bot.checks.source import Asked, Reading, Unreadable
from bot.github import access
from bot.release.gates.checks import Outcome
from bot.runbook.checks import Read
from tests.pipelines.gitlab_server import TOKEN, GitLab, broken, gitlab_there, limited, said

COMMIT = "4f2a9c0b1d3e5f60718293a4b5c6d7e8f9012345"
PROJECT = "https://127.0.0.1/acme/web/shop"
PASSED = Reading(outcome=Outcome.PASSED)


@dataclass
class Job:
    """A job of a pipeline, or what somebody else has reported; of one name, those that come later are newer."""

    name: str
    status: str = "success"
    may_fail: bool = False


class GitLabOfCommits(GitLab):
    """GitLab with one commit, whose statuses it lists in no order that means anything."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[Job] = []

    async def _in_project(
        self, method: str, path: list[str], request: web.Request, user: str
    ) -> web.Response:
        match method, path:
            case "GET", ["repository", "commits", commit, "statuses"]:
                return self._statuses(request) if commit == COMMIT else said(404, "404 Commit Not Found")
            case _:
                return await super()._in_project(method, path, request, user)

    def _statuses(self, request: web.Request) -> web.Response:
        told = [
            {"id": 901 + at, "sha": COMMIT, "name": one.name, "status": one.status, "allow_failure": one.may_fail}
            for at, one in enumerate(self.jobs)
        ]  # fmt: skip
        size, number = min(self.page, int(request.query["per_page"])), int(request.query["page"])
        return web.json_response(told[::-1][(number - 1) * size : number * size])


@pytest.fixture
async def gitlab() -> AsyncIterator[GitLabOfCommits]:
    async with gitlab_there(GitLabOfCommits()) as there:
        assert isinstance(there, GitLabOfCommits)
        yield there


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as session:
        yield session


async def read(
    gitlab: GitLab,
    session: aiohttp.ClientSession,
    *names: str,
    commit: str = COMMIT,
    token: str = TOKEN,
    repository: str = PROJECT,
) -> Reading:
    asked = Asked(read=Read(ci=names), repository=repository, values={"commit": commit})
    github = AtGitHub(access.GitHub(session, "https://api.github.com", None))
    return await Ci([github, AtGitLab(gitlab.reached(session, token))]).read(asked)


async def test_a_commit_of_which_all_jobs_went_well_passes(
    gitlab: GitLabOfCommits, session: aiohttp.ClientSession
) -> None:
    gitlab.jobs = [Job("build"), Job("test 1/2"), Job("test 2/2"), Job("jenkins")]
    assert await read(gitlab, session) == PASSED


@pytest.mark.parametrize("status", ["failed", "canceled"])
async def test_one_job_that_did_not_pass_is_a_failure_unless_it_may(
    gitlab: GitLabOfCommits, session: aiohttp.ClientSession, status: str
) -> None:
    gitlab.jobs = [Job("build"), Job("test", status), Job("deploy", "created")]
    assert await read(gitlab, session) == Reading(outcome=Outcome.FAILED, said="test")
    gitlab.jobs = [Job("build"), Job("test", status, may_fail=True)]
    assert await read(gitlab, session) == PASSED


@pytest.mark.parametrize("status", ["created", "waiting_for_resource", "preparing", "pending", "running", "canceling", "scheduled", "manual", "never heard of"])  # fmt: skip
async def test_what_is_under_way_has_neither_passed_nor_failed(
    gitlab: GitLabOfCommits, session: aiohttp.ClientSession, status: str
) -> None:
    gitlab.jobs = [Job("build"), Job("test", status)]
    assert await read(gitlab, session) == Reading(outcome=Outcome.PENDING, said="test")


async def test_a_job_that_may_fail_must_still_end(
    gitlab: GitLabOfCommits, session: aiohttp.ClientSession
) -> None:
    gitlab.jobs = [Job("build"), Job("lint", "running", may_fail=True)]
    assert await read(gitlab, session) == Reading(outcome=Outcome.PENDING, said="lint")


@pytest.mark.parametrize("left_out", [Job("e2e", "skipped"), Job("e2e", "manual", may_fail=True)])
async def test_a_job_that_was_left_out_is_not_there(
    gitlab: GitLabOfCommits, session: aiohttp.ClientSession, left_out: Job
) -> None:
    gitlab.jobs = [Job("build"), left_out]
    assert await read(gitlab, session) == PASSED
    assert await read(gitlab, session, "e2e") == Reading(outcome=Outcome.PENDING, said="e2e")
    gitlab.jobs = [left_out]
    nothing = "nothing has reported on this commit yet"
    assert await read(gitlab, session) == Reading(outcome=Outcome.PENDING, said=nothing)


async def test_the_newest_of_a_name_counts(gitlab: GitLabOfCommits, session: aiohttp.ClientSession) -> None:
    gitlab.jobs = [Job("test", "failed"), Job("test", "success")]
    assert await read(gitlab, session) == PASSED
    gitlab.jobs = [Job("test", "success"), Job("test", "running")]
    assert await read(gitlab, session) == Reading(outcome=Outcome.PENDING, said="test")


async def test_those_that_are_named_must_be_there_and_others_do_not_matter(
    gitlab: GitLabOfCommits, session: aiohttp.ClientSession
) -> None:
    gitlab.jobs = [Job("build"), Job("nightly", "failed")]
    assert await read(gitlab, session, "build") == PASSED
    assert await read(gitlab, session, "build", "e2e") == Reading(outcome=Outcome.PENDING, said="e2e")


async def test_every_page_is_read(gitlab: GitLabOfCommits, session: aiohttp.ClientSession) -> None:
    gitlab.jobs = [Job("first", "failed"), *(Job(f"test {n}/199") for n in range(199))]
    assert await read(gitlab, session) == Reading(outcome=Outcome.FAILED, said="first")
    assert len(gitlab.calls) == 3
    gitlab.jobs = [Job(f"test {n}") for n in range(2_000)]
    with pytest.raises(Unreadable, match="GitLab has more than 2,000 statuses of this commit"):
        await read(gitlab, session)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (broken, "GitLab answered 502"),
        (lambda: said(403, "403 Forbidden"), "GitLab answered 403"),
        (lambda: said(404, "404 Project Not Found"), "GitLab shows no such commit to Rollcall"),
        (lambda: web.Response(status=302, headers={"Location": "/users/sign_in"}), "GitLab answered 302"),
        (lambda: web.json_response({"name": "build"}), "what GitLab answers cannot be understood"),
        (lambda: web.json_response([{"name": "build"}]), "what GitLab answers cannot be understood"),
        (lambda: web.Response(text="<html>"), "what GitLab answers cannot be understood"),
        (lambda: web.Response(text="[", content_type="application/json"), "what GitLab answers cannot be understood"),
    ],
)  # fmt: skip
async def test_what_gitlab_does_not_tell_is_not_known(
    gitlab: GitLabOfCommits, session: aiohttp.ClientSession, fault: Callable[[], web.Response], why: str
) -> None:
    gitlab.jobs = [Job("build")]
    gitlab.fails(fault)
    with pytest.raises(Unreadable) as told:
        await read(gitlab, session)
    assert str(told.value) == why


async def test_a_commit_that_is_not_there_has_not_passed(
    gitlab: GitLabOfCommits, session: aiohttp.ClientSession
) -> None:
    with pytest.raises(Unreadable, match="GitLab shows no such commit to Rollcall"):
        await read(gitlab, session, commit="0" * 40)


async def test_without_access_nothing_is_known(
    gitlab: GitLabOfCommits, session: aiohttp.ClientSession
) -> None:
    with pytest.raises(Unreadable, match="GitLab answered 401"):
        await read(gitlab, session, token="glpat-old")
    with pytest.raises(Unreadable, match="Rollcall has no access to GitLab"):
        await read(gitlab, session, token="")


async def test_a_repository_elsewhere_is_not_asked_for(
    gitlab: GitLabOfCommits, session: aiohttp.ClientSession
) -> None:
    with pytest.raises(Unreadable) as told:
        await read(gitlab, session, repository="https://git.example.com/acme/web/shop")
    assert str(told.value) == (
        "the repository https://git.example.com/acme/web/shop is neither at github.com, the GitHub of"
        " GITHUB_URL nor at 127.0.0.1, the GitLab of GITLAB_URL"
    )
    with pytest.raises(Unreadable, match="Rollcall has no access to GitHub"):
        await read(gitlab, session, repository="https://github.com/acme/shop")
    assert gitlab.calls == []


async def test_gitlab_is_left_alone_when_it_asks_for_it(
    gitlab: GitLabOfCommits, session: aiohttp.ClientSession
) -> None:
    ci = Ci([AtGitLab(gitlab.reached(session))])
    asked = Asked(read=Read(ci=()), repository=PROJECT, values={"commit": COMMIT})
    gitlab.fails(lambda: limited(**{"Retry-After": "60"}))
    with pytest.raises(Unreadable, match="GitLab answered 429"):
        await ci.read(asked)
    with pytest.raises(Unreadable, match="GitLab has asked to be left alone for a while"):
        await ci.read(asked)
    assert len(gitlab.calls) == 1


async def test_a_gitlab_that_does_not_answer_is_not_known(
    gitlab: GitLabOfCommits, session: aiohttp.ClientSession
) -> None:
    gitlab.slow_s = 5
    with pytest.raises(Unreadable, match="GitLab does not answer"):
        await read(gitlab, session)
