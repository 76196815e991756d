"""A server that behaves like GitHub where Rollcall calls it: its runs of workflows, its tokens, its faults."""

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.github import access
from bot.github.access import App, Token
from tests.pipelines.faulty import Faulty, listening
from tests.pipelines.github_contents import COMMITS, contents

TOKEN = "ghp_a_token_for_tests"
REFS = ("main", "v2.0")
STEPS = ("Check out", "Deploy", "Smoke test")


@dataclass
class Workflow:
    """A workflow as its file says: what it is given, and how its runs are named."""

    inputs: tuple[str, ...] = ("environment", "version", "rollcall")
    run_name: str = "Deploy {version} ({rollcall})"


@dataclass
class Run:
    """A run of a workflow, by its attempts: the conclusion of each, or nothing while it goes on."""

    id: int
    workflow: str
    title: str
    given: Mapping[str, str]
    created: datetime
    seen_from: float
    event: str = "workflow_dispatch"
    attempts: list[str | None] = field(default_factory=lambda: [None])
    failed: str = ""
    cancels: int = 0


@dataclass
class Deployment:
    """A deployment that waits for the rules of its environment, and what the rule of Rollcall said to it.

    `others` is whether it waits for other rules, too.
    """

    number: int
    run: int
    environment: str
    commit: str
    ref: str
    answer: str = ""
    said: str = ""
    reports: list[str] = field(default_factory=list)
    others: bool = False
    gone: bool = False

    @property
    def waits(self) -> bool:
        return not self.gone and (not self.answer or (self.answer == "approved" and self.others))


class GitHub(Faulty):
    """GitHub, with one repository `acme/shop`. `names_runs` is whether it says which run it has started.

    A run is shown `late_s` seconds after it has begun, and each answer takes `slow_s`. One that is cancelled
    ends at once, or when a test says so.
    """

    def __init__(self, *, names_runs: bool = True, page: int = 100) -> None:
        super().__init__()
        self.names_runs = names_runs
        self.page = page
        self.workflows = {"deploy.yml": Workflow(), "back.yml": Workflow()}
        self.runs: list[Run] = []
        self.deployments: list[Deployment] = []
        self.deliveries: list[dict[str, Any]] = []
        self.redelivers: Callable[[int], Awaitable[int]] | None = None
        self.late_s = 0.0
        self.ends_at_once = True
        self.tokens = {TOKEN: time.time() + 3_600}
        self.lives_s = 3_600.0
        self.installed = True
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._public = ""

    def reached(self, session: aiohttp.ClientSession, by: Token | App | None) -> access.GitHub:
        """Return how Rollcall gets there."""
        return access.GitHub(session, self.url, by)

    # What tests order

    def finish(self, conclusion: str = "success", failed: str = "") -> None:
        """End the newest attempt of the newest run; `failed` names the step that did."""
        run = self.runs[-1]
        run.attempts[-1] = conclusion
        run.failed = failed

    def deploys(self, environment: str = "production", ref: str = "main", run: int = 0) -> Deployment:
        """Have a pipeline come to a job that deploys to an environment, and wait for its rules."""
        number = 501 + len(self.deployments)
        commit = COMMITS.get(ref, COMMITS["main"])
        deployment = Deployment(number, run or 70_000 + number, environment, commit, ref)
        self.deployments.append(deployment)
        return deployment

    def asks(self, deployment: Deployment) -> dict[str, Any]:
        """Return what GitHub asks about a deployment, as its webhook says it."""
        run = f"/repos/acme/shop/actions/runs/{deployment.run}"
        return {
            "action": "requested",
            "environment": deployment.environment,
            "event": "push",
            "sha": deployment.commit,
            "ref": deployment.ref,
            "deployment_callback_url": f"{self.url}{run}/deployment_protection_rule",
            "deployment": {
                "url": f"{self.url}/repos/acme/shop/deployments/{deployment.number}",
                "id": deployment.number,
                "task": "deploy",
                "original_environment": deployment.environment,
                "environment": deployment.environment,
                "description": None,
                "sha": deployment.commit,
                "ref": deployment.ref,
                "creator": {"login": "bea-gh", "id": 21_031_067, "type": "User"},
                "payload": {},
            },
            "pull_requests": [],
            "repository": {"id": 1, "full_name": "acme/shop", "html_url": self.repository},
            "installation": {"id": 9, "node_id": "MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9uOQ=="},
            "sender": {"login": "bea-gh", "id": 21_031_067, "type": "User"},
        }

    def reruns(self) -> None:
        """Run the newest run again, as a person does by hand."""
        self.runs[-1].attempts.append(None)

    def has_app(self) -> str:
        """Register a GitHub App; return its private key."""
        key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        public = key.public_key()
        self._public = public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()
        return key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ).decode()

    @property
    def repository(self) -> str:
        """Return the address of the repository."""
        return "https://127.0.0.1/acme/shop"

    # What it answers

    async def _routed(self, request: web.Request) -> web.Response:
        parts = request.path.strip("/").split("/")
        if parts[0] == "app" or parts[-1] == "installation":
            return await self._as_app(request, parts)
        if not self._knows(request):
            return said(401, "Bad credentials")
        match request.method, parts:
            case "POST", ["repos", "acme", "shop", "actions", "workflows", file, "dispatches"]:
                return self._dispatch(file, await request.json())
            case "GET", ["repos", "acme", "shop", "actions", "workflows", file, "runs"]:
                return self._list(file, request)
            case "GET", ["repos", "acme", "shop", "actions", "runs", id_, "attempts", number]:
                return self._run(int(id_), int(number))
            case "GET", ["repos", "acme", "shop", "actions", "runs", id_, "attempts", number, "jobs"]:
                return self._jobs(int(id_), int(number))
            case "POST", ["repos", "acme", "shop", "actions", "runs", id_, "cancel"]:
                assert not await request.read()
                return self._cancel(int(id_))
            case "GET", ["repos", "acme", "shop", *rest] if (found := contents(rest)) is not None:
                return web.json_response(found)
            case "GET", ["repos", "acme", "shop", "actions", "runs", id_, "pending_deployments"]:
                return self._pending(int(id_))
            case "POST", ["repos", "acme", "shop", "actions", "runs", id_, "deployment_protection_rule"]:
                return self._review(int(id_), await request.json(), request)
            case _:
                return said(404, "Not Found")

    def _pending(self, run: int) -> web.Response:
        names = {one.environment for one in self.deployments if one.run == run and one.waits}
        return web.json_response(
            [
                {"environment": {"id": 1, "name": name}, "wait_timer": 0, "current_user_can_approve": False}
                for name in sorted(names)
            ]
        )

    def _review(self, run: int, asked: Mapping[str, Any], request: web.Request) -> web.Response:
        """Review all deployments of a run to an environment, as an app does whose rule asks for it."""
        if "ghs_" not in request.headers["Authorization"]:
            return said(403, "Resource not accessible by personal access token")
        assert set(asked) <= {"environment_name", "state", "comment"}
        assert 0 < len(asked["comment"]) <= 1_024
        here = [one for one in self.deployments if one.run == run]
        if not here:
            return said(404, "Not Found")
        pending = [
            one
            for one in here
            if one.environment == asked["environment_name"] and not one.answer and not one.gone
        ]
        if not pending:
            return said(422, "No pending deployment requests to approve or reject")
        for one in pending:
            if "state" not in asked:
                if len(one.reports) == 10:
                    return said(422, "The maximum number of status reports was reached")
                one.reports.append(asked["comment"])
            else:
                assert asked["state"] in ("approved", "rejected")
                one.answer, one.said = asked["state"], asked["comment"]
        return web.Response(status=204)

    def _knows(self, request: web.Request) -> bool:
        token = request.headers.get("Authorization", "").removeprefix("token ")
        return self.tokens.get(token, 0) > time.time()

    def delivered(self, event: str, status: int, guid: str, redelivery: bool = False) -> None:
        """Note that a delivery to the webhook of the app was answered with a status, or 0 where it was not."""
        number = 1 + len(self.deliveries)
        self.deliveries.append(
            {
                "id": number,
                "guid": guid,
                "delivered_at": written_time(
                    datetime(2026, 11, 24, 10, tzinfo=UTC) + timedelta(seconds=number)
                ),
                "redelivery": redelivery,
                "status": "OK" if status == 200 else "Failed",
                "status_code": status,
                "event": event,
            }
        )

    def _page_of_deliveries(self, request: web.Request) -> web.Response:
        """Answer with a hundred deliveries, the newest first, and with where the next are."""
        first = int(request.query.get("cursor", "0"))
        last = first + 100
        more = last < len(self.deliveries)
        url = f"{self.url}/app/hook/deliveries?per_page=100&cursor={last}"
        return web.json_response(
            self.deliveries[::-1][first:last], headers={"Link": f'<{url}>; rel="next"'} if more else {}
        )

    async def _redeliver(self, number: int) -> web.Response:
        one = self.deliveries[number - 1]
        assert self.redelivers is not None
        self.delivered(one["event"], await self.redelivers(number), one["guid"], redelivery=True)
        return web.json_response({}, status=202)

    async def _as_app(self, request: web.Request, parts: list[str]) -> web.Response:
        written = request.headers.get("Authorization", "").removeprefix("bearer ")
        try:
            claims = jwt.decode(written, self._public, algorithms=["RS256"], issuer="4711")
        except jwt.PyJWTError:
            return said(401, "A JSON web token could not be decoded")
        assert claims["exp"] - claims["iat"] <= 600
        if parts[-1] == "installation":
            return web.json_response({"id": 9}) if self.installed else said(404, "Not Found")
        match parts:
            case ["app", "hook", "deliveries"]:
                assert request.query["per_page"] == "100"
                return self._page_of_deliveries(request)
            case ["app", "hook", "deliveries", id_, "attempts"]:
                return await self._redeliver(int(id_))
            case _:
                assert parts == ["app", "installations", "9", "access_tokens"]
        token = f"ghs_{len(self.tokens)}"
        self.tokens[token] = time.time() + self.lives_s
        expires = datetime.now(UTC) + timedelta(seconds=self.lives_s)
        return web.json_response({"token": token, "expires_at": written_time(expires)}, status=201)

    def _dispatch(self, file: str, asked: Mapping[str, Any]) -> web.Response:
        workflow = self.workflows.get(file)
        if workflow is None:
            return said(404, "Not Found")
        if asked["ref"] not in REFS:
            return said(422, f"No ref found for: {asked['ref']}")
        given = asked["inputs"]
        if unknown := [name for name in given if name not in workflow.inputs]:
            return said(422, f"Unexpected inputs provided: {json.dumps(unknown)}")
        filled = {name: given.get(name, "") for name in workflow.inputs}
        run = self.store(file, workflow.run_name.format(**filled), given)
        if not (self.names_runs and asked.get("return_run_details") is True):
            return web.Response(status=204)
        address = f"{self.url}/repos/acme/shop/actions/runs/{run.id}"
        return web.json_response({"workflow_run_id": run.id, "run_url": address, "html_url": self._link(run)})

    def store(self, file: str, title: str, given: Mapping[str, str], event: str = "workflow_dispatch") -> Run:
        """Store a run, as a dispatch does, be it by Rollcall or by a person."""
        number = 1_001 + len(self.runs)
        seen_from = time.monotonic() + self.late_s
        run = Run(number, file, title, given, self.now(), seen_from, event)
        self.runs.append(run)
        return run

    def _list(self, file: str, request: web.Request) -> web.Response:
        if file not in self.workflows:
            return said(404, "Not Found")
        since = datetime.fromisoformat(request.query["created"].removeprefix(">="))
        fits = [
            run
            for run in reversed(self.runs)
            if run.workflow == file
            and run.event == request.query["event"]
            and run.created >= since
            and run.seen_from <= time.monotonic()
        ]
        number = int(request.query.get("page", "1"))
        size = min(self.page, int(request.query["per_page"]))
        shown = fits[(number - 1) * size : number * size]
        more = str(request.url.update_query(page=str(number + 1)))
        headers = {"Link": f'<{more}>; rel="next"'} if len(fits) > number * size else {}
        body = {"total_count": len(fits), "workflow_runs": [self._told(run, 1) for run in shown]}
        return web.json_response(body, headers=headers)

    def _run(self, id_: int, number: int) -> web.Response:
        run = self._find(id_)
        if run is None or number > len(run.attempts):
            return said(404, "Not Found")
        return web.json_response(self._told(run, number))

    def _jobs(self, id_: int, number: int) -> web.Response:
        run = self._find(id_)
        if run is None:
            return said(404, "Not Found")
        ended = run.attempts[number - 1]
        state = (
            {"status": "completed", "conclusion": ended}
            if ended
            else {"status": "in_progress", "conclusion": None}
        )
        times = {
            "started_at": "2026-11-24T10:00:01Z",
            "completed_at": "2026-11-24T10:01:30Z" if ended else None,
        }
        steps = [{"name": name, **self._step(run, name, ended)} for name in STEPS]
        jobs = [{"id": 1, "name": "deploy", **state, **times, "steps": steps}]
        return web.json_response({"total_count": 1, "jobs": jobs})

    def _step(self, run: Run, name: str, ended: str | None) -> Mapping[str, str | None]:
        """A step is told as it stands: those before the one that failed have passed, those after were skipped."""
        at = STEPS.index(run.failed or "Deploy")
        times = {"started_at": "2026-11-24T10:00:02Z", "completed_at": "2026-11-24T10:00:59Z"}
        if STEPS.index(name) < at or ended == "success":
            return {"status": "completed", "conclusion": "success", **times}
        if STEPS.index(name) == at:
            if ended is None:
                return {
                    "status": "in_progress",
                    "conclusion": None,
                    "started_at": times["started_at"],
                    "completed_at": None,
                }
            return {"status": "completed", "conclusion": ended, **times}
        if ended is None:
            return {"status": "queued", "conclusion": None, "started_at": None, "completed_at": None}
        return {"status": "completed", "conclusion": "skipped", **times}

    def _cancel(self, id_: int) -> web.Response:
        run = self._find(id_)
        if run is None:
            return said(404, "Not Found")
        if run.attempts[-1] is not None:
            return said(409, "Cannot cancel a workflow run that is completed.")
        run.cancels += 1
        if self.ends_at_once:
            run.attempts[-1] = "cancelled"
        return web.json_response({}, status=202)

    def _find(self, id_: int) -> Run | None:
        return next((run for run in self.runs if run.id == id_), None)

    def _told(self, run: Run, number: int) -> Mapping[str, Any]:
        ended = run.attempts[number - 1]
        return {
            "id": run.id,
            "name": "Deploy",
            "display_title": run.title,
            "event": run.event,
            "status": "completed" if ended else "in_progress",
            "conclusion": ended,
            "run_attempt": number,
            "created_at": written_time(run.created),
            "html_url": self._link(run),
        }

    def _link(self, run: Run) -> str:
        return f"https://127.0.0.1/acme/shop/actions/runs/{run.id}"


def said(status: int, message: str, **headers: str) -> web.Response:
    """Return a refusal of GitHub."""
    return web.json_response({"message": message}, status=status, headers=headers)


def broken() -> web.Response:
    """Return what GitHub answers when it is broken: a page."""
    return web.Response(status=502, text="<html>Unicorn</html>", content_type="text/html")


def limited(reset_s: float = 0.3) -> web.Response:
    """Return what GitHub answers to whoever calls too often, with the time at which it may be called again."""
    reset = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0"}
    at = str(int(time.time() + reset_s))
    return said(403, "API rate limit exceeded for user ID 1.", **reset, **{"x-ratelimit-reset": at})


def limited_for(seconds: int) -> web.Response:
    """Return what GitHub answers to whoever calls too often at once."""
    return said(
        429, "You have exceeded a secondary rate limit. Please wait.", **{"retry-after": str(seconds)}
    )


def written_time(moment: datetime) -> str:
    """Return a moment as GitHub writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


@asynccontextmanager
async def github_there(github: GitHub) -> AsyncIterator[GitHub]:
    """Have a GitHub listen on this machine."""
    async with listening(github):
        yield github
