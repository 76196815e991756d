"""A server that behaves like GitLab where Rollcall calls it: its pipelines, their variables, its faults."""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web

from bot.gitlab import access
from tests.pipelines.faulty import Faulty, listening
from tests.pipelines.github_contents import COMMITS
from tests.pipelines.gitlab_contents import contents

TOKEN = "glpat-a-token-for-tests"
APPROVER = "glpat-an-approver-for-tests"
REFS = ("main", "v2.0", "protected")
JOBS = (("build", "image"), ("deploy", "eu"), ("deploy", "us"))
ALIVE = ("created", "pending", "running", "scheduled")


@dataclass
class Pipeline:
    """A pipeline; `failed` names the job in which it failed."""

    id: int
    ref: str
    source: str
    user: str
    created: datetime
    seen_from: float
    variables: Mapping[str, str] = field(default_factory=dict)
    status: str = "running"
    failed: str = ""
    cancels: int = 0


@dataclass
class Deployment:
    """A deployment to a protected environment, and what was answered by whom. It needs `needs` approvals.

    With all of them it stays blocked until somebody runs its job.
    """

    number: int
    environment: str
    ref: str
    commit: str
    pipeline: int
    by: str
    needs: int = 1
    status: str = "blocked"
    answers: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def waits(self) -> bool:
        return self.status == "blocked" and self.pending > 0

    @property
    def pending(self) -> int:
        return self.needs - sum(answer == "approved" for answer, _ in self.answers.values())

    @property
    def answer(self) -> tuple[str, str] | None:
        """Return what Rollcall has answered, and said."""
        return self.answers.get("gate")


class GitLab(Faulty):
    """GitLab, with one project `acme/web/shop`. Who has started a pipeline reads its variables, and no other.

    A pipeline is shown `late_s` seconds after it has begun. One that is cancelled ends at once, or when a test
    says so.
    """

    def __init__(self, *, page: int = 100) -> None:
        super().__init__()
        self.page = page
        self.pipelines: list[Pipeline] = []
        self.late_s = 0.0
        self.ends_at_once = True
        self.takes_variables = True
        self.users = {TOKEN: "rollcall", APPROVER: "gate"}
        self.approvers = {"gate"}
        self.deployments: list[Deployment] = []
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def reached(self, session: aiohttp.ClientSession, token: str = TOKEN) -> access.GitLab:
        """Return how Rollcall gets there."""
        return access.GitLab(session, self.api, token)

    # What tests order

    def finish(self, status: str = "success", failed: str = "") -> None:
        """End the newest pipeline; `failed` names the job that did."""
        self.pipelines[-1].status = status
        self.pipelines[-1].failed = failed

    def store(
        self, variables: Mapping[str, str], user: str, source: str = "api", ref: str = "main"
    ) -> Pipeline:
        """Store a pipeline, be it started by Rollcall or by somebody else."""
        number, seen_from = 1_001 + len(self.pipelines), time.monotonic() + self.late_s
        pipeline = Pipeline(number, ref, source, user, self.now(), seen_from, variables)
        self.pipelines.append(pipeline)
        return pipeline

    def deploys(
        self, environment: str = "production", ref: str = "main", pipeline: int = 0, by: str = "bea-gl"
    ) -> Deployment:
        """Have a pipeline come to a job that deploys to a protected environment."""
        number = 501 + len(self.deployments)
        commit = COMMITS.get(ref, COMMITS["main"])
        deployment = Deployment(number, environment, ref, commit, pipeline or 70_000 + number, by)
        self.deployments.append(deployment)
        return deployment

    @property
    def api(self) -> str:
        """Return the address of its API."""
        return f"{self.url}/api/v4"

    # What it answers

    async def _routed(self, request: web.Request) -> web.Response:
        user = self.users.get(request.headers.get("PRIVATE-TOKEN", ""))
        if user is None:
            return said(401, "401 Unauthorized")
        match request.method, request.rel_url.raw_path.strip("/").split("/"):
            case method, ["api", "v4", "projects", "acme%2Fweb%2Fshop", *path]:
                return await self._in_project(method, path, request, user)
            case _:
                return said(404, "404 Project Not Found")

    async def _in_project(
        self, method: str, path: list[str], request: web.Request, user: str
    ) -> web.Response:
        match method, path:
            case "POST", ["pipeline"]:
                return self._create(await request.json(), user)
            case "GET", path if (found := contents(path)) is not None:
                return web.json_response(found)
            case "GET", ["pipelines"]:
                return self._list(request.query)
            case "GET", ["deployments"]:
                return self._list_deployments(request.query)
            case "GET", ["deployments", id_] if deployment := self._deployment(id_):
                pending = {"pending_approval_count": max(0, deployment.pending)}
                return web.json_response({**self.told_of(deployment), **pending})
            case "POST", ["deployments", id_, "approval"] if deployment := self._deployment(id_):
                return self._approve(deployment, await request.json(), user)
            case _, ["pipelines", id_, *below] if pipeline := self._find(int(id_)):
                return self._about(method, pipeline, below, user)
            case _:
                return said(404, "404 Not found")

    def _create(self, asked: Mapping[str, Any], user: str) -> web.Response:
        if asked["ref"] not in REFS:
            return said(400, {"base": ["Reference not found"]})
        if asked["ref"] == "protected":
            return said(
                400, {"base": ["You do not have sufficient permission to run a pipeline on 'protected'."]}
            )
        if not self.takes_variables:
            return said(400, {"base": ["Insufficient permissions to set pipeline variables"]})
        variables = {one["key"]: one["value"] for one in asked["variables"]}
        pipeline = self.store(variables, user, ref=asked["ref"])
        return web.json_response(self._told(pipeline), status=201)

    def _list(self, query: Mapping[str, str]) -> web.Response:
        since = datetime.fromisoformat(query["created_after"])
        fits = [
            one
            for one in reversed(self.pipelines)
            if one.seen_from <= time.monotonic() and one.created > since
            if one.source == query["source"] and one.ref == query["ref"]
        ]
        return self._page([*map(self._told, fits)], query)

    def _page(self, listed: Sequence[Any], query: Mapping[str, str]) -> web.Response:
        size, number = min(self.page, int(query["per_page"])), int(query["page"])
        more = str(number + 1) if len(listed) > number * size else ""
        shown = listed[(number - 1) * size : number * size]
        return web.json_response(shown, headers={"X-Next-Page": more})

    def _list_deployments(self, query: Mapping[str, str]) -> web.Response:
        fits = [one for one in self.deployments if one.status == query["status"]]
        return self._page([*map(self.told_of, fits)], query)

    def _approve(self, deployment: Deployment, asked: Mapping[str, Any], user: str) -> web.Response:
        """Take what one of those answers who may approve; the same once more changes nothing."""
        assert set(asked) == {"status", "comment"}
        assert 0 < len(asked["comment"]) <= 255
        if deployment.by == user and asked["status"] == "approved":
            return said(400, "You cannot approve your own deployment.")
        if not deployment.waits:
            return said(400, "This deployment is not waiting for approvals.")
        if user not in self.approvers:
            return said(400, "You don't have permission to approve this deployment.")
        deployment.answers[user] = (asked["status"], asked["comment"])
        if asked["status"] == "rejected":
            deployment.status = "failed"
        return web.json_response({"user": {"username": user}, **asked}, status=201)

    def _deployment(self, id_: str) -> Deployment | None:
        return next((one for one in self.deployments if str(one.number) == id_), None)

    def told_of(self, deployment: Deployment) -> Mapping[str, Any]:
        """Return a deployment as GitLab lists it."""
        return {
            "id": deployment.number,
            "iid": deployment.number - 500,
            "ref": deployment.ref,
            "sha": deployment.commit,
            "status": deployment.status,
            "user": {"id": 31, "username": deployment.by},
            "environment": {"id": 9, "name": deployment.environment},
            "deployable": {
                "id": 7_900 + deployment.number,
                "status": "manual",
                "pipeline": {
                    "id": deployment.pipeline,
                    "web_url": f"https://127.0.0.1/acme/web/shop/-/pipelines/{deployment.pipeline}",
                },
            },
        }

    def _about(self, method: str, pipeline: Pipeline, below: list[str], user: str) -> web.Response:
        match method, below:
            case "GET", []:
                return web.json_response(self._told(pipeline))
            case "GET", ["variables"] if pipeline.user != user:
                return said(403, "403 Forbidden")
            case "GET", ["variables"]:
                told = [{"key": key, "value": value} for key, value in pipeline.variables.items()]
                return web.json_response(told)
            case "GET", ["jobs"]:
                return web.json_response([*reversed([*self._jobs(pipeline)])])
            case "POST", ["cancel"]:
                pipeline.cancels += 1
                if pipeline.status in ALIVE and self.ends_at_once:
                    pipeline.status = "canceled"
                return web.json_response(self._told(pipeline))
            case _:
                return said(404, "404 Not found")

    def _jobs(self, pipeline: Pipeline) -> list[Mapping[str, Any]]:
        """Those before the one that goes on, or failed, have passed; those after it were not begun."""
        names = [name for _, name in JOBS]
        at = len(names) if pipeline.status == "success" else names.index(pipeline.failed or "eu")
        return [self._job(pipeline, index, at) for index in range(len(JOBS))]

    def _job(self, pipeline: Pipeline, index: int, at: int) -> Mapping[str, Any]:
        stage, name = JOBS[index]
        job = {"id": 7_001 + index, "stage": stage, "name": name, "allow_failure": False}
        times = {"started_at": "2026-11-24T10:00:02.000Z", "finished_at": "2026-11-24T10:00:59.000Z"}
        if index < at:
            return {**job, **times, "status": "success"}
        if index > at:
            return {**job, "started_at": None, "finished_at": None, "status": "created"}
        if pipeline.status == "failed":
            return {**job, **times, "status": "failed", "failure_reason": "script_failure"}
        return {**job, **times, "finished_at": None, "status": pipeline.status}

    def _find(self, id_: int) -> Pipeline | None:
        return next((one for one in self.pipelines if one.id == id_), None)

    def _told(self, pipeline: Pipeline) -> Mapping[str, Any]:
        return {
            "id": pipeline.id,
            "status": pipeline.status,
            "source": pipeline.source,
            "ref": pipeline.ref,
            "created_at": f"{pipeline.created:%Y-%m-%dT%H:%M:%S.000Z}",
            "web_url": f"https://127.0.0.1/acme/web/shop/-/pipelines/{pipeline.id}",
        }


def said(status: int, message: object, **headers: str) -> web.Response:
    """Return a refusal of GitLab."""
    return web.json_response({"message": message}, status=status, headers=headers)


def broken() -> web.Response:
    """Return what GitLab answers when it is broken: a page."""
    return web.Response(status=502, text="<html>Whoops</html>", content_type="text/html")


def limited(**headers: str) -> web.Response:
    """Return what GitLab answers to whoever calls too often: a line of text."""
    return web.Response(status=429, text="Retry later", headers=headers)


@asynccontextmanager
async def gitlab_there(gitlab: GitLab) -> AsyncIterator[GitLab]:
    """Have a GitLab listen on this machine."""
    async with listening(gitlab):
        yield gitlab
