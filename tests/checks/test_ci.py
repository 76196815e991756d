"""What GitHub has of the commit of a release, over real HTTP against a server that behaves like it."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from bot.checks.ci import Ci
from bot.checks.github import AtGitHub
from bot.checks.source import Asked, Reading, Unreadable
from bot.github.access import Token
from bot.release.gates.checks import Outcome
from bot.runbook.checks import Read
from tests.pipelines.github_server import TOKEN, GitHub, broken, github_there, limited_for, said

COMMIT = "4f2a9c0b1d3e5f60718293a4b5c6d7e8f9012345"
PASSED = Reading(outcome=Outcome.PASSED)


@dataclass
class Commit:
    """What there is of a commit: its statuses, and its check runs with their conclusions."""

    statuses: list[tuple[str, str]] = field(default_factory=list)
    runs: Sequence[tuple[str, str | None]] = field(default_factory=list)


class GitHubOfCommits(GitHub):
    """GitHub with one commit."""

    def __init__(self, page: int = 100) -> None:
        super().__init__(page=page)
        self.commit = Commit()
        self.unlisted = 0

    async def _routed(self, request: web.Request) -> web.Response:
        parts = request.path.strip("/").split("/")
        if not self._knows(request) or parts[:4] != ["repos", "acme", "shop", "commits"]:
            return await super()._routed(request)
        if parts[4] != COMMIT:
            return said(422, f"No commit found for SHA: {parts[4]}")
        if parts[5] == "status":
            return self._page(
                request, "statuses", [{"context": c, "state": s} for c, s in self.commit.statuses]
            )
        assert (parts[5], request.query["filter"]) == ("check-runs", "latest")
        return self._page(request, "check_runs", [_run(name, how) for name, how in self.commit.runs])

    def _page(self, request: web.Request, key: str, everything: list[dict[str, object]]) -> web.Response:
        number = int(request.query.get("page", "1"))
        shown = everything[(number - 1) * self.page : number * self.page]
        body = {"sha": COMMIT, "state": "pending", "total_count": len(everything) + self.unlisted, key: shown}
        return web.json_response(body)


def _run(name: str, conclusion: str | None) -> dict[str, object]:
    """Return a check run as GitHub tells of it: without a conclusion as long as it is under way."""
    status = "completed" if conclusion else "in_progress"
    return {"name": name, "head_sha": COMMIT, "status": status, "conclusion": conclusion}


@pytest.fixture
async def github() -> AsyncIterator[GitHubOfCommits]:
    async with github_there(GitHubOfCommits(page=2)) as there:
        assert isinstance(there, GitHubOfCommits)
        yield there


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as session:
        yield session


async def read(
    github: GitHub, session: aiohttp.ClientSession, *names: str, commit: str = COMMIT, token: str = TOKEN
) -> Reading:
    asked = Asked(read=Read(ci=names), repository=github.repository, values={"commit": commit})
    access = Token(token=token) if token else None
    return await Ci([AtGitHub(github.reached(session, access))]).read(asked)


@pytest.mark.parametrize("conclusion", ["success", "neutral", "skipped"])
async def test_a_commit_on_which_all_is_well_passes(
    github: GitHubOfCommits, session: aiohttp.ClientSession, conclusion: str
) -> None:
    github.commit = Commit([("ci/jenkins", "success")], [("build", "success"), ("lint", conclusion)])
    assert await read(github, session) == PASSED


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out", "action_required", "stale"])
async def test_one_check_run_that_did_not_pass_is_a_failure(
    github: GitHubOfCommits, session: aiohttp.ClientSession, conclusion: str
) -> None:
    github.commit = Commit([], [("build", "success"), ("test", conclusion), ("deploy", None)])
    assert await read(github, session) == Reading(outcome=Outcome.FAILED, said="test")


@pytest.mark.parametrize(("state", "outcome"), [("failure", Outcome.FAILED), ("error", Outcome.FAILED), ("pending", Outcome.PENDING)])  # fmt: skip
async def test_a_status_counts_as_well(
    github: GitHubOfCommits, session: aiohttp.ClientSession, state: str, outcome: Outcome
) -> None:
    github.commit = Commit([("ci/jenkins", state)], [("build", "success")])
    assert await read(github, session) == Reading(outcome=outcome, said="ci/jenkins")


async def test_what_is_under_way_has_neither_passed_nor_failed(
    github: GitHubOfCommits, session: aiohttp.ClientSession
) -> None:
    github.commit = Commit([], [("build", None), ("test", "success")])
    assert await read(github, session) == Reading(outcome=Outcome.PENDING, said="build")
    github.commit = Commit()
    nothing = "nothing has reported on this commit yet"
    assert await read(github, session) == Reading(outcome=Outcome.PENDING, said=nothing)


async def test_those_that_are_named_must_be_there_and_others_do_not_matter(
    github: GitHubOfCommits, session: aiohttp.ClientSession
) -> None:
    github.commit = Commit([], [("build", "success"), ("nightly", "failure")])
    assert await read(github, session, "build") == PASSED
    assert await read(github, session, "build", "e2e") == Reading(outcome=Outcome.PENDING, said="e2e")


async def test_of_several_of_one_name_each_counts(
    github: GitHubOfCommits, session: aiohttp.ClientSession
) -> None:
    github.commit = Commit([("build", "success")], [("build", "success"), ("build", None)])
    assert await read(github, session, "build") == Reading(outcome=Outcome.PENDING, said="build")


async def test_every_page_is_read_and_a_few_names_are_told(
    github: GitHubOfCommits, session: aiohttp.ClientSession
) -> None:
    github.commit = Commit([], [("build", "success")] * 4 + [(f"test\n{n}", "failure") for n in range(7)])
    told = await read(github, session)
    assert told.said == "test 0, test 1, test 2, test 3, test 4, and 2 more"


async def test_a_list_that_is_not_whole_is_not_known(
    github: GitHubOfCommits, session: aiohttp.ClientSession
) -> None:
    github.commit, github.unlisted = Commit([], [("build", "success")]), 1
    with pytest.raises(Unreadable, match="what GitHub answers cannot be understood"):
        await read(github, session)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (broken, "GitHub answered 502"),
        (lambda: said(404, "Not Found"), "GitHub shows no such commit to Rollcall"),
        (lambda: web.json_response([]), "what GitHub answers cannot be understood"),
        (lambda: web.json_response({"statuses": [{"state": "success"}]}), "what GitHub answers cannot be understood"),
        (lambda: web.Response(text="{", content_type="application/json"), "what GitHub answers cannot be understood"),
    ],
)  # fmt: skip
async def test_what_github_does_not_tell_is_not_known(
    github: GitHubOfCommits, session: aiohttp.ClientSession, fault: Callable[[], web.Response], why: str
) -> None:
    github.commit = Commit([], [("build", "success")])
    github.fails(fault)
    with pytest.raises(Unreadable) as told:
        await read(github, session)
    assert str(told.value) == why


async def test_a_commit_that_is_not_there_or_not_known_has_not_passed(
    github: GitHubOfCommits, session: aiohttp.ClientSession
) -> None:
    with pytest.raises(Unreadable, match="GitHub shows no such commit to Rollcall"):
        await read(github, session, commit="0" * 40)
    with pytest.raises(Unreadable, match="the commit of this release is not known"):
        await read(github, session, commit="")


async def test_without_access_nothing_is_known(
    github: GitHubOfCommits, session: aiohttp.ClientSession
) -> None:
    with pytest.raises(Unreadable, match="GitHub answered 401"):
        await read(github, session, token="ghp_old")
    with pytest.raises(Unreadable, match="Rollcall has no access to GitHub"):
        await read(github, session, token="")


async def test_github_is_left_alone_when_it_asks_for_it(
    github: GitHubOfCommits, session: aiohttp.ClientSession
) -> None:
    ci = Ci([AtGitHub(github.reached(session, Token(token=TOKEN)))])
    asked = Asked(read=Read(ci=()), repository=github.repository, values={"commit": COMMIT})
    github.fails(lambda: limited_for(60))
    with pytest.raises(Unreadable, match="GitHub answered 429"):
        await ci.read(asked)
    with pytest.raises(Unreadable, match="GitHub has asked to be left alone for a while"):
        await ci.read(asked)
    assert len(github.calls) == 1


async def test_a_github_that_does_not_answer_is_not_known(
    github: GitHubOfCommits, session: aiohttp.ClientSession
) -> None:
    github.slow_s = 5
    with pytest.raises(Unreadable, match="GitHub does not answer"):
        await read(github, session)
